"""The stage of one simulation: a store, its weather, and the processes that play on it."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from s3sessions.aio import AsyncAgentSession, AsyncSessions
from s3sessions.blocks import block_of
from s3sessions.errors import CorruptObject, S3SessionsError
from s3sessions.keys import Root
from s3sessions.segments import Segment
from s3sessions.settings import Settings
from s3sessions.testing.faults import Crash
from s3sessions.testing.simulate.blocks import SIZES
from s3sessions.testing.simulate.ledger import AGENT, CHILD, SESSION, Ledger
from s3sessions.testing.simulate.objects import Objects
from s3sessions.testing.simulate.requests import Trace
from s3sessions.testing.simulate.scheduler import START, Pause, Process, Scheduler
from s3sessions.testing.simulate.store import SimulatedStore
from s3sessions.testing.simulate.weather import Weather

_NO_LOOP: Final[Any] = object()
_SETTINGS: Final = Settings()
TRUST: Final = _SETTINGS.trust
"""Seconds for which a handle believes what it knows."""

_SKEWS: Final = (0.0, 0.0, 0.0, 20.0, -20.0, 3600.0, -3600.0)


@dataclass(frozen=True)
class Role:
    """What one process has to play its part with.

    Attributes:
        name: of the actor.
        sessions: the public face over the simulated store.
        rng: for choices of the script.
        ledger: where it writes down what it does and sees.
        leisure: seconds that it mostly waits between two things, at most.
        clock: the time as this process believes it to be.
    """

    name: str
    sessions: AsyncSessions
    rng: random.Random
    ledger: Ledger
    leisure: float
    clock: Callable[[], float]

    def open(self, on_conflict: Any = None) -> AsyncAgentSession:
        """Open the one history that everybody works on."""
        return self.sessions.open(SESSION, AGENT, on_conflict=on_conflict)

    def open_child(self) -> AsyncAgentSession:
        """Open the history of the session that is forked off it."""
        return self.sessions.open(CHILD, AGENT)

    @property
    def on_corrupt(self) -> Literal["raise", "report"]:
        """What to do with a batch of which a deletion took the members before its commit came."""
        return "report" if self.ledger.demolitions else "raise"

    async def idle(self) -> None:
        """Do something else for a while: mostly short, sometimes past every lease and trust."""
        longest = self.leisure
        if self.rng.random() < 0.05:
            longest = self.rng.choice((120.0, 9000.0))
        await Pause(self.rng.random() * longest)


Play: TypeAlias = Callable[[Role], Coroutine[Any, Any, None]]


class Stage:
    """Everything of one simulation; all choices come from the one seed.

    Attributes:
        rng: the source of every choice.
        scheduler: who runs next.
        objects: what the store holds.
        weather: what befalls requests.
        ledger: what the actors did and saw.
        epilogue: what plays in calm weather, when everybody has ended.
    """

    def __init__(self, seed: str, trace: Callable[[str], None] | None) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - it is to be repeated, not to be secret
        self.scheduler = Scheduler(self.rng)
        self.weather = Weather.draw(self.rng)
        self.ledger = Ledger(lambda: self.scheduler.tick)
        self.objects = Objects(lambda: self.scheduler.now, lambda: self.scheduler.tick)
        self.epilogue: Play | None = None
        self._trace = None if trace is None else self._timed(trace)
        self._leisure = self.rng.choice((0.0, 0.05, 0.05, 0.5, 5.0, 120.0))
        self._page = self.rng.choice((2, 3, 5, 1000))

    def _timed(self, trace: Callable[[str], None]) -> Trace:
        return lambda line: trace(f"{self.scheduler.now - START:12.3f} {line}")

    def say(self, line: str) -> None:
        """Write a line into the trace."""
        if self._trace is not None:
            self._trace(line)

    def enter(self, name: str, play: Play, *, after: float = 0.0, lives: int = 3) -> None:
        """Let a process begin; one that crashes is mostly begun again, by another machine."""
        skew, pace = self.rng.choice(_SKEWS), self.rng.choice((0.02, 0.02, 0.2, 2.0))
        process = Process(self.scheduler, name, pace=pace, skew=skew)
        sessions = self._sessions(process)
        role = Role(name, sessions, self.rng, self.ledger, self._leisure, process.clock)

        def begin_again() -> None:
            self.say(f"{name:<12} is dead")
            if lives > 1 and self.rng.random() < 0.8:
                delay = self.rng.choice((0.0, 1.0, 600.0, 5000.0)) * self.rng.random()
                self.scheduler.at(
                    self.scheduler.now + delay, lambda: self.enter(name, play, lives=lives - 1)
                )

        def begin() -> None:
            process.spawn(play(role), self._ended(name))

        process.on_death = begin_again
        self.scheduler.at(self.scheduler.now + after, begin)

    def _sessions(self, process: Process) -> AsyncSessions:
        rng = self.rng
        way = rng.random()
        store = SimulatedStore(
            self.objects,
            process,
            self.weather,
            self._trace,
            page=self._page,
            parallel=way < 0.3,
            lists_in_parts=way > 0.5,
            # Of the same draw: another one would make other schedules of all seeds.
            deletes_if_match=int(way * 100) % 2 == 0,
            width=rng.choice((1, 2, 32)),
            cancels=rng.random() < 0.5,
        )
        return AsyncSessions(
            store=store, settings=_SETTINGS, clock=process.clock, entropy=rng.randbytes
        )

    def _ended(self, name: str) -> Callable[[Any, BaseException | None], None]:
        def end(_: Any, error: BaseException | None) -> None:
            if error is None or isinstance(error, Crash):
                return
            if not isinstance(error, Exception):
                raise error
            if isinstance(error, CorruptObject) and self.ledger.demolitions:
                return
            kind = error.kind if isinstance(error, S3SessionsError) else type(error).__name__
            self.ledger.surprises.append(f"{name} got {kind}: {error}")

        return end

    def plant(
        self, count: int, *, life: str | None = None, age: float = 0.0, packed: int = 0
    ) -> None:
        """Put messages and documents there, as earlier invocations have left them.

        Args:
            count: of the messages; one may be lacking.
            life: that session.json names.
            age: seconds since they were stored.
            packed: how many of the first of them are packed, if they are all there.
        """
        if not count:
            return
        self.scheduler.now -= age
        self._plant(count, life)
        for start in range(0, packed, SIZES[0]):
            self._pack(block_of(start), life)
        self.scheduler.now += age

    def _plant(self, count: int, life: str | None) -> None:
        root = f"session_{SESSION}/"
        agent = f"{root}agents/agent_{AGENT}/"
        stamp = {"v": 1} if life is None else {"v": 1, "life": life}
        born = {"session_id": SESSION, "created_at": "2026-01-01T00:00:00+00:00"}
        self._put(f"{root}session.json", {**born, "s3sessions": stamp})
        self._put(f"{agent}agent.json", {"agent_id": AGENT, "state": {}, "s3sessions": {"v": 1}})
        # One may have been removed by hand.
        hole = self.rng.randrange(count) if count > 1 and self.rng.random() < 0.2 else count
        planted = [index for index in range(count) if index not in (hole, count - 1)]
        planted.append(count - 1)
        for index in planted:
            self._plant_message(agent, index, {"write_id": f"planted-{index}"})
        if self.rng.random() < 0.25:
            # What a batch left whose commit lost against the last message that is there.
            batch = {"id": "dead", "commit": count - 1, "position": 1}
            for index in self.rng.sample(range(count, count + 4), 2):
                self._plant_message(agent, index, {"write_id": f"d{index}", "batch": batch})
        self.ledger.plant(f"p{index}" for index in planted)

    def _pack(self, block: range, life: str | None) -> None:
        agent = Root("").session(SESSION).agent(AGENT)
        loose = [agent.message(index) for index in block]
        if not set(loose) <= set(self.objects.keys()):
            return
        lines = [self.objects.get(key).data for key in loose]
        self.objects.put(agent.segment(block), Segment.of(block, lines, life).encode(), None)
        for key in loose:
            self.objects.delete(key, None)

    def _plant_message(self, agent: str, index: int, stamp: dict[str, Any]) -> None:
        body = {"message": {"token": f"p{index}"}, "message_id": index}
        key = f"{agent}messages/message_{index}.json"
        self._put(key, {**body, "s3sessions": {"v": 1, **stamp}})

    def _put(self, key: str, body: dict[str, Any]) -> None:
        self.objects.put(key, json.dumps(body).encode(), None)


@contextmanager
def no_event_loop() -> Iterator[None]:
    """Let the async face run where there is no event loop.

    All that it asks of one is to be the same as last time; its locks are never contended, for
    every handle here belongs to one task.
    """
    outside = asyncio._get_running_loop()
    asyncio._set_running_loop(_NO_LOOP)
    try:
        yield
    finally:
        asyncio._set_running_loop(outside)
