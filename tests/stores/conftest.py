"""What the tests of the S3 stores share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stores.scripted_s3 import ScriptedS3


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedS3]:
    """A server that answers what the test says."""
    # The pause between the SDK's retries: a test does not wait.
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with ScriptedS3() as server:
        yield server
