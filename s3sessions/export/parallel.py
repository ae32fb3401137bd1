"""Work in threads with bounds: calls are taken as there is room, so memory does not grow.

Results come to the calling thread; the first error is raised there, once what had begun has ended.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

__all__ = ["in_lanes", "in_order"]

T = TypeVar("T")

_PREFIX: Final = "s3sessions"


def in_order(calls: Iterable[Callable[[], T]], *, width: int) -> Generator[T, None, None]:
    """Run `width` calls at a time and give their results in the order of the calls."""
    executor = ThreadPoolExecutor(width, thread_name_prefix=_PREFIX)
    ahead: deque[Future[T]] = deque()
    try:
        for call in calls:
            if len(ahead) == width:
                yield ahead.popleft().result()
            ahead.append(executor.submit(call))
        while ahead:
            yield ahead.popleft().result()
    finally:
        executor.shutdown(cancel_futures=True)


def in_lanes(
    calls: Iterable[tuple[str, Callable[[], T]]], *, width: int, stop: threading.Event
) -> Generator[T, None, None]:
    """Run `width` calls at a time, those of one lane one after the other and in order.

    Results come as they end. At most twice `width` calls are held, so that a busy lane leaves
    the other threads something to do.

    Args:
        calls: each with the name of its lane.
        width: threads.
        stop: set when no more results are wanted, an error or an interruption included; a long
            call looks at it.
    """
    lanes = _Lanes[T](width)
    try:
        for lane, call in calls:
            lanes.put(lane, call)
            while lanes.held >= 2 * width or lanes.has_result:
                yield lanes.take()
        while lanes.held:
            yield lanes.take()
    finally:
        stop.set()
        lanes.close()


class _Lanes(Generic[T]):
    """The calls that are held: one of each lane is with the threads, the others wait for it."""

    def __init__(self, width: int) -> None:
        self._executor = ThreadPoolExecutor(width, thread_name_prefix=_PREFIX)
        self._finished: SimpleQueue[tuple[str, Future[T]]] = SimpleQueue()
        self._waiting: dict[str, deque[Callable[[], T]]] = {}
        self.held = 0

    @property
    def has_result(self) -> bool:
        return not self._finished.empty()

    def put(self, lane: str, call: Callable[[], T]) -> None:
        self.held += 1
        if lane in self._waiting:
            self._waiting[lane].append(call)
        else:
            self._waiting[lane] = deque()
            self._start(lane, call)

    def _start(self, lane: str, call: Callable[[], T]) -> None:
        future = self._executor.submit(call)
        future.add_done_callback(lambda done: self._finished.put((lane, done)))

    def take(self) -> T:
        """Wait for the next result, and let the next call of its lane begin."""
        lane, future = self._finished.get()
        self.held -= 1
        result = future.result()
        if self._waiting[lane]:
            self._start(lane, self._waiting[lane].popleft())
        else:
            del self._waiting[lane]
        return result

    def close(self) -> None:
        self._executor.shutdown(cancel_futures=True)
