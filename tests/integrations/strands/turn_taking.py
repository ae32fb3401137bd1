"""What tests of turns see and do: who waits, who has the turn, and what a model has heard."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from strands import Agent

from s3sessions import PreconditionFailed, Sessions
from s3sessions.ports import Observer
from s3sessions.stores.memory import MemoryStore
from tests.integrations.strands.agents import texts
from tests.integrations.strands.shared_store import TIMEOUT, SharedStore
from tests.interposed import Interposed

LEASE = "session_s/agents/agent_default/lease.json"


class Watched(Interposed):
    """A store that tells of those who would have the turn while another has it.

    Whoever sleeps in it, and so takes a thread, sleeps until the test is over.

    Attributes:
        refused: released once for each time that one of them was refused.
        over: set at the end of a test in which many wait.
    """

    def __init__(self) -> None:
        super().__init__(MemoryStore(), self._watch)
        self.refused = threading.Semaphore(0)
        self.over = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.over.wait(TIMEOUT)

    def observed(self, observer: Observer) -> Watched:
        return self

    def _watch(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except PreconditionFailed:
            if key == LEASE:
                self.refused.release()
            raise

    async def until_refused(self, count: int = 1) -> None:
        """Wait until so many were refused; the loop goes on meanwhile."""
        for _ in range(count):
            assert await asyncio.to_thread(self.refused.acquire, timeout=TIMEOUT)


def heard(agent: Agent) -> list[list[str]]:
    """What the agent's model was told, call by call."""
    model: Any = agent.model
    return [texts(messages) for messages in model.heard]


def claim(shared: SharedStore, **arguments: Any) -> Any:
    """Take the turn as a process that does not give it back."""
    turn = Sessions(store=shared.store, clock=shared.clock).open("s").turn(**arguments)
    return turn.__enter__()


async def until(event: threading.Event) -> None:
    """Wait for an event of another thread; the loop goes on meanwhile."""
    assert await asyncio.to_thread(event.wait, TIMEOUT)
