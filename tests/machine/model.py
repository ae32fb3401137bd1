"""What sessions are, as plain dicts and lists: no request, no key, no etag, no retry.

A version is a number that no two writes share; it stands for an etag.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

_versions = itertools.count(1)

UNNAMED = "?"
"""The write id of what was appended without one: the product makes it."""


def new_version() -> int:
    return next(_versions)


@dataclass(frozen=True)
class Seen:
    """A message as a reader sees it."""

    index: int
    payload: dict[str, Any]
    write_id: str
    created_at: datetime
    status: str | None
    is_redacted: bool


@dataclass
class Slot:
    """One object under a message's key.

    Attributes:
        commit: of a batch's member: the index of its first message.
        members: of a batch's first message: the indexes of all, its own first.
        is_dead: a member whose batch was never committed.
    """

    payload: dict[str, Any]
    write_id: str
    created_at: datetime
    status: str | None = None
    is_redacted: bool = False
    commit: int | None = None
    members: tuple[int, ...] = ()
    is_dead: bool = False
    version: int = field(default_factory=new_version)

    def is_delivered_twice(self, other: Slot) -> bool:
        """Whether both are single messages of one write id that a caller gave."""
        is_single = self.commit is None and not self.members
        return is_single and self.write_id == other.write_id != UNNAMED


@dataclass
class StateDocument:
    """An agent.json."""

    state: dict[str, Any]
    version: int = field(default_factory=new_version)


@dataclass
class AgentModel:
    """One agent's history: objects by index, dead members among them, and its document.

    Attributes:
        lease_until: when the turn of a process that was killed is over.
    """

    slots: dict[int, Slot] = field(default_factory=dict)
    document: StateDocument | None = None
    is_deleting: bool = False
    lease_until: float | None = None

    @property
    def is_there(self) -> bool:
        return bool(self.slots) or not (self.document is None and self.lease_until is None)

    @property
    def next_index(self) -> int:
        """The lowest free index above the greatest live object."""
        live = [i for i, slot in self.slots.items() if not slot.is_dead]
        return self.free_above(max(live, default=-1))

    def free_above(self, index: int) -> int:
        return next(i for i in itertools.count(index + 1) if i not in self.slots)

    def end(self) -> tuple[int, tuple[int, int] | None, frozenset[int]]:
        """Next index, index and version of the greatest object that counts, what is taken above."""
        next_index = self.next_index
        above = frozenset(index for index in self.slots if index > next_index)
        is_whole = len(self.slots) == max(self.slots, default=-1) + 1
        live = [i for i, slot in self.slots.items() if not slot.is_dead or is_whole]
        newest = max(live, default=None)
        return next_index, None if newest is None else (newest, self.slots[newest].version), above

    def seen(self, start: int = 0, stop: int | None = None) -> list[Seen]:
        """Give the visible messages whose place is in the window: members with their commit."""
        return [
            Seen(i, slot.payload, slot.write_id, slot.created_at, slot.status, slot.is_redacted)
            for place, i in self.places()
            if start <= place and (stop is None or place < stop)
            if (slot := self.slots[i]).status != "void"
        ]

    def newest(self, count: int | None) -> list[Seen]:
        """Give the last visible messages, whole batches."""
        every = self.seen()
        at = 0 if count is None else max(0, len(every) - count)
        while 0 < at < len(every) and self.slots[every[at].index].commit is not None:
            at -= 1
        return every[at:]

    def places(self) -> Iterator[tuple[int, int]]:
        """Give place and index of all live objects in the order of reading."""
        for index in sorted(self.slots):
            slot = self.slots[index]
            if slot.members:
                yield from ((index, member) for member in slot.members)
            elif slot.commit is None and not slot.is_dead:
                yield index, index

    def holes(self) -> set[int]:
        """Give what no object holds below the end; above it a batch may wait for its commit."""
        return set(range(self.next_index)) - set(self.slots)


@dataclass
class SessionModel:
    """One session: whether its document is there, and its agents.

    Attributes:
        life: grows with each deletion, so that a handle can tell that it knows another one.
    """

    has_document: bool = False
    is_deleting: bool = False
    life: int = 0
    agents: dict[str, AgentModel] = field(default_factory=dict)

    @property
    def is_there(self) -> bool:
        return self.has_document or any(agent.is_there for agent in self.agents.values())

    def agent(self, agent_id: str) -> AgentModel:
        return self.agents.setdefault(agent_id, AgentModel())

    def refuses(self, agent_id: str) -> bool:
        """Whether a deletion is marked that a reader and a new writer meet."""
        return self.is_deleting or self.agent(agent_id).is_deleting

    def erase(self) -> None:
        """End a deletion of the session."""
        self.has_document = self.is_deleting = False
        self.agents.clear()
        self.life += 1

    def erase_agent(self, agent_id: str) -> None:
        """End a deletion of one agent; the session's document carried its mark."""
        self.has_document = True
        del self.agents[agent_id]
        self.life += 1


@dataclass(frozen=True)
class Tail:
    """What a handle knows of the end of a history; as `AgentModel.end`."""

    next_index: int
    newest: tuple[int, int] | None
    occupied: frozenset[int]
    known_at: float
    lacks_session: bool
    lacks_agent: bool

    def free(self, count: int) -> list[int]:
        """Give the next index and the lowest above it that are not known to be taken."""
        found = itertools.count(self.next_index)
        return list(itertools.islice((i for i in found if i not in self.occupied), count))

    def after(self, newest: tuple[int, int], now: float) -> Tail:
        """The tail once messages were acknowledged, of which this is the greatest."""
        free = (i for i in itertools.count(newest[0] + 1) if i not in self.occupied)
        return replace(self, next_index=next(free), newest=newest, known_at=now)

    def changed(self, index: int, version: int) -> Tail:
        """The tail once the handle has changed the object at `index` in place."""
        known = self.newest is not None and self.newest[0] == index
        return replace(self, newest=(index, version)) if known else self

    def without_lack(self) -> Tail:
        return replace(self, lacks_session=False, lacks_agent=False)


@dataclass
class HandleModel:
    """What a handle knows.

    Attributes:
        life: of the session when this handle last looked at it.
        known: index by write id of the messages that it has read or written.
        read: their indexes.
        read_to: everything below counts as read; None for a handle that never read.
        document: agent.json as it knows it.
    """

    session_id: str
    agent_id: str
    on_conflict: str | None
    restored: bool = False
    tail: Tail | None = None
    life: int = -1
    known: dict[str, int] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)
    read_to: int | None = None
    document: StateDocument | None = None

    @property
    def is_strict(self) -> bool:
        return self.restored if self.on_conflict is None else self.on_conflict == "raise"
