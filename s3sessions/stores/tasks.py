"""The fan-out of async stores: tasks of the running loop, never more than a given number."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

__all__ = ["fan_out_tasks"]

T = TypeVar("T")


async def fan_out_tasks(calls: Sequence[Callable[[], Awaitable[T]]], width: int) -> Sequence[T]:
    """Await the calls, at most `width` at a time, and return their results in order.

    The first error cancels the others, awaits their end and is raised by itself, never inside a
    group. When the caller is cancelled, all calls are.
    """
    if len(calls) <= 1:
        return [await call() for call in calls]
    results: list[Any] = [None] * len(calls)
    left = iter(enumerate(calls))

    async def drain() -> None:
        for index, call in left:
            results[index] = await call()

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(drain()) for _ in range(min(width, len(calls)))]
    except BaseExceptionGroup as failures:
        error = failures.exceptions[0]
    else:
        for task in tasks:
            task.result()  # raises where somebody else cancelled a call; a group is silent there
        return results
    # Raised outside the handler, or the error would lose its own cause and context.
    raise error
