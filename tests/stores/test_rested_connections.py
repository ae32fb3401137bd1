"""What becomes of connections that the server closed while the process was frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TypeAlias

import pytest

from s3sessions.ports import Request, SyncStore
from s3sessions.stores import idleness
from s3sessions.stores.object_store import ObjectStore
from s3sessions.stores.object_store_s3 import S3Bucket
from s3sessions.stores.s3 import S3Store
from tests.conftest import HAS_OBSTORE
from tests.servers.s3_stub import Stub

MORE_THAN_ATTEMPTS = 8

Make: TypeAlias = Callable[[], SyncStore]


@pytest.fixture(params=["boto3", *(["object_store"] if HAS_OBSTORE else [])])
def make(request: pytest.FixtureRequest, stub: Stub, stub_bucket: str) -> Iterator[Make]:
    stores: list[SyncStore] = []

    def make_store() -> SyncStore:
        if request.param == "boto3":
            store: SyncStore = S3Store(stub_bucket, endpoint_url=stub.endpoint_url)
        else:
            store = ObjectStore(S3Bucket(stub_bucket, endpoint_url=stub.endpoint_url))
        stores.append(store)
        return store

    yield make_store
    for store in stores:
        store.close()


def connected(stub: Stub, store: SyncStore) -> SyncStore:
    """Let a store have more connections than it tries a request."""
    store.put("k", b"0")
    with stub.paced(latency_ms=100):
        store.fan_out([lambda: store.get("k")] * MORE_THAN_ATTEMPTS)
        assert stub.counted().most_in_flight == MORE_THAN_ATTEMPTS
    return store


def test_connections_whose_end_was_heard_of_are_not_used(stub: Stub, make: Make) -> None:
    told: list[Request] = []
    store = connected(stub, make().observed(told.append))
    stub.end_connections()
    store.put("k", b"1")
    assert store.get("k").data == b"1"
    assert {request.attempts for request in told} == {1}


def test_connections_that_rested_too_long_are_not_used(
    stub: Stub, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Request] = []
    now = 1_800_000_000.0
    monkeypatch.setattr(idleness, "clock", lambda: now)
    # obstore has a clock of its own, so there they are to rest no time.
    monkeypatch.setattr("s3sessions.stores.object_store_client.LONGEST_REST", 0.001)
    store = connected(stub, make().observed(told.append))
    stub.end_connections(unheard=True)
    now += idleness.LONGEST_REST + 1
    store.put("k", b"1")
    assert store.get("k").data == b"1"
    assert {request.attempts for request in told} == {1}


def test_connections_in_use_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_800_000_000.0
    monkeypatch.setattr(idleness, "clock", lambda: now)
    # One of its own: others' connections are counted too.
    with Stub() as stub, closing(S3Store(stub.make_bucket(), endpoint_url=stub.endpoint_url)) as s3:
        stub.reset()
        for _ in range(5):
            s3.put("k", b"1")
            now += idleness.LONGEST_REST - 1
        assert stub.counted().connections == 1
