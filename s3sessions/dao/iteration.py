"""Iterating: a history in order, a window of messages in memory at a time."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from functools import partial
from itertools import chain
from typing import Final

from s3sessions.dao.beginning import WHOLE, Beginning, beginning_within, name_of_life
from s3sessions.dao.documents import (
    Document,
    check_not_deleted,
    life_of_agent,
    read_document,
    read_session_document,
)
from s3sessions.dao.end import End, fetching, find_end
from s3sessions.dao.listing import AgentListing, list_agent
from s3sessions.dao.messages import Stored, Unreadable
from s3sessions.dao.origin import is_before_publication
from s3sessions.dao.reader import Reader
from s3sessions.dao.restore import OnCorrupt
from s3sessions.dao.scope import Scope
from s3sessions.dao.snapshot import MOST_PROBES, gaps
from s3sessions.dao.visible import ReplacedMember, batch_of, is_member, keyed, standing
from s3sessions.errors import SessionNotFound, UnsupportedVersion
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.models import Message

# What several lists in a row lack, or do not agree on, is what there is.
_MOST_LOOKS: Final = 3


class MessageStream:
    """The messages of one agent from `start` up to `stop`, read as they are asked for.

    What is listed when the first message is asked for is what is given; a message that is appended
    later is not, nor is what a truncation has hidden. A batch stands at its commit, whole, and is
    in or out with it. Requests: 1 LIST for each 1,000 keys and 1 GET at the first (2 where there is
    a history.json, or more than one page of keys), then 1 GET for each message, `width` at a time;
    for each segment where they are packed.

    `before` is awaited before each window.

    Attributes:
        corrupt: what could not be read so far, passed over.
        holes: runs of indexes in the part that was listed which no object holds.
        foreign: objects under the agent's prefix that are not ours.
        history: history.json, as it was read before the first message; None without one.
        beginning: what it says.
    """

    def __init__(
        self,
        scope: Scope,
        session: SessionKeys,
        agent: AgentKeys,
        start: int,
        stop: int | None,
        on_corrupt: OnCorrupt,
        before: Callable[[], Awaitable[None]],
    ) -> None:
        self._scope = scope
        self._session = session
        self._agent = agent
        self._asked_start = self._start = start
        self._stop = stop
        self._on_corrupt = on_corrupt
        self._before = before
        self._iterator = self._iterate()
        self._reader = Reader(scope, agent)
        self._given: set[int] = set()
        self.corrupt: list[Unreadable] = []
        self.holes: tuple[range, ...] = ()
        self.foreign = 0
        self._missing: set[int] = set()
        self._second: AgentListing | None = None
        self._began_with: Document | None = None
        self.history: Document | None = None
        self.beginning: Beginning = WHOLE

    def __aiter__(self) -> AsyncIterator[Message]:
        return self

    async def __anext__(self) -> Message:
        return await anext(self._iterator)

    async def aclose(self) -> None:
        """Stop; nothing more is read."""
        await self._iterator.aclose()

    async def _iterate(self) -> AsyncGenerator[Message, None]:
        listing = await list_agent(self._scope, self._agent)
        for look in range(1, _MOST_LOOKS + 1):
            await self._begin(listing)
            fetch = fetching(self._scope, self._agent, listing, self._began_with)
            end = await find_end(listing, fetch)
            self._begin_at(end)
            if look == _MOST_LOOKS or self._is_one_moment(listing, end):
                break
            listing = await list_agent(self._scope, self._agent)
        self.foreign = listing.foreign
        indexes = self._indexes(listing, end.next_index)
        for whole in listing.windows(indexes, self._scope.width):
            window = [index for index in whole if index not in self._given]
            self._given = {index for index in self._given if index > whole[0]}
            self._reader.drop_below(whole[0])
            reads = await self._read_batches(listing, window)
            await self._note_missing(listing, indexes, reads)
            for index, stored in self._in_order(window, reads):
                if (message := self._take(index, stored)) is not None:
                    yield message
        self.corrupt += self._reader.strays.values()

    def _is_one_moment(self, listing: AgentListing, end: End) -> bool:
        """Tell whether the list shows what the documents read behind it tell of."""
        entry = listing.documents.get(Kind.HISTORY)
        if (entry and entry.etag) != (self.history and self.history.etag):
            return False
        if is_before_publication(listing, self._began_with, self._agent.agent_id):
            return False
        return end.next_index >= self.beginning.reached

    def _begin_at(self, end: End) -> None:
        place = (self.history, self._began_with, self._agent.agent_id)
        self.beginning = beginning_within(*place, end.next_index)
        self._start = max(self._asked_start, self.beginning.first)

    async def _begin(self, listing: AgentListing) -> None:
        """Read session.json, behind the list: a deletion marks it before it takes a message.

        And history.json, where there may be one: what it hides is not read.
        """
        read: list[Callable[[], Awaitable[Document | None]]] = [
            partial(read_session_document, self._scope, self._session)
        ]
        # Of several pages the first can be older than what was hidden before the last was listed.
        if Kind.HISTORY in listing.documents or listing.pages > 1:
            read.append(partial(read_document, self._scope, self._agent.history))
        session, *history = await self._scope.store.fan_out(read)
        check_not_deleted(session, self._session.document, self._agent.agent_id)
        self._began_with = session
        self.history = history[0] if history else None
        self.corrupt = []
        for document in (session, self.history):
            self._take_document(document)
        life = life_of_agent(session, self._agent.agent_id)
        self._reader.belongs_to(listing, name_of_life(life), is_known=session is not None)

    async def _read_batches(
        self, listing: AgentListing, window: list[int]
    ) -> dict[int, Stored | None]:
        """Read a window, and the members that its commits list wherever they are."""
        await self._before()
        reads = await self._read(listing, window)
        batches = [batch for i in window if (batch := batch_of(reads[i])) is not None]
        members = {member for batch in batches for member in batch.indexes or ()}
        return reads | await self._read(listing, sorted(members - set(window)))

    async def _read(
        self, listing: AgentListing, indexes: Sequence[int]
    ) -> dict[int, Stored | None]:
        self._reader.begin()
        await self._reader.fetch(listing, indexes)
        return {index: self._reader.reads.get(index) for index in indexes}

    async def _note_missing(
        self, listing: AgentListing, indexes: list[int], reads: dict[int, Stored | None]
    ) -> None:
        """Tell what is gone from what was never there."""
        shown = listing
        passed_over = [i for i, stored in reads.items() if stored is None and i not in shown.shown]
        if passed_over and listing.pages > 1 and not self._is_changed(listing, reads):
            # It may have been packed between one page and the next.
            shown = self._second = self._second or await list_agent(self._scope, self._agent)
            reads |= await self._read(shown, passed_over)
        for _ in range(_MOST_LOOKS):
            if not self._is_changed(shown, reads):
                break
            # What is still not where this list shows it may be gone since, with all the others.
            shown = await self._check_there(shown, reads)
            moved = [index for index, stored in reads.items() if stored is None]
            reads |= await self._read(shown, moved)
        gone = {index for index, stored in reads.items() if stored is None}
        self._missing |= gone
        if gone or any(index not in listing.shown for index in reads):
            there = [index for index in indexes if index not in self._missing]
            self.holes = tuple(gaps([*there, max([*indexes, *self._missing]) + 1], self._start))

    def _in_order(
        self, window: list[int], reads: dict[int, Stored | None]
    ) -> Iterator[tuple[int, Stored]]:
        """Give what stands in the window, each batch whole at its commit; unreadable ones too."""
        known = {index: stored for index, stored in reads.items() if stored is not None}
        for index in window:
            if index in self._given:
                continue
            found = list(standing(known, index, self.beginning))
            # A single message that a commit lists is given at its own place, too.
            self._given.update(i for i, _ in found[1:] if not _is_single(known[i]))
            yield from found

    def _indexes(self, listing: AgentListing, end: int) -> list[int]:
        """Give what to read: what is shown, and what a list that is no snapshot may lack.

        Nothing at the end that the list shows or behind it: what comes there meanwhile may come
        behind what was not there yet when it was looked for.
        """
        stop = end if self._stop is None else min(end, self._stop)
        shown = [index for index in listing.shown.since(self._start) if index < stop]
        self.holes = tuple(gaps(shown, self._start))
        if sum(map(len, self.holes)) > MOST_PROBES:
            return shown
        return sorted(chain(shown, *self.holes))

    def _take_document(self, document: Document | None) -> None:
        """Do without a damaged document; what a newer version wrote is not read in part."""
        if document is None or document.corrupt is None:
            return
        if self._on_corrupt == "raise" and isinstance(document.corrupt, UnsupportedVersion):
            raise document.corrupt
        self.corrupt.append(document.corrupt)

    def _take(self, index: int, stored: Stored) -> Message | None:
        if isinstance(stored.content, Message):
            return None if stored.is_void else stored.content
        error = keyed(stored.content, self._agent.message(index))
        if self._on_corrupt == "raise" and not isinstance(error, ReplacedMember):
            raise error
        self.corrupt.append(error)
        return None

    def _is_changed(self, listing: AgentListing, reads: Mapping[int, Stored | None]) -> bool:
        """Tell whether something is not as it is listed."""
        return any(self._is_another(listing, index, stored) for index, stored in reads.items())

    def _is_another(self, listing: AgentListing, index: int, stored: Stored | None) -> bool:
        entry = None if self._reader.passes_over(listing, index) else listing.holder(index)
        return entry is not None and (stored is None or stored.etag != entry.etag)

    async def _check_there(
        self, listing: AgentListing, reads: Mapping[int, Stored | None]
    ) -> AgentListing:
        """Something that was listed is gone, or another: part of a deleted session is no history.

        What was gone and is there again was written in another life of the id; unless it was packed
        meanwhile, as the list tells that is returned.
        """
        again = await list_agent(self._scope, self._agent)
        session = await read_session_document(self._scope, self._session)
        check_not_deleted(session, self._session.document, self._agent.agent_id)
        agent_id = self._agent.agent_id
        life = life_of_agent(session, agent_id)
        is_same = session is not None and life == life_of_agent(self._began_with, agent_id)
        missed = {index for index, stored in reads.items() if stored is None}
        if not is_same or missed & listing.messages.keys() & again.messages.keys():
            raise SessionNotFound("session was deleted meanwhile", key=self._session.document)
        return again


def _is_single(stored: Stored) -> bool:
    return isinstance(stored.content, Message) and not is_member(stored)
