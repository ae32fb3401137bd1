"""A place on which storages are tested, and agents that answer offline."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from strands import Agent
from strands.session import SnapshotSessionManager

from s3sessions.integrations.strands import S3SessionsStorage
from tests.behaviour.conftest import make_rig
from tests.interop.test_strands import Echo
from tests.rig import Rig

T = TypeVar("T")

STORES = ("memory", "local", "stub", "weed")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a verb on an event loop of its own, as Strands does for agents in blocking code."""
    return asyncio.run(coroutine)


class StoragePlace:
    """A fresh, empty place, and storages on it."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self._opened: list[S3SessionsStorage] = []

    @classmethod
    def make(cls, request: pytest.FixtureRequest, store: str, folder: Path) -> StoragePlace:
        return cls(make_rig(request, store, "sync", folder))

    def storage(self, **options: Any) -> S3SessionsStorage:
        """Open the place anew, as another process would: nothing is known."""
        store: dict[str, Any] = {} if self.rig.url else {"store": self.rig.raw}
        storage = S3SessionsStorage(self.rig.url, **store, **{**self.rig.options, **options})
        self._opened.append(storage)
        return storage

    def close(self) -> None:
        for storage in self._opened:
            storage.close()
        self.rig.close()


def agent_on(storage: S3SessionsStorage, session_id: str = "order-42", **options: Any) -> Agent:
    """An agent as a process starts it: restored, if there is anything to restore."""
    manager = SnapshotSessionManager(session_id, storage=storage, **options)
    return Agent(model=Echo(), session_manager=manager, callback_handler=None)


def texts(agent: Agent) -> list[str]:
    return [message["content"][0]["text"] for message in agent.messages]
