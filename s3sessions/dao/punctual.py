"""A store that keeps to the time that a caller gives: past it, it begins no request and no wait.

A request that is under way is the store's to end, which sees the same deadline: what it did is not
known then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from s3sessions.deadline import seconds_left
from s3sessions.errors import DeadlineExceeded, StoreUnavailable
from s3sessions.ports import (
    PAGE_LIMIT,
    AsyncStore,
    Blob,
    Condition,
    DeleteOutcome,
    Observer,
    Page,
    Target,
)
from s3sessions.record import Record

if TYPE_CHECKING:
    from s3sessions.versions import AsyncVersions

T = TypeVar("T")


class PunctualStore(Record):
    """A store that begins no request past the deadline."""

    store: AsyncStore

    async def get(self, key: str) -> Blob:
        with _in_time(key):
            return await self.store.get(key)

    async def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        _check(key)
        return await self.store.put(key, data, only_if=only_if)

    async def delete(self, key: str, *, only_if: str | None = None) -> None:
        _check(key)
        await self.store.delete(key, only_if=only_if)

    async def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        _check(targets[0].key if targets else "")
        return await self.store.delete_many(targets)

    async def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        with _in_time(prefix):
            return await self.store.list(
                prefix, delimiter=delimiter, token=token, start_after=start_after, limit=limit
            )

    async def copy(self, source: str, target: str) -> str:
        _check(target)
        return await self.store.copy(source, target)

    async def fan_out(self, calls: Sequence[Callable[[], Awaitable[T]]]) -> Sequence[T]:
        return await self.store.fan_out(calls)

    async def sleep(self, seconds: float) -> None:
        left = seconds_left()
        await self.store.sleep(seconds if left is None else min(seconds, max(0.0, left)))

    @property
    def versions(self) -> AsyncVersions | None:
        return self.store.versions

    @property
    def lists_in_parts(self) -> bool:
        return self.store.lists_in_parts

    @property
    def deletes_if_match(self) -> bool:
        return self.store.deletes_if_match

    def observed(self, observer: Observer) -> PunctualStore:
        return PunctualStore(self.store.observed(observer))

    async def close(self) -> None:
        await self.store.close()


def _check(key: str) -> None:
    left = seconds_left()
    if left is not None and left <= 0:
        raise DeadlineExceeded("the time given is over: try again with more", key=key)


@contextmanager
def _in_time(key: str) -> Iterator[None]:
    """Read: where no answer came before the deadline it is that which is told."""
    _check(key)
    try:
        yield
    except StoreUnavailable as error:
        left = seconds_left()
        if left is None or left > 0:
            raise
        raise DeadlineExceeded("no answer in the time given", key=key, cause=error) from error
