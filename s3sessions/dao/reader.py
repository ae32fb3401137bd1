"""Reading an agent's messages, each once in the version that a list shows, packed or not.

A loose message counts over its copy in a segment if both are one write: a packing that was cut off
leaves both, and a change in place reaches the loose one first. If they are two writes the segment's
counts: it was there when all that is loose was of one history. A segment that says it is of another
life of the id counts for nothing; without a session.json neither does one that seems to be.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TypeAlias

from s3sessions.dao.archive import Packed, read_segment
from s3sessions.dao.listing import AgentListing
from s3sessions.dao.messages import Stored, read_message
from s3sessions.dao.scope import Scope
from s3sessions.errors import CorruptObject
from s3sessions.keys import AgentKeys

Call: TypeAlias = Callable[[], Awaitable[bool]]
"""A request; tells whether what was listed was there."""


class Stray(CorruptObject):
    """An object that stands beside the history and counts for nothing. No reason to refuse it."""


class Reader:
    """What was read of an agent's messages, under one list after the other.

    Attributes:
        reads: what counts, by index; earlier finds may have gone since.
        asked: what was asked for under the present list.
        strays: by key, what counts for nothing.
    """

    def __init__(self, scope: Scope, agent: AgentKeys) -> None:
        self._scope = scope
        self._agent = agent
        self._loose: dict[int, Stored] = {}
        self._packed: dict[range, Packed] = {}
        self._life: str | None = None
        self._are_left_behind = False
        self.reads: dict[int, Stored] = {}
        self.asked: set[int] = set()
        self.strays: dict[str, Stray] = {}

    def begin(self) -> None:
        """Begin with another list; what was read stays read."""
        self.asked = set()

    @property
    def found(self) -> dict[int, Stored]:
        """What was read under the present list."""
        return {index: self.reads[index] for index in self.asked if index in self.reads}

    def has_all_of(self, listing: AgentListing) -> bool:
        """Tell whether all that was asked for and is listed was read in the version listed."""
        loose = self.asked & listing.messages.keys()
        return all(self._is_read(listing, index) for index in loose) and all(
            self._is_unpacked(listing, block) for block in self._blocks(listing, self.asked)
        )

    async def fetch(
        self, listing: AgentListing, indexes: Iterable[int], beside: Sequence[Call] = ()
    ) -> Sequence[bool]:
        """Read in one fan-out what was not read yet in the version that is listed.

        Returns:
            What the calls `beside` gave.
        """
        asked = [index for index in dict.fromkeys(indexes) if index not in self.asked]
        self.asked.update(asked)
        packed = [b for b in self._blocks(listing, asked) if not self._is_unpacked(listing, b)]
        unread = [index for index in asked if self._is_to_read(listing, index)]
        calls: list[Call] = [partial(self._unpack, block) for block in packed]
        calls += [partial(self._read, index) for index in unread]
        there = await self._scope.store.fan_out([*calls, *beside])
        self._settle(listing, asked)
        return there[len(calls) :]

    def belongs_to(self, listing: AgentListing, life: str | None, *, is_known: bool) -> None:
        """Say of which life of the id the history is; segments of another count for nothing.

        `is_known` tells whether there is a session.json, which would name one.
        """
        before = self._foreign_ones()
        self._life, self._are_left_behind = life, not is_known and listing.is_left_behind
        if self._foreign_ones() != before:
            self._settle(listing, self.asked)

    def passes_over(self, listing: AgentListing, index: int) -> bool:
        """Tell whether only a segment shows an index that counts for nothing."""
        block = None if index in listing.messages else listing.block_over(index)
        packed = None if block is None else self._packed.get(block)
        return packed is not None and self._is_foreign(packed)

    def drop_below(self, index: int) -> None:
        """Let go of what was read below an index."""
        for read in (self._loose, self.reads):
            for gone in [each for each in read if each < index]:
                del read[gone]
        for block in [block for block in self._packed if block.stop <= index]:
            del self._packed[block]

    def _blocks(self, listing: AgentListing, indexes: Iterable[int]) -> list[range]:
        """Give the blocks of the segments that hold these indexes."""
        if not listing.segments:
            return []
        found = (listing.block_over(index) for index in indexes)
        return list(dict.fromkeys(block for block in found if block is not None))

    def _is_to_read(self, listing: AgentListing, index: int) -> bool:
        """Tell whether to ask for a loose object: one that is listed, or nobody knows of."""
        if index in listing.messages:
            return not self._is_read(listing, index)
        return listing.block_over(index) is None

    def _is_read(self, listing: AgentListing, index: int) -> bool:
        read, entry = self._loose.get(index), listing.messages.get(index)
        return read is not None and entry is not None and read.etag == entry.etag

    def _is_unpacked(self, listing: AgentListing, block: range) -> bool:
        packed = self._packed.get(block)
        return packed is not None and packed.etag == listing.segments[block].etag

    async def _read(self, index: int) -> bool:
        read = await read_message(self._scope, self._agent, index)
        if read is None:
            self._loose.pop(index, None)
        else:
            self._loose[index] = read
        return read is not None

    async def _unpack(self, block: range) -> bool:
        packed = await read_segment(self._scope, self._agent, block)
        if packed is None:
            self._packed.pop(block, None)
        else:
            self._packed[block] = packed
        return packed is not None

    def _settle(self, listing: AgentListing, indexes: Iterable[int]) -> None:
        """Find what counts at each index."""
        for index in indexes:
            stored = self._counting(listing, index)
            if stored is None:
                self.reads.pop(index, None)
            else:
                self.reads[index] = stored

    def _counting(self, listing: AgentListing, index: int) -> Stored | None:
        loose = self._loose.get(index) if self._may_be_loose(listing, index) else None
        block = listing.block_over(index)
        packed = None if block is None else self._packed.get(block)
        if packed is None:
            return loose
        if self._is_foreign(packed):
            self._stray(packed.key, "segment is of another life of the session: doctor --repair")
            return loose
        before = self.reads.get(index)
        if loose is None and before is not None and before.etag == packed.etag:
            return before
        return self._of_two(index, loose, packed.at(index))

    def _may_be_loose(self, listing: AgentListing, index: int) -> bool:
        """Tell whether what was read loose counts: not what an earlier list showed so."""
        return index in listing.messages or listing.block_over(index) is None

    def _of_two(self, index: int, loose: Stored | None, packed: Stored) -> Stored:
        if loose is None:
            return packed
        if isinstance(packed.content, CorruptObject) or loose.write_id == packed.write_id:
            return loose
        key = self._agent.message(index)
        self._stray(key, "another message is packed under this index: see what the doctor says")
        return packed

    def _foreign_ones(self) -> set[range]:
        return {block for block, packed in self._packed.items() if self._is_foreign(packed)}

    def _is_foreign(self, packed: Packed) -> bool:
        is_another = None not in (self._life, packed.life) and packed.life != self._life
        return self._are_left_behind or is_another

    def _stray(self, key: str, why: str) -> None:
        self.strays.setdefault(key, Stray(why, key=key))
