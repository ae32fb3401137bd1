"""Strands' `SessionRepository`: single objects of a session, read and written by hand.

The manager needs none of these verbs; they are there for programs that use them. Nothing that is
stored is overwritten unseen: a message stands at its index once and for all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from strands.session.session_repository import SessionRepository
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionAgent, SessionMessage, SessionType

from s3sessions.errors import (
    InvalidId,
    InvalidSettings,
    MessageNotFound,
    S3SessionsError,
    SessionNotFound,
)
from s3sessions.integrations.strands.failures import as_strands
from s3sessions.integrations.strands.graphs import state_of
from s3sessions.integrations.strands.ids import checked_id
from s3sessions.models import Message

F = TypeVar("F", bound=Callable[..., Any])


def in_strands_terms(verb: F) -> F:
    """Raise what Strands' contract names: SessionException, and ValueError for bad arguments."""

    @functools.wraps(verb)
    def wrapped(*args: Any, **named: Any) -> Any:
        try:
            return verb(*args, **named)
        except (InvalidId, InvalidSettings):
            raise
        except S3SessionsError as error:
            raise as_strands(error) from None

    return wrapped  # type: ignore[return-value]


class Repository(SessionRepository):
    """The verbs, over `Sessions` that are made when they are first needed."""

    def __init__(self, sessions: Callable[[], Any]) -> None:
        self._make_sessions = sessions

    @functools.cached_property
    def sessions(self) -> Any:
        """The `Sessions` that this works on: lists, deletes, purges, checks and the like."""
        return self._make_sessions()

    @property
    def session_repository(self) -> Repository:
        """This one; Strands' managers have a repository apart."""
        return self

    # Sessions

    @in_strands_terms
    def create_session(self, session: Session, **kwargs: Any) -> Session:
        """Create a session. Raises SessionException where there is one."""
        session_id = checked_id("session_id", session.session_id)
        self.sessions.create(session_id, created_at=datetime.fromisoformat(session.created_at))
        return session

    @in_strands_terms
    def read_session(self, session_id: str, **kwargs: Any) -> Session | None:
        """Read a session; None where there is none. Requests: 1 GET, 1 LIST per 1,000 objects."""
        try:
            info = self.sessions.info(checked_id("session_id", session_id))
        except SessionNotFound:
            return None
        times = {"created_at": _text(info.created_at), "updated_at": _text(info.updated_at)}
        said = {name: text for name, text in times.items() if text is not None}
        return Session(session_id=session_id, session_type=SessionType.AGENT, **said)

    @in_strands_terms
    def delete_session(self, session_id: str, **kwargs: Any) -> None:
        """Delete a session with all that is in it; killed and called again, it ends.

        Raises:
            SessionException: there is none, or the store refused some keys, which it names.
        """
        self.sessions.delete(checked_id("session_id", session_id))

    @in_strands_terms
    def delete_agent(self, session_id: str, agent_id: str) -> None:
        """Delete one agent of a session. Raises SessionException where there is none."""
        self.sessions.delete(
            checked_id("session_id", session_id), agent=checked_id("agent_id", agent_id)
        )

    # Agents

    @in_strands_terms
    def create_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        """Write agent.json. Requests: 2 GET, 1 PUT, and 1 more for a session that is missing."""
        state, fields = _said_by(session_agent)
        self._chat(session_id, session_agent.agent_id).save_state(state, fields=fields)

    @in_strands_terms
    def read_agent(self, session_id: str, agent_id: str, **kwargs: Any) -> SessionAgent | None:
        """Read agent.json; None where there is none."""
        found = self._chat(session_id, agent_id).restore(last=0).agent_fields
        if not found:
            return None
        return SessionAgent.from_dict(
            {"agent_id": agent_id, "state": {}, "conversation_manager_state": {}, **found}
        )

    @in_strands_terms
    def update_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        """Write agent.json anew, by If-Match. Raises SessionException where there is none."""
        chat = self._chat(session_id, session_agent.agent_id)
        before = chat.restore(last=0)
        if not before.agent_fields:
            raise SessionException(
                f"Agent {session_agent.agent_id} in session {session_id} does not exist"
            )
        state, fields = _said_by(session_agent)
        chat.save_state(state, remove=sorted(before.state.keys() - state.keys()), fields=fields)

    # Messages

    @in_strands_terms
    def create_message(
        self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any
    ) -> None:
        """Store a message at its index, which must be the next one.

        Raises:
            SessionException: another message stands there, or one before it is lacking.
        """
        index = _index(session_message.message_id)
        chat = self._chat(session_id, agent_id)
        following = chat.restore(last=0).next_index
        if following != index:
            said = "is taken" if index < following else "would leave a hole"
            raise SessionException(
                f"message_id={index} {said}: the next one of agent {agent_id!r} is {following}"
            )
        payload: Any = session_message.to_message()
        chat.append(payload, created_at=datetime.fromisoformat(session_message.created_at))

    @in_strands_terms
    def read_message(
        self, session_id: str, agent_id: str, message_id: int, **kwargs: Any
    ) -> SessionMessage | None:
        """Read a message; None where there is none."""
        try:
            return _as_strands_has_it(self._chat(session_id, agent_id).read(_index(message_id)))
        except MessageNotFound:
            return None

    @in_strands_terms
    def update_message(
        self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any
    ) -> None:
        """Write a message anew, by If-Match; one with a redaction loses what it said.

        Raises:
            SessionException: there is no such message.
        """
        chat = self._chat(session_id, agent_id)
        index = _index(session_message.message_id)
        payload: Any = session_message.to_message()
        if session_message.redact_message is not None:
            chat.redact(index, replacement=payload)
        else:
            chat.update(chat.read(index), payload)

    @in_strands_terms
    def list_messages(
        self,
        session_id: str,
        agent_id: str,
        limit: int | None = None,
        offset: int = 0,
        **kwargs: Any,
    ) -> list[SessionMessage]:
        """Read `limit` messages behind the first `offset`; all that the history has, if None."""
        for name, number in (("limit", 0 if limit is None else limit), ("offset", offset)):
            if number < 0:
                raise InvalidSettings(f"{name}={number!r}: must be a whole number, 0 or more")
        messages = self._chat(session_id, agent_id).restore().messages
        stop = None if limit is None else offset + limit
        return [_as_strands_has_it(message) for message in messages[offset:stop]]

    # Graphs and swarms

    @in_strands_terms
    def create_multi_agent(self, session_id: str, multi_agent: Any, **kwargs: Any) -> None:
        """Write the state of a graph or swarm."""
        self._graph(session_id, multi_agent.id).save(state_of(multi_agent))

    @in_strands_terms
    def read_multi_agent(
        self, session_id: str, multi_agent_id: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        """Read the state of a graph or swarm; None where there is none."""
        body: dict[str, Any] | None = self._graph(session_id, multi_agent_id).restore()
        return body

    @in_strands_terms
    def update_multi_agent(self, session_id: str, multi_agent: Any, **kwargs: Any) -> None:
        """Write the state anew, by If-Match. Raises SessionException where there is none."""
        graph = self._graph(session_id, multi_agent.id)
        if graph.restore() is None:
            raise SessionException(
                f"MultiAgent state {multi_agent.id} in session {session_id} does not exist"
            )
        graph.save(state_of(multi_agent))

    def _chat(self, session_id: str, agent_id: str) -> Any:
        return self.sessions.open(
            checked_id("session_id", session_id), checked_id("agent_id", agent_id)
        )

    def _graph(self, session_id: str, multi_agent_id: str) -> Any:
        return self.sessions.multi_agent(
            checked_id("session_id", session_id), checked_id("multi_agent_id", multi_agent_id)
        )


def _index(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidSettings(f"message_id=<{value}> | message id must be an integer, 0 or more")
    return value


def _said_by(agent: SessionAgent) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Tell the state apart from Strands' own fields; times are the document's."""
    return agent.state, {
        "conversation_manager_state": agent.conversation_manager_state,
        "_internal_state": agent._internal_state,
    }


def _as_strands_has_it(message: Message) -> SessionMessage:
    times = {"created_at": _text(message.created_at), "updated_at": _text(message.updated_at)}
    said: dict[str, Any] = {name: text for name, text in times.items() if text is not None}
    payload: Any = message.payload
    return SessionMessage(message=payload, message_id=message.index, **said)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
