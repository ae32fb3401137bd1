"""Reading an agent's messages, each once in the version that a list shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TypeAlias

from s3sessions.dao.listing import AgentListing
from s3sessions.dao.messages import Stored, read_message
from s3sessions.dao.scope import Scope
from s3sessions.keys import AgentKeys

Call: TypeAlias = Callable[[], Awaitable[bool]]
"""A request; tells whether what was listed was there."""


class Reader:
    """What was read of an agent's messages, under one list after the other.

    Attributes:
        reads: by index; earlier finds may have gone since.
        asked: what was asked for under the present list.
    """

    def __init__(self, scope: Scope, agent: AgentKeys) -> None:
        self._scope = scope
        self._agent = agent
        self.reads: dict[int, Stored] = {}
        self.asked: set[int] = set()

    def begin(self) -> None:
        """Begin with another list; what was read stays read."""
        self.asked = set()

    @property
    def found(self) -> dict[int, Stored]:
        """What was read under the present list."""
        return {index: self.reads[index] for index in self.asked if index in self.reads}

    def has_all_of(self, listing: AgentListing) -> bool:
        """Tell whether all that was asked for and is listed was read in the version listed."""
        return all(self._is_read(listing, index) for index in self.asked & listing.messages.keys())

    async def fetch(
        self, listing: AgentListing, indexes: Iterable[int], beside: Sequence[Call] = ()
    ) -> Sequence[bool]:
        """Read in one fan-out what was not read yet in the version that is listed.

        Returns:
            What the calls `beside` gave.
        """
        asked = [index for index in dict.fromkeys(indexes) if index not in self.asked]
        self.asked.update(asked)
        unread = [index for index in asked if not self._is_read(listing, index)]
        calls: list[Call] = [partial(self._read, index) for index in unread]
        there = await self._scope.store.fan_out([*calls, *beside])
        return there[len(calls) :]

    def _is_read(self, listing: AgentListing, index: int) -> bool:
        read, entry = self.reads.get(index), listing.messages.get(index)
        return read is not None and entry is not None and read.etag == entry.etag

    async def _read(self, index: int) -> bool:
        read = await read_message(self._scope, self._agent, index)
        if read is None:
            self.reads.pop(index, None)
        else:
            self.reads[index] = read
        return read is not None
