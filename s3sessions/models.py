"""The values that the public face gives back: frozen, with no behaviour beyond reading them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias, TypedDict

from s3sessions.errors import CorruptObject, UnsupportedVersion

__all__ = [
    "Batch",
    "DeletionReport",
    "History",
    "Message",
    "Payload",
    "RequestCounts",
    "SessionDetails",
    "SessionInfo",
    "SessionRef",
    "SessionSize",
    "Stats",
]

Payload: TypeAlias = Mapping[str, Any]
"""A caller's message: a JSON object of any shape; `bytes` may stand anywhere in it."""


class SessionDetails(TypedDict, total=False):
    """What can be said of a session and an agent when they begin.

    Held in memory until the first message is stored, and stored with it; gone if nobody speaks.
    `created_at` is the session's. `metadata` stands in session.json, `agent_metadata` in
    agent.json: JSON objects of the caller's own.

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
    created_at: datetime | None
    metadata: Mapping[str, Any]
    agent_metadata: Mapping[str, Any]
    agent_fields: Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Where a message stands among those that became visible with it.

    Attributes:
        id: of the batch.
        commit: index of the message whose creation made all of them visible: the first.
        position: 0 for the commit, then 1, 2 …
        indexes: of all its messages in their order, on the commit; None on the others.
    """

    id: str
    commit: int
    position: int
    indexes: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One stored message.

    Attributes:
        index: its place in the agent's history: 0, 1, 2 …
        payload: the caller's message, equal to what was appended.
        write_id: stamp of the write that stored it; None on objects of other writers (Strands).
        created_at: when it was made, in UTC; None where the stored text is no time.
        updated_at: when the object was last written, in UTC.
        status: None for an ordinary message; `partial` for one that is to be completed; `void`
            marks one that readers do not see.
        batch: the batch that it was appended in; None for a single message.
        redacted_at: when its content was taken out, in UTC; None where it is as appended.
        etag: of the version that was read or written.
        extra: fields of the stored object that this version does not know, kept on a rewrite.
        stamp: likewise, of our own part of the object.
    """

    index: int
    payload: dict[str, Any]
    write_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    status: str | None = None
    batch: Batch | None = None
    redacted_at: datetime | None = None
    etag: str | None = field(default=None, compare=False, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    stamp: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class History:
    """What a restore found.

    Attributes:
        messages: in order of their index; all of them, or those that were asked for.
        state: the agent's state, `{}` where none was saved.
        metadata: the agent's metadata, `{}` where it has none.
        next_index: where the next message of this handle will stand.
        corrupt: objects that could not be read, by key; passed over. So is what stands where a
            batch lists a message and is not of it.
        holes: runs of indexes below the greatest, in what was asked for, that no object holds.
        foreign: objects under the agent's prefix that are not ours; passed over.
        missing: documents that are not there, `session` or `agent`; the next append writes them.
        agent_fields: all fields of agent.json as they are stored, with what other writers keep
            there (Strands: `conversation_manager_state`, `_internal_state`) and without our own
            part; `bytes` are decoded. `{}` where there is none, and what can be read of one that is
            damaged.
    """

    session_id: str
    agent_id: str
    messages: list[Message]
    state: dict[str, Any]
    metadata: dict[str, Any]
    next_index: int
    corrupt: tuple[CorruptObject | UnsupportedVersion, ...] = ()
    holes: tuple[range, ...] = ()
    foreign: int = 0
    missing: tuple[str, ...] = ()
    agent_fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def payloads(self) -> list[dict[str, Any]]:
        """The messages as the caller appended them: what an agent or a model takes."""
        return [message.payload for message in self.messages]


@dataclass(frozen=True, slots=True)
class SessionRef:
    """A session as a list of ids shows it."""

    id: str


@dataclass(frozen=True, slots=True)
class SessionSize:
    """A session as a list of all objects shows it; no object was read.

    Attributes:
        agents: agent ids, sorted.
        messages: message objects, of all agents.
        bytes: of all objects of the session.
        last_active: when the newest message was stored (store's clock, UTC); None without one.
        foreign: objects that are not ours.
    """

    id: str
    agents: tuple[str, ...]
    messages: int
    bytes: int
    last_active: datetime | None
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session: its document and what one list of its objects shows.

    Attributes:
        created_at: of the session document; None where that is missing or unreadable.
        updated_at: when the newest message was stored, else when the document was.
        metadata: the caller's own fields.
        agents: messages by agent id.
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
    corrupt: CorruptObject | UnsupportedVersion | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """Totals over all sessions, from a list alone; `bytes` of all objects."""

    sessions: int
    agents: int
    messages: int
    bytes: int
    empty: int
    foreign: int
    last_active: datetime | None


@dataclass(frozen=True, slots=True)
class DeletionReport:
    """What a deletion removed; `bytes` as the list showed them, without session.json."""

    session_id: str
    agent_id: str | None
    objects: int
    bytes: int


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """Requests made so far, by the port's verb, retries apart; body bytes both ways."""

    by_verb: Mapping[str, int]
    retries: int
    sent: int
    received: int

    @property
    def total(self) -> int:
        return sum(self.by_verb.values())
