"""The values that the public face gives back: frozen, with no behaviour beyond reading them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

from s3sessions.errors import CorruptObject, UnsupportedVersion
from s3sessions.record import Record, field

__all__ = [
    "Batch",
    "Child",
    "CompactReport",
    "DeletionReport",
    "ForkKind",
    "History",
    "HistoryChange",
    "Message",
    "Payload",
    "RequestCounts",
    "SessionRef",
    "SessionSize",
    "Stats",
    "Summary",
]

Payload: TypeAlias = Mapping[str, Any]
"""A caller's message: a JSON object of any shape; `bytes` may stand anywhere in it."""

ForkKind: TypeAlias = Literal["branch", "compression", "delegate"]
"""What a fork is for: `branch` to try something else, `compression` to go on with less, `delegate`
to have something done by another."""


class Child(Record):
    """A fork of a session, as a list of the session's markers shows it.

    Attributes:
        id: of the session that was forked off.
        kind: what for.
        created_at: when its marker was stored (store's clock, UTC).
    """

    id: str
    kind: ForkKind
    created_at: datetime


class Batch(Record):
    """Where a message stands among those that became visible with it.

    Attributes:
        id: of the batch.
        commit: index of the message whose creation made all of them visible: the first.
        position: 0 for the commit, then 1, 2 …
        indexes: of all its messages in their order, on the commit; None on the others.
        replaces: on the commit, whether the batch is to take the place of the whole history; it
            is invisible until history.json names it.
    """

    id: str
    commit: int
    position: int
    indexes: tuple[int, ...] | None = None
    replaces: bool = False


class Message(Record):
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
        usage: what it added to the usage of the session; None where nothing was said.
        usage_total: what the usage is with it, all before it included, where that was said.
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
    usage: Mapping[str, Any] | None = None
    usage_total: Mapping[str, Any] | None = None
    etag: str | None = field(default=None, compare=False, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    stamp: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Summary(Record):
    """What stands for messages that are hidden, or soon may be.

    Attributes:
        text: the caller's.
        covers_to: the messages below this index are in it.
    """

    text: str
    covers_to: int


class History(Record):
    """What a restore found.

    Attributes:
        messages: in order of their index; all of them, or those that were asked for.
        state: the agent's state, `{}` where none was saved.
        metadata: the agent's metadata, `{}` where it has none.
        next_index: where the next message of this handle will stand.
        first: index of the first message that readers see; 0 where nobody truncated.
        summary: of what came before; None where there is none.
        usage: what was used, added up: by hidden messages, and by those that were restored (of a
            restore of the newest, just those).
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
    first: int = 0
    summary: Summary | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    corrupt: tuple[CorruptObject | UnsupportedVersion, ...] = ()
    holes: tuple[range, ...] = ()
    foreign: int = 0
    missing: tuple[str, ...] = ()
    agent_fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def payloads(self) -> list[dict[str, Any]]:
        """The messages as the caller appended them: what an agent or a model takes."""
        return [message.payload for message in self.messages]


class HistoryChange(Record):
    """Where a history begins after a change of it.

    Attributes:
        first: index of the first message that readers see.
        hidden: messages that they saw before and do not see any more.
        summary: that stands in the history now.
        usage: of all messages below `first`.
    """

    first: int
    hidden: int
    summary: Summary | None
    usage: Mapping[str, Any]


class CompactReport(Record):
    """What a compaction deleted and packed; `bytes` as the list showed them.

    Attributes:
        objects: deleted because nothing in them is visible.
        bytes: of these.
        young: objects that are hidden and too young to be deleted.
        packed: messages that stand in a segment now and in no object of their own any more.
        segments: segments that were written.
        corrupt: objects that kept a block from being packed: they cannot be read, or hold another
            message than the segment; by key.
    """

    session_id: str
    agent_id: str
    objects: int
    bytes: int
    young: int
    packed: int = 0
    segments: int = 0
    corrupt: tuple[CorruptObject | UnsupportedVersion, ...] = ()


class SessionRef(Record):
    """A session as a list of ids shows it."""

    id: str


class SessionSize(Record):
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


class Stats(Record):
    """Totals over all sessions, from a list alone; `bytes` of all objects."""

    sessions: int
    agents: int
    messages: int
    bytes: int
    empty: int
    foreign: int
    last_active: datetime | None


class DeletionReport(Record):
    """What a deletion removed; `bytes` as the list showed them, without session.json."""

    session_id: str
    agent_id: str | None
    objects: int
    bytes: int


class RequestCounts(Record):
    """Requests made so far, by the port's verb, retries apart; body bytes both ways."""

    by_verb: Mapping[str, int]
    retries: int
    sent: int
    received: int

    @property
    def total(self) -> int:
        return sum(self.by_verb.values())
