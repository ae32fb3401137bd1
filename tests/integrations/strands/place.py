"""A fresh, empty place, and session managers on it as processes make them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from strands import Agent

from s3sessions.integrations.strands import S3SessionManager
from s3sessions.ports import SyncStore
from s3sessions.stores.memory import MemoryStore
from tests.behaviour.conftest import make_rig
from tests.integrations.strands.agents import Step, agent_of, texts
from tests.rig import Rig

STORES = ("memory", "stub")

SESSION = "session_s/session.json"
AGENT = "session_s/agents/agent_default"


class Place:
    """A place in a store; each manager on it knows nothing of the others."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    @classmethod
    def over(cls, store: SyncStore | None = None) -> Place:
        """A place in memory, or on a store that fails or is watched."""
        return cls(Rig("memory", "sync", None, {}, store or MemoryStore()))

    @classmethod
    def make(cls, request: pytest.FixtureRequest, store: str, folder: Path) -> Place:
        return cls(make_rig(request, store, "sync", folder))

    def manager(self, session_id: str = "s", **options: Any) -> S3SessionManager:
        """A manager: on S3 built with Strands' own arguments, elsewhere over sessions."""
        if self.rig.url is None:
            return S3SessionManager(session_id, sessions=self.rig.sessions(), **options)
        url, reached = urlsplit(self.rig.url), self.rig.options
        return S3SessionManager(
            session_id,
            url.netloc,
            url.path.strip("/"),
            region_name=reached["region"],
            endpoint_url=reached["endpoint_url"],
            **options,
        )

    def agent(self, session_id: str = "s", *steps: Step, **arguments: Any) -> Agent:
        """An agent as a process starts it."""
        return agent_of(self.manager(session_id), *steps, **arguments)

    def pair(self, *steps: Step, **arguments: Any) -> tuple[S3SessionManager, Agent]:
        """A manager and its agent, for what one does to the other."""
        manager = self.manager()
        return manager, agent_of(manager, *steps, **arguments)

    def stored(self, index: int) -> dict[str, Any]:
        """What an object of session `s` says of its message."""
        message: dict[str, Any] = self.document(message_key(index))["message"]
        return message

    def stored_texts(self) -> list[str]:
        """What the message objects of session `s` say, by index."""
        return texts(map(self.stored, self.indexes()))

    def indexes(self) -> list[int]:
        """Of the message objects of session `s`."""
        found = [key for key in self.rig.keys() if key.startswith(f"{AGENT}/messages/message_")]
        return sorted(int(key.rpartition("_")[2].removesuffix(".json")) for key in found)

    def full(self, key: str) -> str:
        """The key as errors say it."""
        return self.rig.prefix + key

    def document(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.rig.body(key))
        return found

    def holds(self, text: str) -> bool:
        """Tell whether any object has this text in it."""
        return any(text.encode() in self.rig.body(key) for key in self.rig.keys())

    def close(self) -> None:
        self.rig.close()


def message_key(index: int) -> str:
    return f"{AGENT}/messages/message_{index}.json"


def message(role: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    """A message as a framework has it."""
    return {"role": role, "content": list(blocks)}


def user(text: str) -> dict[str, Any]:
    return message("user", {"text": text})


def assistant(text: str) -> dict[str, Any]:
    return message("assistant", {"text": text})
