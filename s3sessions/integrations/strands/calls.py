"""How the verbs of a face are called: at once, in a thread, or awaited.

What a session manager does is written once, as coroutines that call each verb through one of
these: Strands' own methods block, its hooks are awaited, and an `AsyncSessions` is awaited itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from s3sessions.bridge import run_sync
from s3sessions.stores.threaded import VerbThreads

T = TypeVar("T")

# Of all managers of the process.
_THREADS: Final = VerbThreads(64)


def end_threads() -> None:
    """End the threads that wait for verbs; the next verb makes new ones."""
    _THREADS.close()


class Call(Protocol):
    """Calls a verb and gives what it gives."""

    async def __call__(self, verb: Callable[..., Any], *args: Any, **named: Any) -> Any: ...


async def at_once(verb: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Call a blocking verb where this stands."""
    return verb(*args, **named)


async def in_thread(verb: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Call a blocking verb beside the event loop, which goes on meanwhile.

    In threads of this module's own: the loop's are few (6 on 2 cores), and others need them.
    """
    return await _THREADS.run(verb, *args, **named)


async def awaited(verb: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Await a verb of the async face."""
    return await verb(*args, **named)


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Do work to its end though the caller is cancelled, who hears of it then.

    A thread cannot be stopped: what it has stored must be known, or it would be stored again.
    """
    task, cancelled = asyncio.ensure_future(work), None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            # Some callers cancel again and again until they are heard.
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        # Looked at, or asyncio says that nobody has.
        task.exception()
    raise cancelled


async def together(call: Call, works: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Do several works at once, or one after the other where each blocks."""
    if call is at_once:
        return [await work for work in works]
    return list(await asyncio.gather(*works))


@dataclass(frozen=True)
class Face:
    """A face of the package, blocking or async, as a manager uses it."""

    is_async: bool

    @property
    def hooks(self) -> Call:
        """How hooks call a verb: never blocking the event loop."""
        return awaited if self.is_async else in_thread

    @property
    def verbs(self) -> Call:
        """How blocking code calls a verb; see `block`."""
        return awaited if self.is_async else at_once

    def block(self, work: Coroutine[Any, Any, T]) -> T:
        """Finish work in blocking code; of the async face in an event loop of its own."""
        # In a thread, as a loop may be running here.
        return self.beside(work).result() if self.is_async else run_sync(work)

    def beside(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin work in a thread: no event loop has to live until it has ended."""
        finish: Callable[..., T] = asyncio.run if self.is_async else run_sync
        return _THREADS.begin(finish, work)
