"""The obstore stores pass the contract: on the stub, on a real server, and in obstore's memory."""

from __future__ import annotations

from typing import Any

from s3sessions.ports import AsyncStore, Request, Target
from s3sessions.stores.object_store import ObjectStore
from s3sessions.stores.object_store_async import AsyncObjectStore
from s3sessions.stores.object_store_clouds import CloudBucket
from s3sessions.stores.object_store_s3 import S3Bucket
from s3sessions.testing import StoreContract
from s3sessions.testing.case import in_its_colour
from s3sessions.testing.listings import ListingContract
from tests.stores.s3_places import OnStub, OnWeed


class TestObjectStoreOnStub(OnStub, StoreContract):
    def make_store(self) -> ObjectStore:
        return ObjectStore(S3Bucket(self.bucket, endpoint_url=self.endpoint_url), width=32)


class TestAsyncObjectStoreOnStub(OnStub, StoreContract):
    def make_store(self) -> AsyncObjectStore:
        return AsyncObjectStore(S3Bucket(self.bucket, endpoint_url=self.endpoint_url), width=32)


class TestObjectStoreOnWeed(OnWeed, ListingContract):
    """What is the server's own: the order of its lists, which is not S3's, and their ends."""

    # Seconds of puts, for what the stub shows as well.
    test_thousands_of_keys_come_in_pages_each_key_once = None  # type: ignore[assignment]

    def make_store(self) -> ObjectStore:
        return ObjectStore(S3Bucket(self.bucket, endpoint_url=self.endpoint_url), width=32)


class InMemory(CloudBucket):
    """Google's storage as far as the verbs go, in obstore's memory."""

    def __init__(self) -> None:
        super().__init__("gs", "bucket")

    def _make_client(self) -> Any:
        from obstore.store import MemoryStore

        return MemoryStore()


class EmulatedContract(StoreContract):
    """Of a store without a DeleteObjects and with a copy that does not tell the etag."""

    @in_its_colour
    async def test_an_observer_sees_every_verb(self, store: AsyncStore) -> None:
        seen: list[Request] = []
        observed = store.observed(seen.append)
        await observed.put("one", b"12345")
        await observed.copy("one", "two")
        await observed.delete_many([Target("two"), Target("one")])
        asked = [(request.verb, request.key) for request in seen]
        assert asked[:3] == [("put", "one"), ("copy", "two"), ("get", "two")]
        assert sorted(asked[3:]) == [("delete", "one"), ("delete", "two")]


class TestObjectStoreInMemory(EmulatedContract):
    def make_store(self) -> ObjectStore:
        return ObjectStore(InMemory(), width=32)
