"""The places on which each behaviour is tested: every store, in every colour it has."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3sessions.stores.local import LocalStore
from s3sessions.stores.memory import MemoryStore
from s3sessions.stores.s3 import S3Store
from tests.behaviour.counting import Counted
from tests.rig import Colour, Rig, fresh_name
from tests.servers.wire import WireProxy

HAS_ASYNC_S3 = importlib.util.find_spec("aioboto3") is not None
PLACES = [
    (store, colour)
    for store in ("memory", "local", "stub", "weed")
    for colour in ("sync", "async")
    if colour == "sync" or store in ("memory", "local") or HAS_ASYNC_S3
]
WITH_VERSIONS = [(store, colour) for store, colour in PLACES if store != "stub"]
COUNTED = [(store, colour) for store, colour in PLACES if store != "weed"]


@pytest.fixture(params=PLACES, ids="-".join)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """A fresh, empty place in each kind of store and each colour."""
    store, colour = request.param
    rig = make_rig(request, store, colour, tmp_path)
    yield rig
    rig.close()


@pytest.fixture(params=["memory", "local", "stub"])
def sync_rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """A fresh, empty place in blocking code, where the colour makes no difference."""
    rig = make_rig(request, request.param, "sync", tmp_path)
    yield rig
    rig.close()


@pytest.fixture(params=["memory", "local"])
def racing_rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """A place whose conditional writes are atomic; moto's are check-then-set."""
    rig = make_rig(request, request.param, "sync", tmp_path)
    yield rig
    rig.close()


@pytest.fixture(params=["sync", "async"])
def memory_rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """A fresh, empty place in memory, for what is the logic's alone."""
    rig = make_rig(request, "memory", request.param, tmp_path)
    yield rig
    rig.close()


@pytest.fixture(params=COUNTED, ids="-".join)
def counted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counted]:
    """A fresh, empty place that counts; on a server, what it counts is checked at the wire."""
    store, colour = request.param
    rig = make_rig(request, store, colour, tmp_path)
    if rig.url is None or store != "stub":
        yield Counted(rig, None)
        rig.close()
        return
    with WireProxy(rig.options["endpoint_url"]) as wire:
        rig.options["endpoint_url"] = wire.url
        yield Counted(rig, wire)
        rig.close()


def make_rig(request: pytest.FixtureRequest, store: str, colour: Colour, folder: Path) -> Rig:
    if store == "memory":
        return Rig(store, colour, None, {}, MemoryStore())
    if store == "local":
        return Rig(store, colour, f"file://{folder}/sessions", {}, LocalStore(folder / "sessions"))
    return _s3_rig(request, store, colour)


def _s3_rig(request: pytest.FixtureRequest, store: str, colour: Colour) -> Rig:
    server: Any = request.getfixturevalue(store)
    bucket = request.getfixturevalue(f"{store}_bucket")
    prefix = fresh_name()
    options = {"endpoint_url": server.endpoint_url, "region": "us-east-1"}
    raw = S3Store(bucket, endpoint_url=server.endpoint_url, region="us-east-1")
    return Rig(store, colour, f"s3://{bucket}/{prefix}", options, raw, f"{prefix}/")
