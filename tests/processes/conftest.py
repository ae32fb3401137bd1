"""The places where many processes write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.processes.scenes import Place
from tests.servers.weed import Weed


@pytest.fixture
def on_local(tmp_path: Path) -> Place:
    return Place(f"file://{tmp_path}/sessions", {})


@pytest.fixture
def on_weed(weed: Weed, weed_bucket: str) -> Place:
    return Place.on(weed, weed_bucket)
