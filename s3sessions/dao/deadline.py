"""The time that a caller gives: past it no request is begun and no wait goes on.

A request that is under way ends in its own time (the store's timeouts): what it did is not known
before that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeVar

from s3sessions.errors import DeadlineExceeded, InvalidSettings
from s3sessions.ports import (
    PAGE_LIMIT,
    AsyncStore,
    Blob,
    Clock,
    Condition,
    DeleteOutcome,
    Observer,
    Page,
    Target,
)
from s3sessions.versions import AsyncVersions

T = TypeVar("T")

# Of the operation that is running: threads and tasks of a fan-out inherit it.
_ENDS_AT: Final[ContextVar[float | None]] = ContextVar("s3sessions_deadline", default=None)


@contextmanager
def deadline_in(clock: Clock, seconds: float | None) -> Iterator[None]:
    """Let what runs inside end in time. Raises InvalidSettings for a negative time."""
    if seconds is None:
        yield
        return
    if not seconds >= 0:
        raise InvalidSettings(f"deadline={seconds!r}: must be seconds from now, 0 or more")
    token = _ENDS_AT.set(clock() + seconds)
    try:
        yield
    finally:
        _ENDS_AT.reset(token)


def has_deadline() -> bool:
    """Tell whether the caller has given one."""
    return _ENDS_AT.get() is not None


@dataclass(frozen=True, slots=True)
class PunctualStore:
    """A store that begins no request past the deadline."""

    store: AsyncStore
    clock: Clock

    def _check(self, key: str) -> None:
        ends_at = _ENDS_AT.get()
        if ends_at is not None and self.clock() >= ends_at:
            raise DeadlineExceeded("the time given is over: try again with more", key=key)

    async def get(self, key: str) -> Blob:
        self._check(key)
        return await self.store.get(key)

    async def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        self._check(key)
        return await self.store.put(key, data, only_if=only_if)

    async def delete(self, key: str, *, only_if: str | None = None) -> None:
        self._check(key)
        await self.store.delete(key, only_if=only_if)

    async def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        self._check(targets[0].key if targets else "")
        return await self.store.delete_many(targets)

    async def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        self._check(prefix)
        return await self.store.list(prefix, delimiter=delimiter, token=token, limit=limit)

    async def copy(self, source: str, target: str) -> str:
        self._check(target)
        return await self.store.copy(source, target)

    async def fan_out(self, calls: Sequence[Callable[[], Awaitable[T]]]) -> Sequence[T]:
        return await self.store.fan_out(calls)

    async def sleep(self, seconds: float) -> None:
        ends_at = _ENDS_AT.get()
        left = seconds if ends_at is None else max(0.0, ends_at - self.clock())
        await self.store.sleep(min(seconds, left))

    @property
    def versions(self) -> AsyncVersions | None:
        return self.store.versions

    def observed(self, observer: Observer) -> PunctualStore:
        return PunctualStore(self.store.observed(observer), self.clock)

    async def close(self) -> None:
        await self.store.close()
