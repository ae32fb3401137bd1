"""Where the S3 stores are put under the contract, and what each server is known to get wrong."""

from __future__ import annotations

import pytest

from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer
from tests.servers.s3_server import S3Server
from tests.servers.weed import Weed


class _Place:
    race_rounds = 1
    endpoint_url: str
    bucket: str
    prefix: str

    def _use(self, server: S3Server, bucket: str) -> None:
        self.endpoint_url, self.bucket = server.endpoint_url, bucket
        self.prefix = f"{fresh_name()}/"


class OnWeed(_Place):
    """A real server. Its contended conditional PUTs stall for seconds: one round of each race."""

    keeps_backslashes = False

    @pytest.fixture(autouse=True)
    def _under_a_new_prefix(self, weed: Weed, weed_bucket: str) -> None:
        self._use(weed, weed_bucket)


class OnMoto(_Place):
    """moto, whose conditions are check-then-set and which passes over some of them."""

    atomic_create = False
    atomic_replace = False
    conditional_copy = False
    conditional_delete_many = False

    @pytest.fixture(autouse=True)
    def _under_a_new_prefix(self, moto: MotoServer, moto_bucket: str) -> None:
        self._use(moto, moto_bucket)
