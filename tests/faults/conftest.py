"""A wire before a real server, and an SDK that does not wait between its retries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import S3_COLOURS
from tests.faults.fire import Fire, fire
from tests.servers.weed import Weed


@pytest.fixture(autouse=True)
def _no_pauses_of_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


@pytest.fixture(params=S3_COLOURS)
def weed_fire(request: pytest.FixtureRequest, weed: Weed, weed_bucket: str) -> Iterator[Fire]:
    with fire(weed, weed_bucket, request.param) as found:
        yield found
