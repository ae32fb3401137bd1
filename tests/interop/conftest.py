"""The place that both session managers use."""

from __future__ import annotations

import pytest

from tests.interop.strands_peers import Peers
from tests.rig import fresh_name
from tests.servers.s3_stub import Stub


@pytest.fixture
def peers(stub: Stub, stub_bucket: str) -> Peers:
    return Peers(stub.endpoint_url, stub_bucket, fresh_name())
