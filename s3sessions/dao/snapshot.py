"""A snapshot: a history, or its end, read so that it is one that really was.

The first wave lists the agent; the second reads session.json and the messages that the list shows.
Neither a list of several pages nor a fan-out is a snapshot by itself, so the result holds only if
no listed key had gone; otherwise it is listed again, and what was read stays read. An index that
the list lacks is read all the same, and so is every message that a commit lists; what two lists in
a row lack is a hole. session.json is read behind the list, not beside it: a deletion marks it
before it takes a message, so what a list has missed shows there. Without a session.json the
messages may be what a deletion has left so far: then two lists must show the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Final, TypeAlias

from s3sessions.dao.documents import (
    Document,
    check_not_deleted,
    life_of,
    read_session_document,
)
from s3sessions.dao.end import NOTHING, End, find_end
from s3sessions.dao.listing import AgentListing, list_agent
from s3sessions.dao.messages import Stored, Unreadable, read_message
from s3sessions.dao.scope import Scope
from s3sessions.dao.tail import Tail
from s3sessions.dao.visible import (
    Reads,
    ReplacedMember,
    keyed,
    messages,
    newest,
    place_of,
    places,
    related,
)
from s3sessions.errors import StoreUnavailable
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.models import Message

_MOST_ROUNDS: Final = 5
# Above this an absurd index was written by somebody; reading each hole below it would never end.
MOST_PROBES: Final = 1000

_Call: TypeAlias = Callable[[], Awaitable[bool]]
Beside: TypeAlias = Callable[[AgentListing], Sequence[_Call]]
"""Looks at a list before any message is read, and gives what to read along with them; each call
tells whether what was listed was there."""
Look: TypeAlias = Callable[[], Awaitable[tuple[AgentListing, int]]]
"""Lists, and tells at which index to begin."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a snapshot shows.

    Attributes:
        listing: the list that it agrees with.
        session: session.json.
        messages: the visible ones, in order.
        corrupt: what could not be read.
        replaced: what stands where a commit lists a member.
        lacking: runs of indexes that no object holds.
        tail: the end of the history.
    """

    listing: AgentListing
    session: Document | None
    messages: list[Message]
    corrupt: list[Unreadable]
    replaced: list[Unreadable]
    lacking: tuple[range, ...]
    tail: Tail


def gaps(indexes: Sequence[int], start: int = 0) -> list[range]:
    """Give the runs of indexes from `start` on that are lacking among sorted ones."""
    befores = (start - 1, *indexes)
    return [range(a + 1, b) for a, b in zip(befores, indexes, strict=False) if b > a + 1]


def read_nothing_beside(listing: AgentListing) -> Sequence[_Call]:
    """Take the messages alone."""
    return ()


def any_message(message: Message) -> bool:
    """Count every message."""
    return True


@dataclass
class Snapshot:
    """One reading: of what stands at `start` and behind it, or of the `last` visible messages.

    A batch counts at its commit and is never cut. `beside` is read along with the messages, and
    only messages for which `counts` is true are given and counted. `look` lists anew each time, and
    what it tells stands in place of `start`.
    """

    scope: Scope
    session: SessionKeys
    agent: AgentKeys
    start: int = 0
    last: int | None = None
    look: Look | None = None
    beside: Beside = read_nothing_beside
    counts: Callable[[Message], bool] = any_message
    _reads: dict[int, Stored] = field(default_factory=dict)
    _asked: set[int] = field(default_factory=set)
    _lacking: list[range] | None = None
    _has_beside: bool = True
    _end: End = NOTHING
    _document: Document | None = None

    async def run(self) -> Seen:
        """Read.

        Raises:
            SessionDeleted: the session or the agent is being deleted.
            StoreUnavailable: the history changed under each list.
        """
        for attempt in range(_MOST_ROUNDS):
            before = self._document
            listing = await self._list()
            self._asked, self._has_beside = set(), True
            first = await self._read_wanted(listing)
            check_not_deleted(self._document, self.session.document, self.agent.agent_id)
            if attempt and life_of(before) != life_of(self._document):
                self._forget()
                continue
            if self._document is None and not await self._is_still(listing):
                continue
            if self._holds(listing, first):
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
        self._reads, self._lacking = {}, None

    async def _is_still(self, listing: AgentListing) -> bool:
        """Without session.json two lists must agree; an empty one has nothing to disagree on."""
        if not listing.messages:
            return True
        return listing.shows_the_same_as(await list_agent(self.scope, self.agent))

    def _holds(self, listing: AgentListing, first: int) -> bool:
        """Tell whether all is as it is listed, and nothing lacks but for a second time.

        What was read in another version may be of another life of the id than the rest.
        """
        before, self._lacking = self._lacking, self._lacks(first)
        is_there = all(self._is_read(listing, i) for i in self._asked if i in listing.messages)
        return is_there and self._has_beside and self._lacking in ([], before)

    def _lacks(self, first: int) -> list[range]:
        """Give what no object holds below the end; above it a batch may wait for its commit.

        What a commit lists belongs to the history wherever it stands.
        """
        end = self._end.next_index
        members = related(self._reads, [index for index in self._found if index < end])
        end = max([end, *(index + 1 for index in members if index not in self._reads)])
        found = sorted(index for index in self._found if first <= index < end)
        return gaps([*found, end], first)

    @property
    def _found(self) -> dict[int, Stored]:
        """What was read under the present list: earlier finds may have gone since."""
        return {index: self._reads[index] for index in self._asked if index in self._reads}

    async def _read_wanted(self, listing: AgentListing) -> int:
        """Read as much as was asked for; give the index at which that begins."""
        shown = [index for index in listing.messages if index >= self.start]
        take = len(shown) if self.last is None else min(self.last, len(shown))
        beside = [self._read_session, *self.beside(listing)]
        while True:
            wanted = shown[len(shown) - take :]
            # Of all that is shown the beginning is known: a list can pass over the lowest one, too.
            first = self.start if take == len(shown) else self._lowest(wanted, shown[-1] + 1)
            await self._read(listing, wanted, first, beside)
            beside, self._end = [], await self._find_end(listing)
            more = self._more(shown, take, first)
            if not more:
                return first
            take += more

    def _lowest(self, wanted: Sequence[int], end: int) -> int:
        """Tell where the newest begin: with the first that is wanted, or its batch."""
        return min([*wanted[:1], *self._found], default=end)

    async def _read(
        self, listing: AgentListing, wanted: Sequence[int], first: int, beside: Sequence[_Call]
    ) -> None:
        lacking = gaps(wanted, first)
        probes = chain(*lacking) if sum(map(len, lacking)) <= MOST_PROBES else ()
        await self._fetch(listing, (*wanted, *probes), beside)
        while unread := related(self._reads, self._asked) - self._asked:
            await self._fetch(listing, unread)

    def _more(self, shown: Sequence[int], take: int, first: int) -> int:
        """Tell how many messages more to read: what a batch reaches back to, and what lacks."""
        if not self.last or take == len(shown):
            return 0
        lowest = min(self._found, default=first)
        at = len(shown) - take
        reached = sum(index >= lowest for index in shown[:at])
        return min(at, max(reached, self.last - len(self._visible(first))))

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
        found = filter(self.counts, messages(self._found, first))
        return [message for message in found if place_of(message) < self._end.next_index]

    async def _fetch(
        self, listing: AgentListing, indexes: Iterable[int], beside: Sequence[_Call] = ()
    ) -> None:
        """Read in one fan-out what was not read yet in the version that is listed."""
        asked = [index for index in dict.fromkeys(indexes) if index not in self._asked]
        self._asked.update(asked)
        unread = [index for index in asked if not self._is_read(listing, index)]
        calls: list[_Call] = [partial(self._read_one, index) for index in unread]
        there = await self.scope.store.fan_out([*calls, *beside])
        if beside:
            self._has_beside = all(there[len(calls) :])

    def _is_read(self, listing: AgentListing, index: int) -> bool:
        read, entry = self._reads.get(index), listing.messages.get(index)
        return read is not None and entry is not None and read.etag == entry.etag

    async def _read_one(self, index: int) -> bool:
        read = await read_message(self.scope, self.agent, index)
        if read is None:
            self._reads.pop(index, None)
        else:
            self._reads[index] = read
        return read is not None

    async def _read_session(self) -> bool:
        self._document = await read_session_document(self.scope, self.session)
        return True

    def _seen(self, listing: AgentListing, first: int) -> Seen:
        unreadable = [
            keyed(stored.content, self.agent.message(index))
            for index, stored in places(self._found, first)
            if not isinstance(stored.content, Message)
        ]
        seen = self._visible(first)
        return Seen(
            listing=listing,
            session=self._document,
            messages=newest(seen, len(seen) if self.last is None else self.last),
            corrupt=[error for error in unreadable if not isinstance(error, ReplacedMember)],
            replaced=[error for error in unreadable if isinstance(error, ReplacedMember)],
            lacking=tuple(self._lacking or ()),
            tail=Tail.of(listing, self._document, self._end),
        )
