"""The boto3 store passes the contract, on a real server and on moto."""

from __future__ import annotations

import pytest

from s3sessions.stores.s3 import S3Store
from s3sessions.testing import StoreContract
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer
from tests.servers.weed import Weed


class TestS3StoreOnWeed(StoreContract):
    # A contended conditional PUT stalls for seconds there.
    race_rounds = 1
    keeps_backslashes = False

    @pytest.fixture(autouse=True)
    def _under_a_new_prefix(self, weed: Weed, weed_bucket: str) -> None:
        self.endpoint_url, self.bucket = weed.endpoint_url, weed_bucket
        self.prefix = f"{fresh_name()}/"

    def make_store(self) -> S3Store:
        return S3Store(self.bucket, endpoint_url=self.endpoint_url)


class TestS3StoreOnMoto(StoreContract):
    race_rounds = 1
    atomic_create = False
    atomic_replace = False
    conditional_copy = False
    conditional_delete_many = False

    @pytest.fixture(autouse=True)
    def _under_a_new_prefix(self, moto: MotoServer, moto_bucket: str) -> None:
        self.endpoint_url, self.bucket = moto.endpoint_url, moto_bucket
        self.prefix = f"{fresh_name()}/"

    def make_store(self) -> S3Store:
        return S3Store(self.bucket, endpoint_url=self.endpoint_url)
