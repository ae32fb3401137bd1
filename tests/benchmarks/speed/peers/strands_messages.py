"""Strands' S3SessionManager, which keeps each message as an object."""

from __future__ import annotations

from typing import Any

from strands.session.s3_session_manager import S3SessionManager
from strands.types.session import SessionAgent, SessionMessage

from tests.benchmarks.speed.peer import LAST, Act, Place, message

AGENT = "default"


class StrandsMessages:
    """The verbs that its hooks call; what an agent does beside them is no part of it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._managers: dict[str, S3SessionManager] = {}

    def begin(self, session: str) -> Act:
        def act() -> list[Any]:
            manager = self._manager(session)
            agent = SessionAgent(agent_id=AGENT, state={}, conversation_manager_state={})
            manager.create_agent(session, agent)
            return [self._create(session, 0)]

        return act

    def append(self, session: str, size: int) -> Act:
        # The constructor reads session.json.
        self._manager(session)

        def act() -> list[Any]:
            nonlocal size
            size += 1
            return [self._create(session, size)]

        return act

    def restore(self, session: str) -> Act:
        manager = self._manager(session)
        return lambda: manager.list_messages(session, AGENT)

    def last(self, session: str, size: int) -> Act:
        manager = self._manager(session)
        return lambda: manager.list_messages(session, AGENT, limit=LAST, offset=size - LAST)

    def delete(self, session: str) -> Act:
        manager = self._manager(session)

        def act() -> list[Any]:
            manager.delete_session(session)
            return []

        return act

    def _manager(self, session: str) -> S3SessionManager:
        if session not in self._managers:
            # They would not share a client, so it is the first one's for all of them.
            first = next(iter(self._managers.values()), None)
            self._managers[session] = first or S3SessionManager(
                session, self._place.bucket, endpoint_url=self._place.endpoint_url
            )
        return self._managers[session]

    def _create(self, session: str, number: int) -> Any:
        content: Any = message(number)
        stored = SessionMessage.from_message(content, number)
        return self._manager(session).create_message(session, AGENT, stored)
