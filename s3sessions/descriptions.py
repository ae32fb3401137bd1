"""What is said of sessions: the values in which their documents and a list of them come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from s3sessions.errors import CorruptObject, UnsupportedVersion
from s3sessions.record import Record

__all__ = [
    "SessionChanges",
    "SessionDescription",
    "SessionDetails",
    "SessionInfo",
    "SessionSummary",
]


class SessionDetails(TypedDict, total=False):
    """What can be said of a session and an agent when they begin.

    Held in memory until the first message is stored, and stored with it; gone if nobody speaks.
    A title is cleaned of what nobody sees and has at most 100 characters then; there are at most 50
    `tags` of at most 100. `created_at` is the session's. `metadata` stands in session.json,
    `agent_metadata` in agent.json: JSON objects of the caller's own.

    `agent_fields` is for integrations. It is called when this handle creates agent.json, before
    anything is written, and not where there is one: it gives the `state` (a JSON object) and
    further fields of agent.json to begin with. Whoever else creates it at the same moment may win;
    a write that is tried again may call it again. It must not use the handle. The names that
    `AgentSession.save_state` refuses, but for `state`, raise InvalidSettings; what JSON cannot hold
    raises InvalidMessage. `Sessions.create` creates no agent.json and so does not call it.
    """

    title: str | None
    user: str | None
    model: str | None
    source: str | None
    parent: str | None
    tags: Sequence[str]
    created_at: datetime | None
    metadata: Mapping[str, Any]
    agent_metadata: Mapping[str, Any]
    agent_fields: Callable[[], Mapping[str, Any]]


class SessionChanges(TypedDict, total=False):
    """What `Sessions.describe` can change; what is not given stays as it is.

    None takes a field away, of `metadata` each key whose value is None; the other keys of
    `metadata` are set one by one. `tags` are replaced whole.
    """

    title: str | None
    user: str | None
    model: str | None
    source: str | None
    tags: Sequence[str] | None
    metadata: Mapping[str, Any] | None


class SessionDescription(Record):
    """What session.json says of a session.

    Attributes:
        created_at: in UTC; None where the stored text is no time.
        parent: id of the session that it is a fork of.
        metadata: the caller's own fields.
        ended_at: when it was ended, in UTC; None of one that is open.
        end_reason: the first that was given.
    """

    id: str
    created_at: datetime | None
    title: str | None
    user: str | None
    model: str | None
    source: str | None
    parent: str | None
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]
    ended_at: datetime | None
    end_reason: str | None


class SessionInfo(Record):
    """A session: its document and what one list of its objects shows.

    Attributes:
        created_at: of the session document; None where that is missing or unreadable.
        updated_at: when the newest message was stored, else when the document was.
        metadata: the caller's own fields.
        agents: messages by agent id.
        ended_at: when it was ended, in UTC; None of one that is open.
        end_reason: the first that was given.
        corrupt: the session document, where it could not be read.
    """

    id: str
    created_at: datetime | None
    updated_at: datetime | None
    title: str | None
    user: str | None
    model: str | None
    source: str | None
    parent: str | None
    metadata: Mapping[str, Any]
    agents: Mapping[str, int]
    messages: int
    bytes: int
    foreign: int = 0
    tags: tuple[str, ...] = ()
    ended_at: datetime | None = None
    end_reason: str | None = None
    corrupt: CorruptObject | UnsupportedVersion | None = None


class SessionSummary(SessionDescription):
    """A session as a page of them shows it.

    Attributes:
        preview: how the first message of the user that readers see begins: at most 60 characters
            on one line; None where none of the first messages has a text of the user's.
        last_active: when the newest message was stored (store's clock, UTC); None without one.
        agents: agent ids, sorted.
        messages: message objects, of all agents.
        bytes: of all objects of the session.
        usage: of all agents, added up; None where it was not asked for.
        corrupt: what could not be read of what this shows, session.json or a message.
    """

    preview: str | None
    last_active: datetime | None
    agents: tuple[str, ...]
    messages: int
    bytes: int
    usage: Mapping[str, Any] | None
    corrupt: CorruptObject | UnsupportedVersion | None
