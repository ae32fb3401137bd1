"""The aioboto3 store passes the contract, on a real server and on the stub."""

from __future__ import annotations

from s3sessions.stores.s3_async import AsyncS3Store
from s3sessions.testing import StoreContract
from tests.stores.s3_places import OnStub, OnWeed


class TestAsyncS3StoreOnWeed(OnWeed, StoreContract):
    def make_store(self) -> AsyncS3Store:
        return AsyncS3Store(self.bucket, endpoint_url=self.endpoint_url)


class TestAsyncS3StoreOnStub(OnStub, StoreContract):
    def make_store(self) -> AsyncS3Store:
        return AsyncS3Store(self.bucket, endpoint_url=self.endpoint_url)
