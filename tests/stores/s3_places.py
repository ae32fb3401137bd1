"""Where the S3 stores are put under the contract, and what each server is known to get wrong."""

from __future__ import annotations

import pytest

from tests.rig import fresh_name
from tests.servers.s3_server import S3Server
from tests.servers.s3_stub import Stub
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


class OnStub(_Place):
    """The stub, which answers as S3 documents it, one request at a time."""

    @pytest.fixture(autouse=True)
    def _in_a_new_bucket(self, stub: Stub) -> None:
        self._use(stub, stub.make_bucket())
