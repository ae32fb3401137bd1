"""The fan-out of blocking stores: a few threads, made when first needed, shared by all calls.

The calling thread works too, so a fan-out inside a fan-out ends even when no thread is free.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar, cast

__all__ = ["ThreadFanOut"]

T = TypeVar("T")


class ThreadFanOut:
    """Runs calls in threads, in one fan-out never more than `width` at a time."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._executor: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def run(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Run the calls and return their results in order.

        The first error stops what has not begun and is raised once what runs has ended; so does
        a KeyboardInterrupt of the calling thread.
        """
        if len(calls) <= 1:
            return [call() for call in calls]
        work = _Work(calls)
        helpers = self._submit(work.drain, min(self._width, len(calls)) - 1)
        try:
            work.drain()
            _settle(helpers)
        except BaseException as interrupt:
            work.stop(interrupt)
            _settle(helpers)
            raise
        return work.results()

    def close(self) -> None:
        """End the threads once their work has ended; a later `run` makes new ones."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown()

    def _submit(self, drain: Callable[[], None], count: int) -> Sequence[Future[None]]:
        if count == 0:
            return []
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self._width - 1, "s3sessions")
            return [self._executor.submit(drain) for _ in range(count)]


def _settle(helpers: Sequence[Future[None]]) -> None:
    # What no thread has taken up yet is called off, never waited for: all threads may be busy
    # with callers that wait like this one.
    wait([helper for helper in helpers if not helper.cancel()])


class _Work(Generic[T]):
    """The calls of one fan-out; several threads take from it until none is left or one fails."""

    def __init__(self, calls: Sequence[Callable[[], T]]) -> None:
        self._calls = calls
        self._results: list[T | None] = [None] * len(calls)
        self._left = iter(range(len(calls)))
        self._error: BaseException | None = None
        self._lock = threading.Lock()

    def drain(self) -> None:
        try:
            while (index := self._take()) is not None:
                self._results[index] = self._calls[index]()
        except BaseException as error:
            self.stop(error)
            # An interrupt leaves the thread that it struck, whatever has failed before it.
            if not isinstance(error, Exception):
                raise

    def stop(self, error: BaseException) -> None:
        with self._lock:
            if self._error is None:
                self._error = error

    def results(self) -> Sequence[T]:
        if self._error is not None:
            raise self._error
        return cast("Sequence[T]", self._results)

    def _take(self) -> int | None:
        with self._lock:
            return next(self._left, None) if self._error is None else None
