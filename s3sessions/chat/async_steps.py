"""Async code in a program that blocks: one step at a time, on one event loop for all of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable, Awaitable, Iterator
from typing import Any, TypeVar

__all__ = ["AsyncSteps"]

T = TypeVar("T")


class AsyncSteps:
    """Runs async code in the thread that asks for it, where a signal can stop it between events.

    One loop for all: a client that a model keeps belongs to the loop that it was first used on.
    """

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None
        self._step: asyncio.Task[Any] | None = None

    def run(self, awaitable: Awaitable[T]) -> T:
        """Wait for one result; a step that a signal breaks off is cancelled."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        try:
            return self._runner.run(self._note_and_wait(awaitable))
        except BaseException:
            if self._step is not None and not self._step.done():
                self._runner.run(_cancel(self._step))
            raise

    def drive(self, stream: AsyncIterable[T]) -> Iterator[T]:
        """Give what an async stream gives, as it comes; ends the stream if it is left early."""
        iterator = aiter(stream)
        end = object()
        try:
            while (item := self.run(anext(iterator, end))) is not end:
                yield item  # type: ignore[misc]
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                self.run(close())

    def close(self) -> None:
        """End the loop."""
        if self._runner is not None:
            self._runner.close()

    async def _note_and_wait(self, awaitable: Awaitable[T]) -> T:
        self._step = asyncio.current_task()
        return await awaitable


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
