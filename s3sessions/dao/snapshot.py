"""A snapshot: a history, or its end, read so that it is one that really was.

The first wave lists the agent; the second reads session.json and the messages that the list shows.
Neither a list of several pages nor a fan-out is a snapshot by itself, so the result holds only if
no listed key had gone; otherwise it is listed again, and what was read stays read. An index that
the list lacks is read all the same, and so is every message that a commit lists; what two lists in
a row lack is a hole. session.json is read behind the list, not beside it: a deletion marks it
before it takes a message, so what a list has missed shows there. Without a session.json the
messages may be what a deletion has left so far: then two lists must show the same.

Where the list shows history.json, that is read along with the newest messages, as many as go out at
once; what lies before them is read then if it is visible, and the result holds if history.json is
still the one that was listed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Final, TypeAlias

from s3sessions.dao.beginning import Beginning, name_of_life
from s3sessions.dao.documents import Document
from s3sessions.dao.end import NOTHING, End, find_end
from s3sessions.dao.indexes import Indexes
from s3sessions.dao.listing import AgentListing, list_agent
from s3sessions.dao.messages import Stored, Unreadable
from s3sessions.dao.reader import Call, Reader
from s3sessions.dao.scope import Scope
from s3sessions.dao.seen import Seen
from s3sessions.dao.surroundings import Surroundings
from s3sessions.dao.tail import Tail
from s3sessions.dao.visible import (
    Reads,
    ReplacedMember,
    batch_of,
    keyed,
    messages,
    newest,
    place_of,
    places,
    related,
)
from s3sessions.errors import StoreUnavailable, TooManyMessages
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.models import Message

_MOST_ROUNDS: Final = 5
# Above this an absurd index was written by somebody; reading each hole below it would never end.
MOST_PROBES: Final = 1000

Beside: TypeAlias = Callable[[AgentListing], Sequence[Call]]
"""Gives for a list what to read along with the messages; each call tells whether what was listed
was there."""
Admit: TypeAlias = Callable[[int], None]
"""Raises TooManyMessages for a number of messages, before one is read."""
Look: TypeAlias = Callable[[], Awaitable[tuple[AgentListing, int]]]
"""Lists, and tells at which index to begin."""


def gaps(indexes: Sequence[int], start: int = 0) -> list[range]:
    """Give the runs of indexes from `start` on that are lacking among sorted ones."""
    befores = (start - 1, *indexes)
    return [range(a + 1, b) for a, b in zip(befores, indexes, strict=False) if b > a + 1]


def read_nothing_beside(listing: AgentListing) -> Sequence[Call]:
    """Take the messages alone."""
    return ()


def any_number(count: int) -> None:
    """Admit it."""


def any_message(message: Message) -> bool:
    """Count every message."""
    return True


class Snapshot:
    """One reading: of what stands at `start` and behind it, or of the `last` visible messages.

    A batch counts at its commit and is never cut. `beside` is read along with the messages, and
    only messages for which `counts` is true are given and counted. `look` lists anew each time, and
    what it tells stands in place of `start`. `history` is a history.json that is known already.
    """

    def __init__(
        self,
        scope: Scope,
        session: SessionKeys,
        agent: AgentKeys,
        *,
        start: int = 0,
        last: int | None = None,
        look: Look | None = None,
        beside: Beside = read_nothing_beside,
        admit: Admit = any_number,
        counts: Callable[[Message], bool] = any_message,
        history: Document | None = None,
    ) -> None:
        self.scope = scope
        self.agent = agent
        self.start = start
        self.last = last
        self.look = look
        self.beside = beside
        self.admit = admit
        self.counts = counts
        self._reader = Reader(scope, agent)
        self._around = Surroundings(scope, session, agent, history)
        self._lacking: list[range] | None = None
        self._passed_over: set[int] | None = None
        self._has_beside = True
        self._end = NOTHING

    async def run(self) -> Seen:
        """Read.

        Raises:
            SessionDeleted: the session or the agent is being deleted.
            StoreUnavailable: the history changed under each list.
        """
        for attempt in range(_MOST_ROUNDS):
            before, fitted = self._around.life, (self._end, self._around.beginning)
            listing = await self._list()
            self._reader.begin()
            self._has_beside = True
            first = await self._read_wanted(listing)
            self._around.check_not_deleted()
            if attempt and before != self._around.life:
                self._forget()
                continue
            if not attempt and self._around.is_before_publication(listing):
                continue
            if self._around.session is None and not await self._is_still(listing):
                continue
            if self._holds(listing, first, fitted):
                return self._seen(listing, first)
        raise StoreUnavailable(
            f"history changed under each of {_MOST_ROUNDS} lists: try again", key=self.agent.prefix
        )

    async def _list(self) -> AgentListing:
        if self.look is None:
            return await list_agent(self.scope, self.agent)
        listing, self.start = await self.look()
        return listing

    def _forget(self) -> None:
        """Forget what was read in another life of the id than the rest; it may be listed still.

        The pages of one list can show both lives, each in the version that was read.
        """
        self._reader, self._lacking = Reader(self.scope, self.agent), None

    async def _is_still(self, listing: AgentListing) -> bool:
        """Without session.json two lists must agree; an empty one has nothing to disagree on."""
        if not listing.shown:
            return True
        return listing.shows_the_same_as(await list_agent(self.scope, self.agent))

    def _holds(self, listing: AgentListing, first: int, fitted: tuple[End, Beginning]) -> bool:
        """Tell whether all is as it is listed, and nothing lacks but for a second time.

        What was read in another version may be of another life of the id than the rest.
        """
        before, self._lacking = self._lacking, self._lacks(first)
        passed_over, self._passed_over = self._passed_over, self._unlisted(listing)
        is_there = self._reader.has_all_of(listing) and self._has_beside
        is_there = is_there and self._lacking in ([], before)
        is_there = is_there and self._passed_over in (set(), passed_over)
        return is_there and self._around.holds(listing, self._end, fitted)

    def _unlisted(self, listing: AgentListing) -> set[int]:
        """Give what was found below the end and not listed: it may be of another life, too."""
        end = self._end.next_index
        return {i for i in self._found if i < end and i not in listing.shown}

    def _lacks(self, first: int) -> list[range]:
        """Give what no object holds below the end; above it a batch may wait for its commit.

        What a commit lists belongs to the history wherever it stands.
        """
        end = self._end.next_index
        reads = self._reader.reads
        members = related(reads, [index for index in self._found if index < end])
        end = max([end, *(index + 1 for index in members if index not in reads)])
        found = sorted(index for index in self._found if first <= index < end)
        return gaps([*found, end], first)

    @property
    def _found(self) -> dict[int, Stored]:
        return self._reader.found

    async def _read_wanted(self, listing: AgentListing) -> int:
        """Read as much as was asked for; give the index at which that begins."""
        beside: Sequence[Call] = [*self._around.calls(listing), *self.beside(listing)]
        if Kind.HISTORY in listing.documents:
            await self._fetch(listing, self._ahead(listing), beside)
            beside = []
            end = None if self._around.session else await self._find_end(listing)
            self._around.begin(end)
        start = max(self.start, self._around.beginning.first)
        shown = listing.shown.since(start)
        take = self._take(shown)
        self.admit(take)
        while True:
            wanted = shown.newest(take)
            # Of all that is shown the beginning is known: a list can pass over the lowest one, too.
            first = start if take == len(shown) else self._lowest(wanted, shown.end)
            await self._read(listing, wanted, first, beside)
            beside, self._end = [], await self._find_end(listing)
            self._around.begin(self._end)
            more = self._more(shown, take, first)
            if not more:
                return first
            take += more

    def _take(self, shown: Indexes) -> int:
        return len(shown) if self.last is None else min(self.last, len(shown))

    def _ahead(self, listing: AgentListing) -> list[int]:
        """Give the newest, which are visible whatever history.json says; none if too many are."""
        shown = listing.shown.since(self.start)
        take = self._take(shown)
        with suppress(TooManyMessages):
            self.admit(take)
            return shown.newest(min(take, self.scope.width))
        return []

    def _lowest(self, wanted: Sequence[int], end: int) -> int:
        """Tell where the newest begin: with the first that is wanted, or its batch."""
        return min([*wanted[:1], *self._found], default=end)

    async def _read(
        self, listing: AgentListing, wanted: Sequence[int], first: int, beside: Sequence[Call]
    ) -> None:
        lacking = gaps(wanted, first)
        probes = chain(*lacking) if sum(map(len, lacking)) <= MOST_PROBES else ()
        await self._fetch(listing, (*wanted, *probes), beside)
        asked = self._reader.asked
        while unread := related(self._reader.reads, asked) - asked:
            await self._fetch(listing, unread)

    def _more(self, shown: Indexes, take: int, first: int) -> int:
        """Tell how many messages more to read: what a batch reaches back to, and what lacks."""
        if not self.last or take == len(shown):
            return 0
        lowest = min(self._found, default=first)
        reached = len(shown.since(lowest)) - take
        lacking = self.last - len(self._visible(first))
        # Fewer than were asked for are found where a listed one is gone: then it is listed again.
        return min(len(shown) - take, max(0, reached, lacking))

    async def _find_end(self, listing: AgentListing) -> End:
        async def fetch(indexes: Iterable[int]) -> Reads:
            await self._fetch(listing, indexes)
            return self._found

        return await find_end(listing, fetch)

    def _visible(self, first: int) -> list[Message]:
        """Give what is visible below the end that the list shows.

        What came after the list is left for the next one, which may have a message before it; and
        so the tail is the end of just these messages.
        """
        return list(filter(self.counts, self._below_the_end(first)))

    def _below_the_end(self, first: int) -> list[Message]:
        found = messages(self._found, first, self._around.beginning)
        return [message for message in found if place_of(message) < self._end.next_index]

    async def _fetch(
        self, listing: AgentListing, indexes: Iterable[int], beside: Sequence[Call] = ()
    ) -> None:
        there = await self._reader.fetch(listing, indexes, beside)
        if beside:
            self._has_beside = all(there)
            is_known = self._around.session is not None
            self._reader.belongs_to(listing, name_of_life(self._around.life), is_known=is_known)

    def _is_replacing(self, stored: Stored) -> bool:
        batch = batch_of(stored)
        return batch is not None and batch.replaces and not self._around.beginning.shows(batch)

    def _unreadable(self, first: int) -> list[Unreadable]:
        """Give what cannot be read; a segment is one error, at each of its indexes."""
        return list(
            dict.fromkeys(
                keyed(stored.content, self.agent.message(index))
                for index, stored in places(self._found, first, self._around.beginning)
                if not isinstance(stored.content, Message)
            )
        )

    def _seen(self, listing: AgentListing, first: int) -> Seen:
        unreadable = self._unreadable(first)
        below = self._below_the_end(first)
        seen = [message for message in below if self.counts(message)]
        return Seen(
            listing=listing,
            session=self._around.session,
            history=self._around.history,
            beginning=self._around.beginning,
            messages=newest(seen, len(seen) if self.last is None else self.last),
            uncounted=[message for message in below if not self.counts(message)],
            corrupt=[error for error in unreadable if not isinstance(error, ReplacedMember)],
            replaced=[
                *(error for error in unreadable if isinstance(error, ReplacedMember)),
                *self._reader.strays.values(),
            ],
            replacing=[i for i, s in self._found.items() if self._is_replacing(s)],
            lacking=tuple(self._lacking or ()),
            tail=Tail.of(listing, self._around.session, self._end),
        )
