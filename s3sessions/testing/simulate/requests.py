"""One request on its way to the store and back: it arrives whether its sender still waits or not.

It suspends its sender twice, before it takes effect and before the answer is seen, so that anybody
may do anything in between. What the weather has in store for it happens here.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Final

from s3sessions.errors import PreconditionFailed, S3SessionsError, StoreUnavailable, WriteRace
from s3sessions.ports import Blob, Entry, Page
from s3sessions.testing.faults import Crash, Fault
from s3sessions.testing.simulate.scheduler import Process, Task
from s3sessions.testing.simulate.weather import LATEST, Weather

Trace = Callable[[str], None]

_NO_EFFECT: Final = {
    Fault.REFUSED: "503 SlowDown",
    Fault.FAILED: "500 InternalError",
    Fault.CUT: "connection closed before the request was sent",
    Fault.STORM: "503 SlowDown",
    Fault.TRUNCATED: "the body broke off",
}


class Exchange:
    """A request and its answer; awaited once.

    Args:
        process: who sends it.
        weather: what may befall it.
        trace: told of each step, or None.
        verb: of the port.
        what: how the trace calls the object and the condition.
        effect: what the store does, in one instant.
        conditional: whether the effect depends on what is there.
    """

    __slots__ = (
        *("_conditional", "_effect", "_fault", "_is_lost", "_outcome", "_process"),
        *("_sent", "_task", "_trace", "_verb", "_weather", "_what", "processing"),
    )

    def __init__(
        self,
        process: Process,
        weather: Weather,
        trace: Trace | None,
        verb: str,
        what: str,
        effect: Callable[[Exchange], Any],
        *,
        conditional: bool = False,
    ) -> None:
        self._process = process
        self._weather = weather
        self._trace = trace
        self._verb = verb
        self._what = what
        self._effect = effect
        self._conditional = conditional
        self._outcome: Any = None
        self._fault: Fault | None = None
        self._task: Task | None = None
        self._sent: float | None = None
        self._is_lost = False
        self.processing = 0.0

    def __await__(self) -> Generator[Exchange, None, Any]:
        if not self._process.alive:
            raise Crash
        yield self
        if isinstance(self._outcome, S3SessionsError):
            raise self._outcome
        return self._outcome

    def met(self, fault: Fault) -> bool:
        """Tell whether this befalls the request."""
        return self._fault is fault

    def begin(self, task: Task) -> None:
        """Send the request, now or when its process wakes."""
        self._task = task
        process, scheduler = self._process, self._process.scheduler
        self._fault = self._weather.fault(self._verb, scheduler.now, conditional=self._conditional)
        if self._fault is Fault.STALL:
            process.stalled_until = (
                max(process.stalled_until, scheduler.now) + self._weather.stall()
            )
            self._say(f"stalls until {process.stalled_until - scheduler.now:,.0f} s later")
        if process.stalled_until > scheduler.now:
            scheduler.at(process.stalled_until, self._depart)
        else:
            self._depart()

    def abandon(self) -> None:
        """Its sender is dead or was cancelled: what is under way arrives, late, or is lost."""
        self._task = None
        if self._sent is None or self._weather.rng.random() < 0.3:
            self._is_lost = True

    def _depart(self) -> None:
        if self._is_lost:
            return
        process, scheduler = self._process, self._process.scheduler
        if process.stalled_until > scheduler.now:
            scheduler.at(process.stalled_until, self._depart)
            return
        self._sent = scheduler.now
        if self._fault is Fault.LATE:
            self._answer_late()
        elif self._fault is Fault.CRASH_BEFORE:
            self._say("dies before it is sent")
            scheduler.at(scheduler.now, process.kill)
        else:
            scheduler.at(scheduler.now + process.latency(), self._arrive)

    def _answer_late(self) -> None:
        """Give the sender no answer in time, and let the request arrive before that or after."""
        scheduler, rng = self._process.scheduler, self._weather.rng
        patience = rng.uniform(1.0, 60.0)
        self._outcome = StoreUnavailable("no answer in time", key=self._what)
        scheduler.at(scheduler.now + patience, partial(self._reply, 0.0))
        if rng.random() < 0.75:
            scheduler.at(scheduler.now + rng.uniform(patience / 2, LATEST), self._arrive_late)

    def _arrive_late(self) -> None:
        self._say("arrives late: ", self._take_effect())

    def _arrive(self) -> None:
        process, scheduler, rng = self._process, self._process.scheduler, self._weather.rng
        if self._is_lost:
            return
        if self._task is None and rng.random() < 0.4:
            scheduler.at(scheduler.now + rng.uniform(0.0, LATEST / 2), self._arrive_late)
            return
        self._outcome = self._befall()
        if self._fault is Fault.CRASH_AFTER:
            self._say("dies before it sees the answer")
            scheduler.at(scheduler.now, process.kill)
        elif self._fault is Fault.REPEATED:
            self._say("answer lost, sent again by the client: ", self._outcome)
            pause = rng.choice((0.0, 1.0, 20.0)) + self.processing + process.latency()
            scheduler.at(scheduler.now + pause, self._arrive_again)
        else:
            self._reply(self.processing + process.latency())

    def _befall(self) -> Any:
        """Take effect, or not, as the fault says; give what the sender will see."""
        fault = self._fault
        if fault in _NO_EFFECT:
            return StoreUnavailable(_NO_EFFECT[fault], key=self._what)
        if fault is Fault.RACE:
            return WriteRace("409 ConditionalRequestConflict", key=self._what)
        outcome = self._take_effect()
        if fault is Fault.LOST_ANSWER:
            self._say("answer lost: ", outcome)
            return StoreUnavailable("the answer was lost", key=self._what)
        return outcome

    def _arrive_again(self) -> None:
        if self._process.alive:
            self._outcome = self._take_effect()
            self._reply(self.processing + self._process.latency())

    def _take_effect(self) -> Any:
        try:
            return self._effect(self)
        except S3SessionsError as error:
            return error

    def _reply(self, after: float) -> None:
        if self._task is None:
            return
        self._say("", self._outcome)
        scheduler = self._process.scheduler
        scheduler.at(scheduler.now + after, partial(self._task.wake, self))

    def _say(self, text: str, outcome: Any = None) -> None:
        if self._trace is not None:
            shown = "" if outcome is None and text else _shown(outcome)
            self._trace(f"{self._process.name:<12} {self._verb} {self._what} -> {text}{shown}")


def _shown(outcome: Any) -> str:
    """Say what a request came to; never what an object holds."""
    if isinstance(outcome, PreconditionFailed):
        return "412"
    if isinstance(outcome, S3SessionsError):
        return outcome.message
    if isinstance(outcome, Blob):
        return f"200 {outcome.etag}"
    if isinstance(outcome, Page):
        outcome = outcome.entries
    if isinstance(outcome, list) and outcome and isinstance(outcome[0], Entry):
        names = (entry.key.rpartition("/")[2].removesuffix(".json") for entry in outcome)
        return f"200 {' '.join(names)}"
    return f"200 {outcome}" if isinstance(outcome, str) else "200"
