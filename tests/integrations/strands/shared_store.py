"""One store, and the processes that share it: each opens it anew, in blocking or in async code."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from strands import Agent

from s3sessions import AsyncSessions, Sessions
from s3sessions.integrations.strands import S3SessionManager
from s3sessions.ports import Clock, Request, SyncStore, system_clock
from s3sessions.stores.memory import MemoryStore
from s3sessions.stores.threaded import ThreadedStore
from tests.integrations.strands.agents import Step, agent_of, texts
from tests.rig import Colour

TIMEOUT = 30
"""Seconds after which what waits for something else gives up: never, unless the code is broken."""


class SharedStore:
    """A store in memory, or a wrapper around one.

    Attributes:
        store: itself, to plant and to inspect objects.
        requests: of all processes, as the port's observer is told.
        clock: of all processes that open it from now on.
    """

    def __init__(self, colour: Colour = "sync", store: SyncStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.requests: list[Request] = []
        self.clock: Clock = system_clock
        self._colour = colour

    def sessions(self) -> Any:
        """Open the store as another process would: nothing is known."""
        given: dict[str, Any] = {"on_request": self.requests.append, "clock": self.clock}
        if self._colour == "sync":
            return Sessions(store=self.store, **given)
        return AsyncSessions(store=_Threaded(self.store), **given)

    def manager(self, session_id: str = "s", **options: Any) -> S3SessionManager:
        """The manager of another process."""
        return S3SessionManager(session_id, sessions=self.sessions(), **options)

    def agent(self, *steps: Step, session_id: str = "s", **options: Any) -> Agent:
        """The agent of another process; the options are its manager's."""
        return agent_of(self.manager(session_id, **options), *steps)

    def fill(self, *said: str, session_id: str = "s") -> None:
        """Let somebody have said this, in turn with an assistant."""
        chat = Sessions(store=self.store).open(session_id)
        for n, text in enumerate(said):
            chat.append({"role": ("user", "assistant")[n % 2], "content": [{"text": text}]})

    def stored(self, session_id: str = "s", agent: str = "default") -> list[dict[str, Any]]:
        """The stored messages."""
        return Sessions(store=self.store).open(session_id, agent).restore().payloads

    def stored_texts(self, session_id: str = "s") -> list[str]:
        return texts(self.stored(session_id))

    def state(self, session_id: str = "s") -> dict[str, Any]:
        """The stored state."""
        return Sessions(store=self.store).open(session_id).restore().state

    def keys(self) -> list[str]:
        return [entry.key for entry in self.store.list("").entries]

    def cost(self, act: Callable[[], object]) -> dict[str, int]:
        """Count the requests of an action, by verb."""
        self.requests.clear()
        act()
        return dict(Counter(request.verb for request in self.requests))


class _Threaded(ThreadedStore):
    """Waits as the store under it does, which may be a test's."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.to_thread(self._store.sleep, seconds)


class Gate:
    """A place at which requests wait until whoever tests lets them through.

    Attributes:
        reached: set once somebody waits.
    """

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()

    def wait(self) -> None:
        self.reached.set()
        assert self._open.wait(TIMEOUT), "nobody opened the gate"

    def open(self) -> None:
        self._open.set()
