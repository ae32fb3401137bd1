"""The places that tests of the session manager and of the storage stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integrations.strands import storages
from tests.integrations.strands.place import STORES, Place


@pytest.fixture(params=STORES)
def manager_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A fresh, empty place in memory and on S3."""
    place = Place.make(request, request.param, tmp_path)
    yield place
    place.close()


@pytest.fixture(params=storages.STORES)
def storage_place(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[storages.StoragePlace]:
    """A fresh, empty place in each kind of store, for storages."""
    place = storages.StoragePlace.make(request, request.param, tmp_path)
    yield place
    place.close()
