"""Footprints: how much a session is and when it was last active, by keys alone; none is read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from s3sessions.dao.paging import pages
from s3sessions.dao.scope import Scope
from s3sessions.ids import encode_id
from s3sessions.keys import Kind, Place
from s3sessions.ports import Entry

_SPOKEN: Final = frozenset({Kind.MESSAGE, Kind.LEASE, Kind.MULTI_AGENT})


@dataclass(slots=True)
class Footprint:
    """What was listed of one session so far.

    Attributes:
        objects: how many it has.
        bytes: of all of them.
        spoken: when somebody last spoke in it; None where nobody did. A graph's or swarm's state is
            all that it writes, and whoever claims a turn is about to speak.
        modified: when its newest object of any kind was stored.
        document: its session.json.
        has_children: whether it has forks.
    """

    objects: int = 0
    bytes: int = 0
    spoken: datetime | None = None
    modified: datetime | None = None
    document: Entry | None = None
    has_children: bool = False

    @property
    def last_active(self) -> datetime | None:
        """What its age is counted from."""
        return self.spoken or self.modified

    def add(self, place: Place, entry: Entry) -> None:
        """Take an object in."""
        self.objects += 1
        self.bytes += entry.size
        self.modified = _later(self.modified, entry.modified)
        if place.kind in _SPOKEN:
            self.spoken = _later(self.spoken, entry.modified)
        elif place.kind is Kind.SESSION:
            self.document = entry
        elif place.kind is Kind.CHILD:
            self.has_children = True

    def is_older_than(self, seconds: float, now: datetime) -> bool:
        """Tell whether its age is more than that."""
        active = self.last_active
        return active is not None and (now - active).total_seconds() > seconds


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


async def list_footprints(
    scope: Scope, start_after: str | None = None
) -> AsyncGenerator[tuple[str, Footprint], None]:
    """List the sessions behind one of them, or all: one after the other, as the store lists them.

    A store that lists in no order is listed to its end first, and then they come by their ids; so
    whoever goes on behind a session meets those that come behind it, and no other.

    Requests: 1 LIST for each 1,000 objects; of a store in order only for those that lie behind.
    """
    if scope.store.lists_in_parts:
        async for each in _in_store_order(scope, start_after):
            yield each
        return
    found: dict[str, Footprint] = {}
    async for page in pages(scope.store, scope.root.sessions):
        _add_all(scope, page.entries, found)
    for session_id in sorted(found, key=encode_id):
        if start_after is None or encode_id(session_id) > encode_id(start_after):
            yield session_id, found.pop(session_id)


async def _in_store_order(
    scope: Scope, start_after: str | None
) -> AsyncGenerator[tuple[str, Footprint], None]:
    """Give each session once a key of the next one is listed: its own stand together."""
    root = scope.root
    behind = None if start_after is None else root.session(start_after).end
    found: dict[str, Footprint] = {}
    async for page in pages(scope.store, root.sessions, start_after=behind):
        _add_all(scope, page.entries, found)
        # What is foreign in a session may stand behind its end.
        found.pop(start_after or "", None)
        for session_id in list(found)[:-1]:
            yield session_id, found.pop(session_id)
    for session_id, footprint in found.items():
        yield session_id, footprint


def footprint_of(scope: Scope, session_id: str, listed: Iterable[Entry]) -> Footprint:
    """Give one session of which everything is listed."""
    found = {session_id: Footprint()}
    _add_all(scope, listed, found)
    return found[session_id]


def _add_all(scope: Scope, listed: Iterable[Entry], found: dict[str, Footprint]) -> None:
    for entry in listed:
        place = scope.root.parse(entry.key)
        if place is not None:
            found.setdefault(place.session_id, Footprint()).add(place, entry)
