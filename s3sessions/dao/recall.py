"""Recognising a write id: which messages this handle has read or written, by their stamp."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from s3sessions.dao.archive import read_wherever
from s3sessions.dao.scope import Scope
from s3sessions.keys import AgentKeys
from s3sessions.models import Message

LOOK_BACK: Final = 20
"""Newest messages that a handle which never restored reads to recognise a caller's write id."""


class Recall:
    """The write ids that a handle knows, of visible messages.

    A restored handle knows all that it read; one that never read reads the newest `LOOK_BACK`
    when it is asked. A redelivery from further back is a new message.

    Attributes:
        read_to: everything visible below this index is known; None where nothing was read.
    """

    def __init__(self, scope: Scope, agent: AgentKeys) -> None:
        self._scope = scope
        self._agent = agent
        self._indexes: dict[str, int] = {}
        self.read_to: int | None = None

    def learn(self, messages: Iterable[Message], *, read_to: int) -> None:
        """Take over what was read; everything below `read_to` counts as read."""
        for message in messages:
            if message.write_id is not None:
                self._indexes[message.write_id] = message.index
        self.read_to = read_to

    def forget(self) -> None:
        """Know nothing: what is read next may be another history."""
        self._indexes, self.read_to = {}, None

    def note(self, messages: Sequence[Message], *, next_index: int) -> None:
        """Remember messages that were acknowledged; nothing else is below `next_index`."""
        has_read_all = self.read_to == messages[0].index
        before = self.read_to
        self.learn(messages, read_to=next_index)
        if not has_read_all:
            self.read_to = before

    def extend(self, messages: Iterable[Message], *, read_to: int) -> None:
        """Take over what came behind all that was read; what was never read stays unread."""
        before = self.read_to
        self.learn(messages, read_to=read_to)
        if before is None:
            self.read_to = None

    def knows(self, write_id: str | None, index: int) -> bool:
        """Tell whether this is the write id of the message at this index."""
        return write_id is not None and self._indexes.get(write_id) == index

    async def find(self, write_id: str) -> Message | None:
        """Give the visible message with this write id, read anew. Requests: 1 GET, 0 if unknown."""
        index = self._indexes.get(write_id)
        stored = None if index is None else await read_wherever(self._scope, self._agent, index)
        if stored is None or stored.is_void or stored.write_id != write_id:
            return None
        return stored.content if isinstance(stored.content, Message) else None
