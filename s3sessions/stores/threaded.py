"""An async face for a blocking store: each verb runs in a thread, so no event loop waits for it."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import functools
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

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
from s3sessions.stores.tasks import fan_out_tasks
from s3sessions.stores.throttle import Pace
from s3sessions.versions import SyncVersions, UploadPage, VersionOutcome, VersionPage, VersionTarget

__all__ = ["ThreadedStore", "VerbThreads"]

T = TypeVar("T")
P = ParamSpec("P")


class ThreadedStore:
    """An `AsyncStore` over a `SyncStore`, for one whose verbs are short waits such as a disk's.

    Each verb raises what the store's own does. It is bound to no event loop: several may use it,
    one after the other or at once. A verb that is cancelled once its thread has begun goes on
    there: its write may take effect or not. Observers are called in the threads.
    """

    def __init__(self, store: SyncStore, *, width: int = 32) -> None:
        """Wrap a store; `width` is the most verbs, and the most calls of a fan-out, at once."""
        self._store = store
        self._pace = Pace(width)
        self._threads = VerbThreads(width)

    @property
    def versions(self) -> ThreadedVersions | None:
        """The second port, where the store has one."""
        versions = self._store.versions
        return None if versions is None else ThreadedVersions(versions, self._threads)

    @property
    def lists_in_parts(self) -> bool:
        """As the store does."""
        return self._store.lists_in_parts

    @property
    def deletes_if_match(self) -> bool:
        """As the store does."""
        return self._store.deletes_if_match

    async def get(self, key: str) -> Blob:
        """Read one object."""
        return await self._threads.run(self._store.get, key)

    async def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        """Write one object and return its etag."""
        return await self._threads.run(self._store.put, key, data, only_if=only_if)

    async def delete(self, key: str, *, only_if: str | None = None) -> None:
        """Delete one object."""
        await self._threads.run(self._store.delete, key, only_if=only_if)

    async def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        """Delete objects in one call of the store."""
        return await self._threads.run(self._store.delete_many, targets)

    async def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        """List one page."""
        return await self._threads.run(
            self._store.list,
            prefix,
            delimiter=delimiter,
            token=token,
            start_after=start_after,
            limit=limit,
        )

    async def copy(self, source: str, target: str) -> str:
        """Copy an object, create-only."""
        return await self._threads.run(self._store.copy, source, target)

    async def fan_out(self, calls: Sequence[Callable[[], Awaitable[T]]]) -> Sequence[T]:
        """Await the calls in tasks, `width` at a time; the first error cancels the others."""
        return await fan_out_tasks(calls, self._pace)

    async def sleep(self, seconds: float) -> None:
        """Wait; other tasks go on."""
        await asyncio.sleep(seconds)

    def observed(self, observer: Observer) -> ThreadedStore:
        """Give the same store, of which `observer` too is told each request."""
        twin = copy.copy(self)
        twin._store = self._store.observed(observer)
        return twin

    async def close(self) -> None:
        """End the threads, each after its verb, and close the store; using it makes new ones."""
        await asyncio.to_thread(self._threads.close)
        await asyncio.to_thread(self._store.close)


class ThreadedVersions:
    """An `AsyncVersions` over the `SyncVersions` of such a store, in the same threads."""

    def __init__(self, versions: SyncVersions, threads: VerbThreads) -> None:
        self._versions = versions
        self._threads = threads

    async def list_versions(self, prefix: str, *, token: str | None = None) -> VersionPage:
        """List one page of versions and delete markers."""
        return await self._threads.run(self._versions.list_versions, prefix, token=token)

    async def delete_versions(self, targets: Sequence[VersionTarget]) -> Sequence[VersionOutcome]:
        """Erase versions in one call of the store."""
        return await self._threads.run(self._versions.delete_versions, targets)

    async def list_uploads(self, prefix: str, *, token: str | None = None) -> UploadPage:
        """List one page of unfinished uploads."""
        return await self._threads.run(self._versions.list_uploads, prefix, token=token)

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Abort an upload."""
        await self._threads.run(self._versions.abort_upload, key, upload_id)


class VerbThreads:
    """A few threads, made when first needed, shared by all copies of one store.

    No more than `width` verbs run at once; bound to no event loop.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._executor: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    async def run(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a verb in a thread, in this context; one that has begun ends there if cancelled."""
        return await asyncio.wrap_future(self.begin(verb, *args, **kwargs))

    def begin(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin a verb in a thread, in this context; no event loop has to live until it ends."""
        # Not asyncio's own pool: it is as wide as the machine has cores, and others wait in it.
        call = functools.partial(contextvars.copy_context().run, verb, *args, **kwargs)
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self._width, "s3sessions-verb")
            return self._executor.submit(call)

    def close(self) -> None:
        """End the threads, each after its verb; a later `run` makes new ones."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown()
