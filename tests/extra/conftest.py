"""Ceph's gateway, which the tests of this folder share, and places on each real store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import S3_COLOURS
from tests.faults.fire import Fire, fire
from tests.processes.scenes import Place
from tests.servers.ceph import Ceph
from tests.servers.weed import Weed


@pytest.fixture(scope="session")
def ceph() -> Iterator[Ceph]:
    with Ceph() as server:
        yield server


@pytest.fixture
def on_ceph(ceph: Ceph) -> Place:
    return Place.on(ceph, ceph.make_bucket())


@pytest.fixture
def on_local(tmp_path: Path) -> Place:
    return Place(f"file://{tmp_path}/sessions", {})


@pytest.fixture
def on_weed(weed: Weed, weed_bucket: str) -> Place:
    return Place.on(weed, weed_bucket)


@pytest.fixture(params=["on_local", "on_ceph"])
def place(request: pytest.FixtureRequest) -> Place:
    """A place where eight writers hinder each other for milliseconds only."""
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=S3_COLOURS)
def ceph_fire(
    request: pytest.FixtureRequest, ceph: Ceph, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Fire]:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with fire(ceph, ceph.make_bucket(), request.param) as found:
        yield found
