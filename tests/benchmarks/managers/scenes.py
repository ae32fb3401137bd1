"""What is measured: short lives of sessions, each a few rows of the table."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from strands import Agent

from tests.benchmarks.managers.contender import Contender
from tests.benchmarks.managers.model import WANTS_TOOL, OfflineModel
from tests.benchmarks.managers.stopwatch import Reading, Stopwatch
from tests.benchmarks.managers.stored import StoredSession

Readings: TypeAlias = Mapping[str, Reading]
Scene: TypeAlias = Callable[[Contender, Stopwatch], Readings]

PROMPT = "What a person asks in one sentence, or in two. " * 4
AGENTS = 10
TICK = 0.001


def new_session(contender: Contender, watch: Stopwatch) -> Readings:
    """Begin a session, and take four turns of different kinds in it."""
    session_id = uuid.uuid4().hex
    watch.start()
    agent = contender.agent(session_id)
    readings = {"build a manager and its agent, new session": watch.lap()}
    agent(PROMPT)
    readings["the same, and the first turn"] = watch.stop()
    readings["a later turn, text"] = _turn(agent, watch)
    agent.state.set("step", 1)
    readings["a later turn, `agent.state` changed before it"] = _turn(agent, watch)
    readings["a later turn with one tool call"] = _turn(agent, watch, WANTS_TOOL)
    # Fast is only what has kept all of it.
    assert _texts(contender.agent(session_id)) == _texts(agent)
    return readings


def _texts(agent: Agent) -> list[str | None]:
    return [message["content"][0].get("text") for message in agent.messages]


def _turn(agent: Agent, watch: Stopwatch, prompt: str = PROMPT) -> Reading:
    watch.start()
    agent(prompt)
    return watch.stop()


class Restore:
    """Go on with a stored session in a new manager, up to the first call of the model."""

    def __init__(self, stored: StoredSession) -> None:
        self._stored = stored

    def __call__(self, contender: Contender, watch: Stopwatch) -> Readings:
        calls: list[Reading] = []
        model = OfflineModel(on_call=lambda: calls.append(watch.lap()))
        size = len(self._stored.texts)
        watch.start()
        agent = contender.agent(self._stored.id, model)
        assert len(agent.messages) == size
        restored = watch.lap()
        assert _texts(agent) == self._stored.texts
        agent(PROMPT)
        self._stored.put_back()
        return {
            f"restore {size:,} messages": restored,
            f"the same, up to the first model call, {size:,} messages": calls[0],
        }


def agents_at_once(contender: Contender, watch: Stopwatch) -> Readings:
    """Let agents with new sessions share an event loop, one turn each."""
    return asyncio.run(_agents_at_once(contender, watch))


async def _agents_at_once(contender: Contender, watch: Stopwatch) -> Readings:
    watch.start()
    agents = [contender.agent() for _ in range(AGENTS)]
    built = watch.lap()
    with _ticker() as gaps:
        await asyncio.gather(*(agent.invoke_async(PROMPT) for agent in agents))
    done = watch.stop()
    return {
        f"{AGENTS} agents at once on one event loop: build, and a first turn each": done,
        f"{AGENTS} agents at once on one event loop: the turns alone": done.since(built),
        f"{AGENTS} agents at once: longest that their turns held the loop up": Reading(max(gaps)),
    }


@contextlib.contextmanager
def _ticker() -> Iterator[list[float]]:
    """Note how many milliseconds each tick of the event loop came late."""
    gaps: list[float] = []
    last = time.perf_counter()

    def note() -> None:
        nonlocal last
        now = time.perf_counter()
        gaps.append((now - last - TICK) * 1000)
        last = now

    async def tick() -> None:
        while True:
            await asyncio.sleep(TICK)
            note()

    task = asyncio.ensure_future(tick())
    try:
        yield gaps
    finally:
        task.cancel()
        note()
