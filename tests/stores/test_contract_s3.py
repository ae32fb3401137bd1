"""The boto3 store passes the contract, on a real server and on the stub."""

from __future__ import annotations

from s3sessions.stores.s3 import S3Store
from s3sessions.testing import StoreContract
from tests.stores.s3_places import OnStub, OnWeed


class TestS3StoreOnWeed(OnWeed, StoreContract):
    def make_store(self) -> S3Store:
        return S3Store(self.bucket, endpoint_url=self.endpoint_url)


class TestS3StoreOnStub(OnStub, StoreContract):
    def make_store(self) -> S3Store:
        return S3Store(self.bucket, endpoint_url=self.endpoint_url)
