"""The handles of a store on its sessions."""

from __future__ import annotations

import threading
from collections import OrderedDict

from s3sessions.errors import InvalidSettings
from s3sessions.integrations.session_store.place import Place
from s3sessions.sync import AgentSession


class Handles:
    """The handles that were used last, at most so many; they append behind others' messages."""

    def __init__(self, place: Place, agent: str, most: object) -> None:
        if isinstance(most, bool) or not isinstance(most, int) or most < 1:
            raise InvalidSettings(f"handles={most!r}: must be a whole number, 1 or more")
        self._place = place
        self._agent = agent
        self._most = most
        self._held: OrderedDict[str, AgentSession] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, session_key: str) -> AgentSession:
        """Make a handle that nobody else has."""
        return self._place.sessions().open(session_key, self._agent, on_conflict="rebase")

    def get(self, session_key: str) -> AgentSession:
        """Give the handle of a session."""
        with self._lock:
            held = self._held.get(session_key)
            if held is None:
                held = self._held[session_key] = self.open(session_key)
            self._held.move_to_end(session_key)
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        return held

    def drop(self, session_key: str) -> None:
        """Know nothing of a session any more."""
        with self._lock:
            self._held.pop(session_key, None)
