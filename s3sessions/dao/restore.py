"""Restore: the history, the agent's state, and what could not be read, as of one moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, Literal

from s3sessions.codec import PARTIAL
from s3sessions.dao.agent_document import fields_of
from s3sessions.dao.documents import Document, decode_part, read_document
from s3sessions.dao.listing import AgentListing, list_agent
from s3sessions.dao.messages import Unreadable
from s3sessions.dao.partials import Partial, marked
from s3sessions.dao.scope import Scope
from s3sessions.dao.seen import Seen
from s3sessions.dao.snapshot import Snapshot
from s3sessions.dao.start import Start, Tell, told_index
from s3sessions.dao.visible import in_order
from s3sessions.errors import StoreUnavailable, TooManyMessages, UnsupportedVersion
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.log import INFO, emit
from s3sessions.models import History, Message
from s3sessions.record import Record
from s3sessions.usage import fold

OnCorrupt = Literal["raise", "report"]

_MOST_LOOKS: Final = 5


class Restored(Record):
    """What a restore found from index `start` on, and what its handle needs to go on."""

    history: History
    seen: Seen
    agent: Document | None
    start: int

    @property
    def messages(self) -> list[Message]:
        """All that were read and are visible, those that were left out too, as they are stored."""
        return in_order([*self.seen.messages, *self.seen.uncounted])


class Restore:
    """One restore: the messages and agent.json in one snapshot."""

    def __init__(
        self,
        scope: Scope,
        session: SessionKeys,
        agent: AgentKeys,
        start: Start,
        last: int | None,
        max_messages: int | None,
        partial: Partial,
        on_corrupt: OnCorrupt,
    ) -> None:
        self.scope = scope
        self.session = session
        self.agent = agent
        self.start = start
        self.last = last
        self.max_messages = max_messages
        self.partial = partial
        self.on_corrupt = on_corrupt
        self._agent_document: Document | None = None
        self._first = 0

    async def run(self) -> Restored:
        """Restore.

        Raises:
            InvalidSettings: `start` gives what is no index.
            SessionDeleted: the session or the agent is being deleted.
            TooManyMessages: there are more than `max_messages`; none was read.
            CorruptObject: of a message, with `on_corrupt="raise"`.
            UnsupportedVersion: of a message or a document, likewise.
            StoreUnavailable: the history changed under each list.
        """
        seen = await self._snapshot().run()
        agent = self._agent_document if Kind.AGENT in seen.listing.documents else None
        stored = (seen.session, agent, seen.history)
        documents = [doc.corrupt for doc in stored if doc and doc.corrupt]
        # A damaged document is done without; what a newer version wrote is not to be continued.
        newer = [error for error in documents if isinstance(error, UnsupportedVersion)]
        if self.on_corrupt == "raise" and (unreadable := [*seen.corrupt, *newer]):
            raise unreadable[0]
        restored = Restored(self._history(seen, agent, documents), seen, agent, self._first)
        self._report(restored.history)
        return restored

    def _history(
        self, seen: Seen, agent: Document | None, documents: Sequence[Unreadable]
    ) -> History:
        beginning = seen.beginning
        return History(
            session_id=self.session.session_id,
            agent_id=self.agent.agent_id,
            messages=list(map(marked, seen.messages)) if self.partial == "mark" else seen.messages,
            state=decode_part(agent.body.get("state")) if agent else {},
            metadata=decode_part(agent.part("metadata")) if agent else {},
            next_index=seen.tail.next_index,
            first=beginning.first,
            summary=beginning.summary,
            usage=fold(in_order([*seen.messages, *seen.uncounted]), beginning.usage),
            corrupt=(*seen.corrupt, *seen.replaced, *documents),
            holes=seen.lacking,
            foreign=seen.listing.foreign,
            missing=tuple(sorted(seen.tail.missing)),
            agent_fields=fields_of(agent),
        )

    def _snapshot(self) -> Snapshot:
        look = None
        if isinstance(self.start, int):
            self._first = self.start
        else:
            look = partial(self._look, self.start)
        return Snapshot(
            self.scope,
            self.session,
            self.agent,
            start=self._first,
            last=self.last,
            look=look,
            beside=self._beside,
            admit=self._check_count,
            counts=self._counts,
        )

    async def _look(self, tell: Tell) -> tuple[AgentListing, int]:
        """List, and learn from agent.json, in the version that the list shows, where to begin."""
        for _ in range(_MOST_LOOKS):
            listing = await self._list()
            if not self._is_read(listing):
                await self._read_agent()
            if self._is_read(listing):
                self._first = told_index(tell, fields_of(self._agent_document))
                return listing, self._first
        raise StoreUnavailable(
            f"agent.json changed under each of {_MOST_LOOKS} lists: try again",
            key=self.agent.document,
        )

    async def _list(self) -> AgentListing:
        """List, and read agent.json beside it; not again where it may still be the same."""
        if self._agent_document is not None:
            return await list_agent(self.scope, self.agent)
        listing, _ = await self.scope.both(
            partial(list_agent, self.scope, self.agent), self._read_agent
        )
        return listing

    def _is_read(self, listing: AgentListing) -> bool:
        """Tell whether agent.json is known as it is listed, absent where it is not."""
        entry, known = listing.documents.get(Kind.AGENT), self._agent_document
        return (known and known.etag) == (entry and entry.etag)

    def _counts(self, message: Message) -> bool:
        return self.partial != "drop" or message.status != PARTIAL

    def _beside(self, listing: AgentListing) -> Sequence[Callable[[], Awaitable[bool]]]:
        """Read agent.json along with the messages."""
        if Kind.AGENT not in listing.documents or self._is_read(listing):
            return ()
        return [self._read_agent]

    def _check_count(self, count: int) -> None:
        if self.max_messages is not None and count > self.max_messages:
            raise TooManyMessages(
                f"history has {count:,} messages, max_messages is {self.max_messages:,}: "
                "restore the newest with last=…, or iterate",
                key=self.agent.messages,
                count=count,
                limit=self.max_messages,
            )

    async def _read_agent(self) -> bool:
        self._agent_document = await read_document(self.scope, self.agent.document)
        return self._agent_document is not None

    def _report(self, history: History) -> None:
        emit(
            INFO,
            "session_restored",
            session=history.session_id,
            agent=history.agent_id,
            messages=len(history.messages),
            corrupt=len(history.corrupt),
            holes=len(history.holes),
            foreign=history.foreign,
        )
