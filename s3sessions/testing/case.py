"""How one test body runs over a store of either colour: what the parts of the contract share.

A body is written against the async port. Over a blocking store it ends without an event loop,
through the same bridge as the product; over an async one it runs in a loop of its own.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from s3sessions.bridge import Blocking, run_sync
from s3sessions.errors import S3SessionsError
from s3sessions.ports import PAGE_LIMIT, AsyncStore, Entry, SyncStore

__all__ = ["StoreCase", "all_pages", "in_its_colour", "refused", "together"]

T = TypeVar("T")
E = TypeVar("E", bound=BaseException)
C = TypeVar("C", bound="StoreCase")


class StoreCase:
    """The store under test; `StoreContract` describes the attributes."""

    prefix: str = ""
    width: int = 32
    race_rounds: int = 3
    atomic_create: bool = True
    atomic_replace: bool = True
    conditional_delete: bool = True
    conditional_delete_many: bool = True
    conditional_copy: bool = True
    keeps_backslashes: bool = True

    def make_store(self) -> SyncStore | AsyncStore:
        """Give a store with nothing under `prefix`; called once for each test."""
        raise NotImplementedError(f"{type(self).__name__} must override make_store")

    def key(self, name: str) -> str:
        return self.prefix + name

    async def fill(
        self, store: AsyncStore, names: Iterable[str], data: bytes = b"x"
    ) -> dict[str, str]:
        """Write an object under each name and return the etags by key."""
        keys = [self.key(name) for name in names]
        etags = await store.fan_out([functools.partial(store.put, key, data) for key in keys])
        return dict(zip(keys, etags, strict=True))


def in_its_colour(
    body: Callable[[C, AsyncStore], Coroutine[Any, Any, None]],
) -> Callable[[C], None]:
    """Make a test of a body: make the store, run the body in the store's colour, close it."""

    def test(self: C) -> None:
        store = self.make_store()
        if not inspect.iscoroutinefunction(store.get):
            run_sync(_run(body, self, Blocking(cast(SyncStore, store))))
            return
        with asyncio.Runner() as runner:
            runner.run(_run(body, self, cast(AsyncStore, store)))

    # Not functools.wraps: its __wrapped__ would make pytest look for a fixture named `store`.
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(test, name, getattr(body, name))
    return test


async def _run(
    body: Callable[[C, AsyncStore], Coroutine[Any, Any, None]], case: C, store: AsyncStore
) -> None:
    try:
        await body(case, store)
    finally:
        await store.close()


async def refused(kind: type[E], attempt: Awaitable[object]) -> E:
    """Await what must raise `kind`, and return the error."""
    try:
        await attempt
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


async def together(
    store: AsyncStore, calls: Sequence[Callable[[], Awaitable[T]]]
) -> list[T | S3SessionsError]:
    """Run the calls at the same time, each in a thread or task of its own; an error is a result."""
    if isinstance(store, Blocking):
        return _in_threads(calls)
    return await asyncio.gather(*(_outcome(call) for call in calls))


def _in_threads(calls: Sequence[Callable[[], Awaitable[T]]]) -> list[T | S3SessionsError]:
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Awaitable[T]]) -> T | S3SessionsError:
        start.wait()
        return run_sync(_outcome(call))

    with ThreadPoolExecutor(len(calls)) as threads, _switching_often():
        return list(threads.map(run, calls))


@contextmanager
def _switching_often() -> Iterator[None]:
    # At its usual pace the interpreter hides most races of a store that holds no lock.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


async def _outcome(call: Callable[[], Awaitable[T]]) -> T | S3SessionsError:
    try:
        return await call()
    except S3SessionsError as error:
        return error


async def all_pages(
    store: AsyncStore, prefix: str, *, delimiter: str | None = None, limit: int = PAGE_LIMIT
) -> tuple[list[Entry], list[str]]:
    """List to the end: the entries and the common prefixes, as they came."""
    entries: list[Entry] = []
    prefixes: list[str] = []
    token: str | None = None
    while True:
        page = await store.list(prefix, delimiter=delimiter, token=token, limit=limit)
        assert len(page.entries) + len(page.prefixes) <= limit, "a page is longer than its limit"
        entries += page.entries
        prefixes += page.prefixes
        assert page.token != token or token is None, "the token does not move on"
        token = page.token
        if token is None:
            return entries, prefixes
