"""All sessions as the model has them, and the verbs that need no handle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from s3sessions import AlreadyExists, SessionNotFound
from tests.machine.model import SessionModel

Address: TypeAlias = tuple[str, str]
"""The name that a session is `under`, or nothing, and its id."""


@dataclass
class World:
    """One value, so that a copy of it is what the store would hold had a verb not begun."""

    sessions: dict[Address, SessionModel] = field(default_factory=dict)

    def session(self, address: Address) -> SessionModel:
        return self.sessions.setdefault(address, SessionModel())

    def there(self, under: str) -> dict[str, SessionModel]:
        """Give the sessions that a list shows."""
        return {
            session_id: session
            for (name, session_id), session in self.sessions.items()
            if name == under and session.is_there
        }

    def create(self, address: Address) -> None:
        session = self.session(address)
        if session.has_document:
            raise AlreadyExists("")
        session.has_document = True

    def delete(self, address: Address, agent_id: str | None) -> None:
        session = self.session(address)
        if agent_id is None:
            if not session.is_there:
                raise SessionNotFound("")
            session.erase()
            return
        agent = session.agent(agent_id)
        if not (agent.is_there or agent.is_deleting):
            raise SessionNotFound("")
        session.erase_agent(agent_id)
