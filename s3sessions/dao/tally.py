"""What a list of keys tells of sessions; no object is read."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from s3sessions.blocks import block_of
from s3sessions.dao.indexes import Indexes
from s3sessions.dao.paging import pages
from s3sessions.dao.scope import Scope
from s3sessions.keys import Kind, Place
from s3sessions.models import SessionSize
from s3sessions.ports import Entry

_FIRST_MESSAGES: Final = 3


@dataclass
class AgentTally:
    """What was counted of one agent so far.

    Attributes:
        loose: how many loose messages stand in each block of 100 indexes, by its first index.
        packed: the blocks that segments hold.
        first: the lowest indexes of them, in order: at most three.
        last: the greatest index; -1 without a message.
        has_history: whether it has a history.json, which may hide messages.
    """

    loose: dict[int, int] = field(default_factory=dict)
    packed: set[range] = field(default_factory=set)
    first: list[int] = field(default_factory=list)
    last: int = -1
    has_history: bool = False

    @property
    def messages(self) -> int:
        """Its messages; one that is packed and, for a moment, still loose counts once."""
        packed = Indexes((), self.packed)
        return len(packed) + sum(n for start, n in self.loose.items() if start not in packed)

    def add(self, index: int) -> None:
        """Count a loose message."""
        start = block_of(index).start
        self.loose[start] = self.loose.get(start, 0) + 1
        self._note(range(index, index + 1))

    def add_packed(self, block: range) -> None:
        """Count the messages of a segment."""
        self.packed.add(block)
        self._note(block)

    def _note(self, indexes: range) -> None:
        self.last = max(self.last, indexes[-1])
        for index in indexes[:_FIRST_MESSAGES]:
            if index not in self.first:
                insort(self.first, index)
        del self.first[_FIRST_MESSAGES:]

    def first_from(self, start: int) -> Sequence[int]:
        """Give where the first messages from an index on stand, or may stand: at most three."""
        if self.first and start <= self.first[0]:
            return self.first
        return range(start, min(start + _FIRST_MESSAGES, self.last + 1))


@dataclass
class Tally:
    """What was counted of one session so far.

    Attributes:
        agents: by id.
        bytes: of all its objects.
        foreign: objects that are not ours.
        newest: time, agent and index of the newest message.
        modified: when its newest object of any kind was stored.
        children: kind and id of its forks.
        has_document: whether it has a session.json.
    """

    agents: dict[str, AgentTally] = field(default_factory=dict)
    bytes: int = 0
    foreign: int = 0
    newest: tuple[datetime, str, int] | None = None
    modified: datetime | None = None
    children: list[tuple[str, str]] = field(default_factory=list)
    has_document: bool = False

    def add(self, place: Place, entry: Entry) -> None:
        """Count an object."""
        self.bytes += entry.size
        if self.modified is None or entry.modified > self.modified:
            self.modified = entry.modified
        self.has_document |= place.kind is Kind.SESSION
        if place.kind is Kind.FOREIGN:
            self.foreign += 1
        elif place.kind is Kind.CHILD:
            self._add_child(place)
        elif place.agent_id is not None:
            self._add_of_agent(place, place.agent_id, entry.modified)

    def _add_child(self, place: Place) -> None:
        if place.child_kind is not None and place.child_id is not None:
            self.children.append((place.child_kind, place.child_id))

    def _add_of_agent(self, place: Place, agent_id: str, modified: datetime) -> None:
        agent = self.agents.setdefault(agent_id, AgentTally())
        agent.has_history |= place.kind is Kind.HISTORY
        if place.block is not None:
            agent.add_packed(place.block)
        if place.index is None:
            return
        agent.add(place.index)
        if self.newest is None or modified >= self.newest[0]:
            self.newest = (modified, agent_id, place.index)

    @property
    def messages(self) -> int:
        """Messages, of all agents."""
        return sum(agent.messages for agent in self.agents.values())

    @property
    def last_active(self) -> datetime | None:
        """When the newest message was stored; None without one."""
        return self.newest[0] if self.newest else None

    def size(self, session_id: str) -> SessionSize:
        """Give what users see of it."""
        return SessionSize(
            id=session_id,
            agents=tuple(sorted(self.agents)),
            messages=self.messages,
            bytes=self.bytes,
            last_active=self.last_active,
            foreign=self.foreign,
        )


async def tally(scope: Scope) -> dict[str, Tally]:
    """Count all sessions, by id. Requests: 1 LIST for each 1,000 objects."""
    tallies: dict[str, Tally] = {}
    async for page in pages(scope.store, scope.root.sessions):
        _count(scope, page.entries, tallies)
    return tallies


def tally_of(scope: Scope, session_id: str, listed: Iterable[Entry]) -> Tally:
    """Count one session of which everything is listed."""
    tallies = {session_id: Tally()}
    _count(scope, listed, tallies)
    return tallies[session_id]


def _count(scope: Scope, listed: Iterable[Entry], tallies: dict[str, Tally]) -> None:
    for entry in listed:
        place = scope.root.parse(entry.key)
        if place is not None:
            tallies.setdefault(place.session_id, Tally()).add(place, entry)
