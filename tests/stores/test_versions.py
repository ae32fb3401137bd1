"""The second port of the blocking stores: versions, markers and uploads, and what holds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from s3sessions.stores.local import LocalStore
from s3sessions.stores.memory import MemoryStore
from s3sessions.stores.s3 import S3Store
from s3sessions.stores.threaded import ThreadedStore
from s3sessions.testing.versions import VersionsContract
from tests.stores.scripted_s3 import Make, ScriptedS3
from tests.stores.version_places import InVersionedMoto, InVersionedWeed, VersionWireTests
from tests.versioned_memory import VersionedMemory


class TestVersionsInMemory(VersionsContract):
    """The double that stands in for a versioned bucket in the tests of a purge."""

    def make_store(self) -> VersionedMemory:
        self.store = VersionedMemory()
        return self.store

    def begin_upload(self, key: str) -> str:
        return self.store.begin_upload(key)


class TestVersionsInThreads(VersionsContract):
    def make_store(self) -> ThreadedStore:
        self.store = VersionedMemory()
        return ThreadedStore(self.store)

    def begin_upload(self, key: str) -> str:
        return self.store.begin_upload(key)


class TestS3VersionsOnWeed(InVersionedWeed, VersionsContract):
    def make_store(self) -> S3Store:
        return S3Store(self.bucket, endpoint_url=self.endpoint_url)


class TestS3VersionsOnMoto(InVersionedMoto, VersionsContract):
    def make_store(self) -> S3Store:
        return S3Store(self.bucket, endpoint_url=self.endpoint_url)


@pytest.fixture
def make(scripted: ScriptedS3) -> Iterator[Make]:
    stores: list[S3Store] = []

    def make_store(**options: Any) -> S3Store:
        stores.append(S3Store("bucket", **{"endpoint_url": scripted.endpoint_url, **options}))
        return stores[-1]

    yield make_store
    for store in stores:
        store.close()


class TestTheWire(VersionWireTests):
    """Everything that both colours do."""


def test_a_store_without_versions_says_so(tmp_path: Any) -> None:
    assert MemoryStore().versions is None
    assert LocalStore(tmp_path).versions is None
