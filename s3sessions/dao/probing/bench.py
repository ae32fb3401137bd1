"""The bench on which a store is tried: a prefix, and what a probe expects of it."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from functools import partial

from s3sessions.dao.paging import entries
from s3sessions.dao.scope import Scope
from s3sessions.errors import NotFound, PreconditionFailed
from s3sessions.ports import Condition, Entry


class ProbeFailed(Exception):
    """The store does not do what was tried; the text says what it did instead."""


@dataclass
class Bench:
    """A prefix to try things under, and all that was learnt there.

    Attributes:
        keys: every key that was written, however a list may show it.
        skew: seconds by which the store's clock is ahead of ours.
    """

    scope: Scope
    prefix: str
    keys: set[str] = field(default_factory=set)
    skew: float | None = None

    def key(self, name: str) -> str:
        key = self.prefix + name
        self.keys.add(key)
        return key

    async def put(self, key: str, data: bytes, only_if: Condition = None) -> str:
        return await self.scope.put(key, data, only_if)

    async def put_all(self, names: Iterable[str]) -> None:
        calls = [partial(self.put, self.key(name), b"{}") for name in names]
        await self.scope.store.fan_out(calls)

    async def list(self, name: str) -> list[Entry]:
        return await entries(self.scope.store, self.prefix + name)

    async def expect_refusal(self, request: Awaitable[object], otherwise: str) -> None:
        try:
            await request
        except PreconditionFailed:
            return
        raise ProbeFailed(otherwise)

    async def expect_bytes(self, key: str, data: bytes, otherwise: str) -> None:
        if await self._read(key) != data:
            raise ProbeFailed(otherwise)

    async def expect_nothing(self, key: str, otherwise: str) -> None:
        if await self._read(key) is not None:
            raise ProbeFailed(otherwise)

    async def _read(self, key: str) -> bytes | None:
        try:
            return (await self.scope.store.get(key)).data
        except NotFound:
            return None
