"""The place that both session managers use."""

from __future__ import annotations

import pytest

from tests.interop.strands_peers import Peers
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer


@pytest.fixture
def peers(moto: MotoServer, moto_bucket: str) -> Peers:
    return Peers(moto.endpoint_url, moto_bucket, fresh_name())
