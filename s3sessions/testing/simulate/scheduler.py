"""Who runs next: coroutines stepped one at a time, in an order that one seed decides.

Time is simulated: the scheduler takes the next event from a queue and sets the clock to it. Events
at the same moment come in random order. Nothing here knows stores or sessions.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from s3sessions.testing.faults import Crash

T = TypeVar("T")

START: Final = 1_750_000_000.0
"""When every simulation begins, in seconds since the epoch."""

_MOST_EVENTS: Final = 100_000


class Cancelled(BaseException):
    """What a fan-out throws into the calls that it stops, as an event loop would."""


class EndlessRun(AssertionError):
    """A simulation went on and on: something in it waits for what never comes."""


class Awaited(Protocol):
    """What a task may wait for."""

    def begin(self, task: Task) -> None:
        """Arrange that `task` is stepped once this is over."""

    def abandon(self) -> None:
        """Nobody waits any more."""


class Scheduler:
    """The queue of events and the clock.

    Attributes:
        rng: where every choice of this simulation comes from.
        now: simulated seconds since the epoch.
        tick: events so far; orders what happens at one moment.
        suspensions: times that a task was interrupted to let others run.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.now = START
        self.tick = 0
        self.suspensions = 0
        self._serial = 0
        self._queue: list[tuple[float, float, int, Callable[[], None]]] = []

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Run `action` then; what is due at one moment runs in random order."""
        self._serial += 1
        heapq.heappush(self._queue, (moment, self.rng.random(), self._serial, action))

    def run(self) -> None:
        """Run until nothing is due any more. Raises EndlessRun."""
        queue, last = self._queue, self.tick + _MOST_EVENTS
        while queue:
            self.now, _, _, action = heapq.heappop(queue)
            self.tick += 1
            if self.tick > last:
                raise EndlessRun(f"still busy after {_MOST_EVENTS:,} events")
            action()


class Process:
    """What crashes and stalls as one: its tasks, and the requests that it has under way."""

    def __init__(self, scheduler: Scheduler, name: str, *, pace: float, skew: float) -> None:
        self.scheduler = scheduler
        self.name = name
        self.pace = pace
        self.skew = skew
        self.alive = True
        self.stalled_until = 0.0
        self.on_death: Callable[[], None] | None = None
        self._tasks: dict[Task, None] = {}

    def clock(self) -> float:
        """The time as this process believes it to be."""
        return self.scheduler.now + self.skew

    def latency(self) -> float:
        """Draw how long something takes: mostly little, sometimes a lot."""
        return self.pace * self.scheduler.rng.random() ** 3

    def spawn(
        self,
        coroutine: Coroutine[Any, Any, Any],
        on_end: Callable[[Any, BaseException | None], None],
        context: Context | None = None,
    ) -> Task:
        """Run a coroutine beside all others, in a copy of the context, and tell what came of it."""
        task = Task(self, coroutine, on_end, Context() if context is None else context.copy())
        self._tasks[task] = None
        self.scheduler.at(self.scheduler.now, partial(task.wake, None))
        return task

    def forget(self, task: Task) -> None:
        self._tasks.pop(task, None)

    def kill(self) -> None:
        """Stop everything at once; no line of the process runs after this."""
        if not self.alive:
            return
        self.alive = False
        tasks, self._tasks = list(self._tasks), {}
        for task in reversed(tasks):
            task.drop()
        if self.on_death is not None:
            self.on_death()


class Task:
    """One coroutine of a process."""

    __slots__ = ("_coroutine", "_is_over", "_on_end", "_waiting", "context", "process")

    def __init__(
        self,
        process: Process,
        coroutine: Coroutine[Any, Any, Any],
        on_end: Callable[[Any, BaseException | None], None],
        context: Context,
    ) -> None:
        self.process = process
        self.context = context
        self._coroutine = coroutine
        self._on_end = on_end
        self._waiting: Awaited | None = None
        self._is_over = False

    def wake(self, what: Awaited | None) -> None:
        """Run on, if this is still what the coroutine waits for (None: to begin)."""
        process = self.process
        if self._is_over or what is not self._waiting:
            return
        if process.stalled_until > process.scheduler.now:
            process.scheduler.at(process.stalled_until, partial(self.wake, what))
            return
        self._resume(self._coroutine.send, None)

    def cancel(self) -> None:
        """Throw `Cancelled` into the coroutine where it waits; its request stays under way."""
        if self._waiting is not None:
            self._waiting.abandon()
            self._resume(self._coroutine.throw, Cancelled())
        elif not self._is_over:
            self._coroutine.close()
            self._end(None, Cancelled())

    def drop(self) -> None:
        """End the coroutine without letting it do anything more."""
        self._is_over = True
        if self._waiting is not None:
            self._waiting.abandon()
        # What cleans up by a request meets `Crash`, for its process is dead.
        with suppress(Crash):
            self.context.run(self._coroutine.close)

    def _resume(self, how: Callable[[Any], Any], value: Any) -> None:
        self._waiting = None
        try:
            waiting: Awaited = self.context.run(how, value)
        except StopIteration as stop:
            self._end(stop.value, None)
        except BaseException as error:
            self._end(None, error)
        else:
            self._waiting = waiting
            self.process.scheduler.suspensions += 1
            waiting.begin(self)

    def _end(self, result: Any, error: BaseException | None) -> None:
        self._is_over = True
        self.process.forget(self)
        self._on_end(result, error)


class Pause:
    """Waiting for time to pass."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __await__(self) -> Generator[Pause, None, None]:
        yield self

    def begin(self, task: Task) -> None:
        scheduler = task.process.scheduler
        scheduler.at(scheduler.now + self._seconds, partial(task.wake, self))

    def abandon(self) -> None:
        """Nothing is under way."""


class FanOut:
    """Several calls of one process at the same time, `width` at most.

    Args:
        calls: what to run.
        width: how many run at once.
        cancels: whether the first error cancels the others, as a task group does; if not, it only
            stops what has not begun, as a pool of threads does.
    """

    def __init__(
        self, calls: Sequence[Callable[[], Awaitable[T]]], *, width: int, cancels: bool
    ) -> None:
        self._calls = calls
        self._width = width
        self._cancels = cancels
        self._results: list[Any] = [None] * len(calls)
        self._running: dict[int, Task] = {}
        self._begun = 0
        self._error: BaseException | None = None
        self._parent: Task | None = None

    def __await__(self) -> Generator[FanOut, None, list[Any]]:
        if self._calls:
            yield self
        if self._error is not None:
            raise self._error
        return self._results

    def begin(self, task: Task) -> None:
        self._parent = task
        self._start_more()

    def abandon(self) -> None:
        """The parent is gone: so are the children, whose requests stay under way."""
        self._parent = None
        for child in list(self._running.values()):
            child.cancel()

    def _start_more(self) -> None:
        parent = self._parent
        while (
            parent is not None
            and self._error is None
            and self._begun < len(self._calls)
            and len(self._running) < self._width
        ):
            at = self._begun
            self._begun += 1
            self._running[at] = parent.process.spawn(
                _finish(self._calls[at]), partial(self._end, at), parent.context
            )

    def _end(self, at: int, result: Any, error: BaseException | None) -> None:
        self._running.pop(at, None)
        self._results[at] = result
        if error is not None and self._error is None:
            self._error = error
            if self._cancels:
                for child in list(self._running.values()):
                    child.cancel()
        self._start_more()
        parent = self._parent
        if not self._running and parent is not None:
            self._parent = None
            scheduler = parent.process.scheduler
            scheduler.at(scheduler.now, partial(parent.wake, self))


async def _finish(call: Callable[[], Awaitable[T]]) -> T:
    return await call()
