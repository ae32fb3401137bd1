"""The fan-out of async stores: tasks of the running loop, never more than its pace allows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar, cast

from s3sessions.stores.throttle import Pace

__all__ = ["fan_out_tasks"]

T = TypeVar("T")


async def fan_out_tasks(calls: Sequence[Callable[[], Awaitable[T]]], pace: Pace) -> Sequence[T]:
    """Await the calls, as many at a time as the pace allows, and return their results in order.

    The first error cancels the others, awaits their end and is raised by itself, never inside a
    group. When the caller is cancelled, all calls are.
    """
    if len(calls) <= 1:
        return [await call() for call in calls]
    work = _Work(calls, pace)
    try:
        async with asyncio.TaskGroup() as group:
            work.begin(group)
    except BaseExceptionGroup as failures:
        error = failures.exceptions[0]
    else:
        return work.results()
    # Raised outside the handler, or the error would lose its own cause and context.
    raise error


class _Work(Generic[T]):
    """The calls of one fan-out; several tasks take from it until none is left."""

    def __init__(self, calls: Sequence[Callable[[], Awaitable[T]]], pace: Pace) -> None:
        self._calls = calls
        self._pace = pace
        self._results: list[Any] = [None] * len(calls)
        self._next = 0
        self._workers = 0
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, group: asyncio.TaskGroup) -> None:
        for _ in range(min(self._pace.limit, len(self._calls))):
            self._add_worker(group)

    def results(self) -> Sequence[T]:
        for task in self._tasks:
            task.result()  # raises where somebody else cancelled a call; a group is silent there
        return cast("Sequence[T]", self._results)

    def _add_worker(self, group: asyncio.TaskGroup) -> None:
        self._workers += 1
        self._tasks.append(group.create_task(self._drain(group)))

    async def _drain(self, group: asyncio.TaskGroup) -> None:
        while (left := len(self._calls) - self._next) > 0:
            if self._workers > self._pace.limit:
                self._workers -= 1
                return
            if self._workers < min(self._pace.limit, left):
                self._add_worker(group)
            index = self._next
            self._next += 1
            self._results[index] = await self._calls[index]()
