"""Iterating: a history in order, a window of messages in memory at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from itertools import chain

from s3sessions.dao.documents import check_not_deleted, read_session_document
from s3sessions.dao.listing import AgentListing, look
from s3sessions.dao.messages import Stored, Unreadable, read_message
from s3sessions.dao.restore import MOST_PROBES, OnCorrupt, gaps
from s3sessions.dao.scope import Scope
from s3sessions.errors import SessionNotFound
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.models import Message


class MessageStream:
    """The messages of one agent from `start` up to `stop`, read as they are asked for.

    What is listed when the first message is asked for is what is given; a message that is appended
    later is not. Requests: 1 LIST for each 1,000 keys and 1 GET at the first, then 1 GET for each
    message, `width` at a time.

    Attributes:
        corrupt: what could not be read so far, passed over.
        holes: runs of indexes in the part that was listed which no object holds.
        foreign: objects under the agent's prefix that are not ours.
    """

    def __init__(
        self,
        scope: Scope,
        session: SessionKeys,
        agent: AgentKeys,
        start: int,
        stop: int | None,
        on_corrupt: OnCorrupt,
    ) -> None:
        self._scope = scope
        self._session = session
        self._agent = agent
        self._start = start
        self._stop = stop
        self._on_corrupt = on_corrupt
        self._iterator = self._iterate()
        self.corrupt: list[Unreadable] = []
        self.holes: tuple[range, ...] = ()
        self.foreign = 0

    def __aiter__(self) -> AsyncIterator[Message]:
        return self

    async def __anext__(self) -> Message:
        return await anext(self._iterator)

    async def aclose(self) -> None:
        """Stop; nothing more is read."""
        await self._iterator.aclose()

    async def _iterate(self) -> AsyncGenerator[Message, None]:
        listing, session = await look(self._scope, self._session, self._agent)
        check_not_deleted(session, self._session.document, self._agent.agent_id)
        self.foreign = listing.foreign
        indexes = self._indexes(listing)
        missing: set[int] = set()
        width = self._scope.settings.width
        for at in range(0, len(indexes), width):
            window = indexes[at : at + width]
            calls = [partial(read_message, self._scope, self._agent, index) for index in window]
            reads = dict(zip(window, await self._scope.store.fan_out(calls), strict=True))
            gone = {index for index, stored in reads.items() if stored is None}
            if any(index in listing.messages for index in gone):
                await self._check_there()
            if gone or any(index not in listing.messages for index in window):
                missing |= gone
                self.holes = tuple(gaps([i for i in indexes if i not in missing], self._start))
            for stored in reads.values():
                if stored is not None and (message := self._take(stored)) is not None:
                    yield message

    def _indexes(self, listing: AgentListing) -> list[int]:
        """Give what to read: what is shown, and what a list that is no snapshot may lack."""
        shown = [
            index
            for index in listing.messages
            if index >= self._start and (self._stop is None or index < self._stop)
        ]
        self.holes = tuple(gaps(shown, self._start))
        if sum(map(len, self.holes)) > MOST_PROBES:
            return shown
        return sorted(chain(shown, *self.holes))

    def _take(self, stored: Stored) -> Message | None:
        if isinstance(stored.content, Message):
            return None if stored.is_void else stored.content
        if self._on_corrupt == "raise":
            raise stored.content
        self.corrupt.append(stored.content)
        return None

    async def _check_there(self) -> None:
        """Something that was listed is gone: part of a deleted session is no history."""
        session = await read_session_document(self._scope, self._session)
        check_not_deleted(session, self._session.document, self._agent.agent_id)
        if session is None:
            raise SessionNotFound("session was deleted meanwhile", key=self._session.document)
