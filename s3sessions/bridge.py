"""How the one async logic runs in blocking code: no event loop, no thread of its own.

A store that blocks never suspends, so a coroutine of the DAO over it runs to its end in one
`send(None)`. Anything else is an error in the wiring, and is said loudly.
"""

from __future__ import annotations

import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from s3sessions.ports import (
    PAGE_LIMIT,
    Blob,
    Condition,
    DeleteOutcome,
    Observer,
    Page,
    SyncStore,
    Target,
)

if TYPE_CHECKING:
    from s3sessions.versions import (
        SyncVersions,
        UploadPage,
        VersionOutcome,
        VersionPage,
        VersionTarget,
    )

__all__ = ["Blocking", "iter_sync", "run_sync"]

T = TypeVar("T")


def run_sync(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends and return its result.

    Raises:
        RuntimeError: it suspended, so something in it awaits more than a blocking store.
    """
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise RuntimeError(f"{coroutine!r} suspended: a blocking store must be under it")


def iter_sync(iterator: AsyncIterator[T]) -> Iterator[T]:
    """Iterate in blocking code over an async iterator that never suspends."""
    try:
        while True:
            try:
                yield run_sync(_next(iterator))
            except StopAsyncIteration:
                return
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            run_sync(close())


async def _next(iterator: AsyncIterator[T]) -> T:
    return await anext(iterator)


class Blocking:
    """A blocking store in the async port's clothes: each verb ends before it could suspend."""

    def __init__(self, store: SyncStore) -> None:
        self._store = store

    async def get(self, key: str) -> Blob:
        return self._store.get(key)

    async def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        return self._store.put(key, data, only_if=only_if)

    async def delete(self, key: str, *, only_if: str | None = None) -> None:
        self._store.delete(key, only_if=only_if)

    async def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        return self._store.delete_many(targets)

    async def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        return self._store.list(
            prefix, delimiter=delimiter, token=token, start_after=start_after, limit=limit
        )

    async def copy(self, source: str, target: str) -> str:
        return self._store.copy(source, target)

    async def fan_out(self, calls: Sequence[Callable[[], Awaitable[T]]]) -> Sequence[T]:
        return self._store.fan_out([_in_context(call) for call in calls])

    async def sleep(self, seconds: float) -> None:
        self._store.sleep(seconds)

    @property
    def versions(self) -> BlockingVersions | None:
        versions = self._store.versions
        return None if versions is None else BlockingVersions(versions)

    @property
    def lists_in_parts(self) -> bool:
        return self._store.lists_in_parts

    @property
    def deletes_if_match(self) -> bool:
        return self._store.deletes_if_match

    def observed(self, observer: Observer) -> Blocking:
        return Blocking(self._store.observed(observer))

    async def close(self) -> None:
        self._store.close()


class BlockingVersions:
    """The second port of a blocking store in the async one's clothes."""

    def __init__(self, versions: SyncVersions) -> None:
        self._versions = versions

    async def list_versions(self, prefix: str, *, token: str | None = None) -> VersionPage:
        return self._versions.list_versions(prefix, token=token)

    async def delete_versions(self, targets: Sequence[VersionTarget]) -> Sequence[VersionOutcome]:
        return self._versions.delete_versions(targets)

    async def list_uploads(self, prefix: str, *, token: str | None = None) -> UploadPage:
        return self._versions.list_uploads(prefix, token=token)

    async def abort_upload(self, key: str, upload_id: str) -> None:
        self._versions.abort_upload(key, upload_id)


def _in_context(call: Callable[[], Awaitable[T]]) -> Callable[[], T]:
    """Make a call that a worker thread can run, with the context variables of this one."""
    context = contextvars.copy_context()
    return lambda: context.run(_finish, call)


def _finish(call: Callable[[], Awaitable[T]]) -> T:
    async def wait() -> T:
        return await call()

    return run_sync(wait())
