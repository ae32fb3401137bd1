"""Listing: what a prefix holds, by keys alone. Order is never relied on, except after sorting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Final

from s3sessions.dao.documents import Document, read_session_document
from s3sessions.dao.indexes import Indexes
from s3sessions.dao.paging import waves
from s3sessions.dao.scope import Scope
from s3sessions.keys import AgentKeys, Kind, SessionKeys, message_index
from s3sessions.ports import Entry
from s3sessions.record import Record, field

# Most messages of one window; where they are packed that is far less than some objects hold.
_WIDEST: Final = 1000


class AgentListing(Record):
    """One list of an agent's prefix.

    Attributes:
        messages: the loose ones by index, in order of the index.
        segments: by the block of indexes that each holds.
        documents: by kind.
        foreign: keys that are not ours.
        pages: waves of them, of the list; a single one is a snapshot, several are not.
        listed_at: the clock when the list began: nothing newer is known to be in it.
    """

    messages: dict[int, Entry]
    segments: dict[range, Entry]
    documents: dict[Kind, Entry]
    foreign: int
    pages: int
    listed_at: float
    shown: Indexes = field(init=False)
    """Every index that a key or a segment's name shows."""

    _blocks: dict[int, dict[int, range]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shown", Indexes(self.messages, self.segments))
        # It is asked several times for each message: by size, those that are there by their start.
        blocks: dict[int, dict[int, range]] = {}
        for block in sorted(self.segments, key=len):
            blocks.setdefault(len(block), {})[block.start] = block
        object.__setattr__(self, "_blocks", blocks)

    def block_over(self, index: int) -> range | None:
        """Give the block of the segment that holds an index; of two the smaller."""
        for size, blocks in self._blocks.items():
            if (block := blocks.get(index - index % size)) is not None:
                return block
        return None

    def holder(self, index: int) -> Entry | None:
        """Give the object that holds an index: its own, or else a segment."""
        if (entry := self.messages.get(index)) is not None:
            return entry
        block = self.block_over(index)
        return None if block is None else self.segments[block]

    def windows(self, indexes: Sequence[int], width: int) -> Iterator[Sequence[int]]:
        """Cut indexes in order into runs that `width` objects hold, and not too many of them."""
        at = 0
        while at < len(indexes):
            holders: set[range | int] = set()
            stop = at
            while stop < len(indexes) and stop - at < _WIDEST:
                holders.add(self.block_over(indexes[stop]) or indexes[stop])
                if len(holders) > width:
                    break
                stop += 1
            yield indexes[at:stop]
            at = stop

    @property
    def is_left_behind(self) -> bool:
        """Whether segments without a session.json seem to be of a deleted history.

        The request that stores one can arrive behind the deletion. Where it does not, a message
        stands above it that was there before, for the newest is never packed, and agent.json.
        """
        if not self.segments:
            return False
        block, segment = max(self.segments.items(), key=lambda item: item[0].stop)
        above = (entry for index, entry in self.messages.items() if index >= block.stop)
        was_there = any(entry.modified <= segment.modified for entry in above)
        return not was_there or Kind.AGENT not in self.documents

    def shows_the_same_as(self, other: AgentListing) -> bool:
        """Tell whether two lists show the same objects in the same versions."""
        return _versions(self) == _versions(other)


def _versions(listing: AgentListing) -> set[tuple[str, str]]:
    holders = (listing.messages, listing.segments, listing.documents)
    return {(entry.key, entry.etag) for shown in holders for entry in shown.values()}


async def list_agent(scope: Scope, keys: AgentKeys) -> AgentListing:
    """List an agent's prefix. Requests: as `Waves`."""
    listed_at = scope.clock()
    messages: dict[int, Entry] = {}
    others: list[Entry] = []
    listed = [wave async for wave in waves(scope.store, keys.prefix)]
    folder, length = keys.messages, len(keys.messages)
    for entry in chain.from_iterable(listed):
        # Nearly all of them are messages, and to read a whole key takes ten times as long.
        index = message_index(entry.key[length:]) if entry.key.startswith(folder) else None
        if index is None:
            others.append(entry)
        else:
            messages[index] = entry
    in_order = dict(sorted(messages.items()))
    return AgentListing(in_order, *_sorted_out(scope, others), len(listed), listed_at)


def _sorted_out(
    scope: Scope, listed: Iterable[Entry]
) -> tuple[dict[range, Entry], dict[Kind, Entry], int]:
    """Give segments, documents, and how many are foreign, of what is no message."""
    segments: dict[range, Entry] = {}
    documents: dict[Kind, Entry] = {}
    foreign = 0
    for entry in listed:
        place = scope.root.parse(entry.key)
        if place is None or place.kind is Kind.FOREIGN:
            foreign += 1
        elif place.block is not None:
            segments[place.block] = entry
        else:
            documents[place.kind] = entry
    return segments, documents, foreign


async def look(
    scope: Scope, session: SessionKeys, agent: AgentKeys
) -> tuple[AgentListing, Document | None]:
    """List the agent and read session.json beside it, in one round trip."""
    return await scope.both(
        partial(list_agent, scope, agent), partial(read_session_document, scope, session)
    )
