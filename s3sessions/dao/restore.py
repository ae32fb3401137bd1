"""Restore: two waves of requests, list and then read in parallel, until both agree.

The first wave lists the agent and reads session.json; the second reads the documents and the
messages that the list shows. Neither a list of several pages nor a fan-out is a snapshot, so the
result holds only if no listed key had gone; otherwise it is listed again, and what was read stays
read. An index that the list lacks is read all the same; if two lists in a row lack it, it is a
hole. Messages without a session.json may be what a deletion has left so far: then two lists must
show the same.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, Final, Literal

from s3sessions.dao.documents import Document, check_not_deleted, decode_part, read_document
from s3sessions.dao.listing import AgentListing, list_agent, look
from s3sessions.dao.messages import Stored, read_message
from s3sessions.dao.scope import Scope
from s3sessions.dao.tail import Tail
from s3sessions.errors import StoreUnavailable, TooManyMessages, UnsupportedVersion
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.log import emit
from s3sessions.models import History, Message

OnCorrupt = Literal["raise", "report"]

_MOST_ROUNDS: Final = 5
# Above this an absurd index was written by somebody; reading each hole below it would never end.
MOST_PROBES: Final = 1000


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore found, and what its handle needs to go on."""

    history: History
    tail: Tail
    agent: Document | None


def gaps(indexes: Sequence[int], start: int = 0) -> list[range]:
    """Give the runs of indexes from `start` on that are lacking among sorted ones."""
    befores = (start - 1, *indexes)
    return [range(a + 1, b) for a, b in zip(befores, indexes, strict=False) if b > a + 1]


@dataclass
class Restore:
    """One restore: what it has read so far, over as many lists as it takes."""

    scope: Scope
    session: SessionKeys
    agent: AgentKeys
    last: int | None
    max_messages: int | None
    on_corrupt: OnCorrupt
    _reads: dict[int, Stored] = field(default_factory=dict)
    _agent_document: Document | None = None
    _lacking: list[range] | None = None

    async def run(self) -> Restored:
        """Restore.

        Raises:
            SessionDeleted: the session or the agent is being deleted.
            TooManyMessages: there are more than `max_messages`; none was read.
            CorruptObject: of a message, with `on_corrupt="raise"`.
            UnsupportedVersion: of a message or a document, likewise.
            StoreUnavailable: the history changed under each list.
        """
        for _ in range(_MOST_ROUNDS):
            listing, session = await look(self.scope, self.session, self.agent)
            check_not_deleted(session, self.session.document, self.agent.agent_id)
            if session is None and not await self._is_still(listing):
                continue
            self._check_count(listing)
            wanted = await self._read_wanted(listing)
            found = self._found(wanted)
            lacking, before = gaps(found, self._start(wanted)), self._lacking
            self._lacking = lacking
            if set(wanted) <= set(found) and lacking in ([], before) and self._has_agent(listing):
                return self._result(listing, session, found)
        raise StoreUnavailable(
            f"history changed under each of {_MOST_ROUNDS} lists: try again", key=self.agent.prefix
        )

    async def _is_still(self, listing: AgentListing) -> bool:
        """Without session.json two lists must agree; an empty one has nothing to disagree on."""
        if not listing.messages:
            return True
        return listing.shows_the_same_as(await list_agent(self.scope, self.agent))

    def _check_count(self, listing: AgentListing) -> None:
        count = (
            len(listing.messages) if self.last is None else min(len(listing.messages), self.last)
        )
        if self.max_messages is not None and count > self.max_messages:
            raise TooManyMessages(
                f"history has {count:,} messages, max_messages is {self.max_messages:,}: "
                "restore the newest with last=…, or iterate",
                key=self.agent.messages,
                count=count,
                limit=self.max_messages,
            )

    def _found(self, wanted: list[int]) -> list[int]:
        """Give the indexes that were read within what this list shows; an earlier one is past."""
        if not wanted:
            return []
        return sorted(i for i in self._reads if self._start(wanted) <= i <= wanted[-1])

    def _has_agent(self, listing: AgentListing) -> bool:
        return self._agent_document is not None or Kind.AGENT not in listing.documents

    def _start(self, wanted: list[int]) -> int:
        """Where the part that was asked for begins: what lies before it is nobody's hole."""
        return 0 if self.last is None or not wanted else wanted[0]

    async def _read_wanted(self, listing: AgentListing) -> list[int]:
        """Read the documents and as many messages as were asked for; give their indexes."""
        shown = list(listing.messages)
        take = len(shown) if self.last is None else min(self.last, len(shown))
        while True:
            wanted = shown[len(shown) - take :]
            await self._read(listing, wanted)
            voids = sum(read.is_void for i in wanted if (read := self._reads.get(i)))
            if self.last is None or take == len(shown) or take - voids >= self.last:
                return wanted
            take = min(len(shown), self.last + voids)

    async def _read(self, listing: AgentListing, wanted: list[int]) -> None:
        """Read in one fan-out what is wanted and not read yet in the version that is listed."""
        lacking = gaps(wanted, self._start(wanted))
        probes = chain(*lacking) if sum(map(len, lacking)) <= MOST_PROBES else ()
        unread = [i for i in wanted if self._is_unread(listing.messages[i].etag, i)]
        calls: list[Any] = [partial(self._read_one, index) for index in (*unread, *probes)]
        entry = listing.documents.get(Kind.AGENT)
        if entry and (self._agent_document is None or self._agent_document.etag != entry.etag):
            calls.append(self._read_agent)
        await self.scope.store.fan_out(calls)

    def _is_unread(self, etag: str, index: int) -> bool:
        read = self._reads.get(index)
        return read is None or read.etag != etag

    async def _read_one(self, index: int) -> None:
        read = await read_message(self.scope, self.agent, index)
        if read is None:
            self._reads.pop(index, None)
        else:
            self._reads[index] = read

    async def _read_agent(self) -> None:
        self._agent_document = await read_document(self.scope, self.agent.document)

    def _result(
        self, listing: AgentListing, session: Document | None, found: list[int]
    ) -> Restored:
        contents = [self._reads[index].content for index in found if not self._reads[index].is_void]
        messages = [content for content in contents if isinstance(content, Message)]
        corrupt = [content for content in contents if not isinstance(content, Message)]
        agent = self._agent_document if Kind.AGENT in listing.documents else None
        documents = [doc.corrupt for doc in (session, agent) if doc and doc.corrupt]
        # A damaged document is done without; what a newer version wrote is not to be continued.
        corrupt_or_newer = [*corrupt, *(e for e in documents if isinstance(e, UnsupportedVersion))]
        if corrupt_or_newer and self.on_corrupt == "raise":
            raise corrupt_or_newer[0]
        tail = Tail.of(listing, session)
        history = History(
            session_id=self.session.session_id,
            agent_id=self.agent.agent_id,
            messages=messages if self.last is None else messages[-self.last :],
            state=decode_part(agent.body.get("state")) if agent else {},
            metadata=decode_part(agent.part("metadata")) if agent else {},
            next_index=listing.next_index,
            corrupt=(*corrupt, *documents),
            holes=tuple(self._lacking or ()),
            foreign=listing.foreign,
            missing=tuple(sorted(tail.missing)),
        )
        self._report(history)
        return Restored(history, tail, agent)

    def _report(self, history: History) -> None:
        emit(
            logging.INFO,
            "session_restored",
            session=history.session_id,
            agent=history.agent_id,
            messages=len(history.messages),
            corrupt=len(history.corrupt),
            holes=len(history.holes),
            foreign=history.foreign,
        )
