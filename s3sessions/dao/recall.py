"""Recognising a write id: which messages this handle has read or written, by their stamp."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from s3sessions.codec import VOID
from s3sessions.dao.messages import read_message
from s3sessions.dao.scope import Scope
from s3sessions.keys import AgentKeys
from s3sessions.models import Message

LOOK_BACK: Final = 20
"""Newest messages that a handle which never restored reads to recognise a caller's write id."""


class Recall:
    """The write ids that a handle knows.

    A restored handle knows all that it read; one that never read reads the newest `LOOK_BACK`
    when it is asked. A redelivery from further back is a new message.
    """

    def __init__(self, scope: Scope, agent: AgentKeys) -> None:
        self._scope = scope
        self._agent = agent
        self._indexes: dict[str, int] = {}
        self._read_to: int | None = None

    def learn(self, messages: Iterable[Message], *, read_to: int) -> None:
        """Take over what a restore has read; everything below `read_to` counts as read."""
        self._indexes = {}
        self._read_to = read_to
        for message in messages:
            self.note(message)

    def note(self, message: Message) -> None:
        """Remember a message that was read or acknowledged."""
        if message.write_id is not None and message.status != VOID:
            self._indexes[message.write_id] = message.index
        if self._read_to == message.index:
            self._read_to += 1

    def has_read_to(self, end: int) -> bool:
        """Tell whether nothing below `end` is unread (or nothing was ever read)."""
        return self._read_to is None or self._read_to >= end

    async def read_newest(self, end: int) -> None:
        """Read the newest messages, if this handle has not read any."""
        if self._read_to is None:
            await self._read(range(max(0, end - LOOK_BACK), end))
            self._read_to = end

    async def read_unread(self, shown: Sequence[int], end: int) -> None:
        """Read what a list shows and this handle has not read."""
        start = self._read_to
        if start is None:
            shown, start = shown[-LOOK_BACK:], 0
        await self._read(index for index in shown if index >= start)
        self._read_to = end

    async def _read(self, indexes: Iterable[int]) -> None:
        known = set(self._indexes.values())
        calls = [
            partial(read_message, self._scope, self._agent, index)
            for index in indexes
            if index not in known
        ]
        for stored in await self._scope.store.fan_out(calls):
            if stored is not None and isinstance(stored.content, Message):
                self.note(stored.content)

    async def find(self, write_id: str) -> Message | None:
        """Give the visible message with this write id, read anew. Requests: 1 GET, 0 if unknown."""
        index = self._indexes.get(write_id)
        stored = None if index is None else await read_message(self._scope, self._agent, index)
        if stored is None or stored.is_void or stored.write_id != write_id:
            return None
        return stored.content if isinstance(stored.content, Message) else None
