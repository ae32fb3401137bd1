"""What the tests of the S3 stores share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.stores.scripted_s3 import ScriptedS3


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedS3]:
    """A server that answers what the test says, and an environment with nothing but its keys."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests-access-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests-secret-key")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    # The pause between the SDK's retries: a test does not wait.
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with ScriptedS3() as server:
        yield server
