"""Restore: the history, the agent's state, and what could not be read, as of one moment."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from s3sessions.codec import PARTIAL
from s3sessions.dao.documents import Document, decode_part, read_document
from s3sessions.dao.listing import AgentListing
from s3sessions.dao.scope import Scope
from s3sessions.dao.snapshot import Snapshot
from s3sessions.dao.tail import Tail
from s3sessions.errors import TooManyMessages, UnsupportedVersion
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.log import emit
from s3sessions.models import History, Message

OnCorrupt = Literal["raise", "report"]
Partial = Literal["keep", "drop"]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore found, and what its handle needs to go on."""

    history: History
    tail: Tail
    agent: Document | None


@dataclass
class Restore:
    """One restore: the messages and agent.json in one snapshot."""

    scope: Scope
    session: SessionKeys
    agent: AgentKeys
    last: int | None
    max_messages: int | None
    partial: Partial
    on_corrupt: OnCorrupt
    _agent_document: Document | None = None

    async def run(self) -> Restored:
        """Restore.

        Raises:
            SessionDeleted: the session or the agent is being deleted.
            TooManyMessages: there are more than `max_messages`; none was read.
            CorruptObject: of a message, with `on_corrupt="raise"`.
            UnsupportedVersion: of a message or a document, likewise.
            StoreUnavailable: the history changed under each list.
        """
        snapshot = Snapshot(
            self.scope,
            self.session,
            self.agent,
            last=self.last,
            beside=self._beside,
            counts=self._counts,
        )
        seen = await snapshot.run()
        agent = self._agent_document if Kind.AGENT in seen.listing.documents else None
        documents = [doc.corrupt for doc in (seen.session, agent) if doc and doc.corrupt]
        # A damaged document is done without; what a newer version wrote is not to be continued.
        newer = [error for error in documents if isinstance(error, UnsupportedVersion)]
        if self.on_corrupt == "raise" and (unreadable := [*seen.corrupt, *newer]):
            raise unreadable[0]
        history = History(
            session_id=self.session.session_id,
            agent_id=self.agent.agent_id,
            messages=seen.messages,
            state=decode_part(agent.body.get("state")) if agent else {},
            metadata=decode_part(agent.part("metadata")) if agent else {},
            next_index=seen.tail.next_index,
            corrupt=(*seen.corrupt, *seen.replaced, *documents),
            holes=seen.lacking,
            foreign=seen.listing.foreign,
            missing=tuple(sorted(seen.tail.missing)),
        )
        self._report(history)
        return Restored(history, seen.tail, agent)

    def _counts(self, message: Message) -> bool:
        return self.partial == "keep" or message.status != PARTIAL

    def _beside(self, listing: AgentListing) -> Sequence[Callable[[], Awaitable[bool]]]:
        """Check the count before a message is read, and read agent.json along with them."""
        self._check_count(len(listing.messages))
        entry, known = listing.documents.get(Kind.AGENT), self._agent_document
        if entry is None or (known is not None and known.etag == entry.etag):
            return ()
        return [self._read_agent]

    def _check_count(self, shown: int) -> None:
        count = shown if self.last is None else min(shown, self.last)
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
            logging.INFO,
            "session_restored",
            session=history.session_id,
            agent=history.agent_id,
            messages=len(history.messages),
            corrupt=len(history.corrupt),
            holes=len(history.holes),
            foreign=history.foreign,
        )
