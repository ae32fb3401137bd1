"""The fan-out of blocking stores: a few threads, made when first needed, shared by all calls.

The calling thread works too, so a fan-out inside a fan-out ends even when no thread is free.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar, cast

from s3sessions.stores.throttle import Pace

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["ThreadFanOut"]

T = TypeVar("T")

# As many calls as a first append makes at a time. Until there are more, each has a thread of its
# own: to load an executor takes longer than all the modules of a store.
_FEW: Final = 3


class ThreadFanOut:
    """Runs calls in threads, in one fan-out never more than its pace allows at a time.

    Attributes:
        pace: told by the store how its requests fare; as fast as `width` at first.
    """

    def __init__(self, width: int) -> None:
        self.pace = Pace(width)
        self._executor: ThreadPoolExecutor | None = None
        # A function on Lambda is frozen between its events: no thread is to outlive what it is for.
        self._keeps_threads = "AWS_LAMBDA_RUNTIME_API" not in os.environ
        self._lock = threading.Lock()

    def run(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Run the calls and return their results in order.

        The first error stops what has not begun and is raised once what runs has ended; so does
        a KeyboardInterrupt of the calling thread.
        """
        if len(calls) <= 1:
            return [call() for call in calls]
        helpers = self._helpers(len(calls))
        work = _Work(calls, self.pace, helpers)
        try:
            work.lead()
            helpers.settle()
        except BaseException as interrupt:
            work.stop(interrupt)
            helpers.settle()
            raise
        return work.results()

    def close(self) -> None:
        """End the threads once their work has ended; a later `run` makes new ones."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown()

    def _helpers(self, calls: int) -> _Helpers:
        if not self._keeps_threads or (calls <= _FEW and self._executor is None):
            return _NewThreads()
        return _SharedThreads(self._submit)

    def _submit(self, drain: Callable[[], None]) -> Future[None]:
        from concurrent.futures import ThreadPoolExecutor

        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self.pace.width - 1, "s3sessions")
            return self._executor.submit(drain)


class _Helpers(Protocol):
    """The threads that help with one fan-out."""

    def add(self, drain: Callable[[], None]) -> None: ...
    def settle(self) -> None:
        """Wait for those that have begun, and let no other begin; may be called twice."""


class _NewThreads:
    """Threads that are started for one fan-out, and end with it."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def add(self, drain: Callable[[], None]) -> None:
        def run() -> None:
            with suppress(BaseException):  # which the fan-out raises
                drain()

        thread = threading.Thread(target=run, name="s3sessions")
        thread.start()
        self._threads.append(thread)

    def settle(self) -> None:
        for thread in self._threads:
            thread.join()


class _SharedThreads:
    """Threads of an executor."""

    def __init__(self, submit: Callable[[Callable[[], None]], Future[None]]) -> None:
        self._submit = submit
        self._futures: list[Future[None]] = []

    def add(self, drain: Callable[[], None]) -> None:
        self._futures.append(self._submit(drain))

    def settle(self) -> None:
        from concurrent.futures import wait

        # What no thread has taken up yet is called off, never waited for: all threads may be busy
        # with callers that wait like this one.
        wait([future for future in self._futures if not future.cancel()])


class _Work(Generic[T]):
    """The calls of one fan-out; several threads take from it until none is left or one fails.

    Helpers are the threads beside the calling one; none is added once no call is left.
    """

    def __init__(self, calls: Sequence[Callable[[], T]], pace: Pace, helpers: _Helpers) -> None:
        self._calls = calls
        self._pace = pace
        self._helpers = helpers
        self._results: list[T | None] = [None] * len(calls)
        self._next = 0
        self._workers = min(pace.limit, len(calls))
        self._error: BaseException | None = None
        self._lock = threading.Lock()

    def lead(self) -> None:
        """Work in the calling thread, which stays to the end at any pace, and in helpers."""
        for _ in range(self._workers - 1):
            self._helpers.add(self._help)
        self._drain(self._take)

    def stop(self, error: BaseException) -> None:
        with self._lock:
            if self._error is None:
                self._error = error

    def results(self) -> Sequence[T]:
        if self._error is not None:
            raise self._error
        return cast("Sequence[T]", self._results)

    def _help(self) -> None:
        self._drain(self._take_in_pace)

    def _drain(self, take: Callable[[], int | None]) -> None:
        try:
            while (index := take()) is not None:
                self._results[index] = self._calls[index]()
        except BaseException as error:
            self.stop(error)
            # An interrupt leaves the thread that it struck, whatever has failed before it.
            if not isinstance(error, Exception):
                raise

    def _take_in_pace(self) -> int | None:
        return None if self._is_too_many() else self._take()

    def _is_too_many(self) -> bool:
        if self._workers <= self._pace.limit:
            return False
        with self._lock:
            too_many = self._workers > self._pace.limit
            self._workers -= too_many
            return too_many

    def _take(self) -> int | None:
        with self._lock:
            index = self._next
            if self._error is not None or index == len(self._calls):
                return None
            self._next += 1
            if self._workers < min(self._pace.limit, len(self._calls) - index):
                self._workers += 1
                self._helpers.add(self._help)
            return index
