"""The second port of the aioboto3 store: the same promises, the same requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from s3sessions.stores.s3_async import AsyncS3Store
from s3sessions.testing.versions import VersionsContract
from tests.stores.scripted_s3 import Make, ScriptedS3
from tests.stores.version_places import InVersionedMoto, InVersionedWeed, VersionWireTests


class TestAsyncS3VersionsOnWeed(InVersionedWeed, VersionsContract):
    def make_store(self) -> AsyncS3Store:
        return AsyncS3Store(self.bucket, endpoint_url=self.endpoint_url)


class TestAsyncS3VersionsOnMoto(InVersionedMoto, VersionsContract):
    def make_store(self) -> AsyncS3Store:
        return AsyncS3Store(self.bucket, endpoint_url=self.endpoint_url)


class Driven:
    """The store and its second port in blocking code: each verb runs to its end in one loop."""

    def __init__(self, inner: Any, runner: asyncio.Runner) -> None:
        self._inner = inner
        self._runner = runner

    @property
    def versions(self) -> Driven:
        return Driven(self._inner.versions, self._runner)

    def observed(self, observer: Any) -> Driven:
        return Driven(self._inner.observed(observer), self._runner)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        verb = getattr(self._inner, name)
        return lambda *args, **kwargs: self._runner.run(verb(*args, **kwargs))


@pytest.fixture
def make(scripted: ScriptedS3) -> Iterator[Make]:
    with asyncio.Runner() as runner:

        def make_store(**options: Any) -> Any:
            given = {"endpoint_url": scripted.endpoint_url, **options}
            return Driven(AsyncS3Store("bucket", **given), runner)

        yield make_store


class TestTheWire(VersionWireTests):
    """Everything that both colours do."""
