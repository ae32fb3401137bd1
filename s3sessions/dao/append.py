"""Append: one PUT at the next index, created only where absent.

How it works. A handle knows the next index from its last list or from its own last append. It
creates the object there. 200 is done. 412, and every outcome that is open (a timeout, a 5xx after
the client's retries), is settled by reading the key: our write id means that it was our own
success; another's is a conflict; nothing there means try again. After a conflict a handle that
states "I extend the history that I know" raises; one that states nothing lists again, for probing
index by index would lose against other writers. What a handle knows goes stale after `trust`
seconds; then it lists before it puts anything, and settles an open PUT against that list first.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Literal

from s3sessions.codec import Draft
from s3sessions.dao.birth import Birth, Midwife
from s3sessions.dao.documents import Details, Document, check_writable
from s3sessions.dao.listing import look
from s3sessions.dao.messages import Stored, read_message
from s3sessions.dao.recall import Recall
from s3sessions.dao.scope import Scope
from s3sessions.dao.tail import Tail
from s3sessions.errors import (
    AppendConflict,
    PreconditionFailed,
    S3SessionsError,
    StoreUnavailable,
)
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.log import emit
from s3sessions.models import Message

OnConflict = Literal["raise", "rebase"]

# A store that did not answer has been asked several times by its client already.
_UNAVAILABLE_TRIES = 3


class Appender:
    """Appends to one agent's history and keeps what it knows of its end. Not for two at once."""

    def __init__(
        self,
        scope: Scope,
        session: SessionKeys,
        agent: AgentKeys,
        details: Details,
        on_conflict: OnConflict | None,
    ) -> None:
        self._scope = scope
        self._session = session
        self._agent = agent
        self._midwife = Midwife(scope, session, agent, details)
        self._recall = Recall(scope, agent)
        self._on_conflict = on_conflict
        self._restored = False
        self._tail: Tail | None = None
        self.agent_document: Document | None = None

    def learn(self, tail: Tail, messages: list[Message], agent: Document | None) -> None:
        """Take over what a restore found; from now on a conflict is raised by default."""
        self._restored = True
        self._tail = tail
        self._recall.learn(messages, read_to=tail.next_index)
        self.agent_document = agent

    async def append(self, draft: Draft, *, redelivered: bool) -> Message:
        """Append one message; `redelivered` says that its write id may be stored already.

        Raises:
            AppendConflict: another writer extended the history (a strict handle), or was faster
                in each of `attempts` tries.
            SessionDeleted: the session is being deleted; nothing of ours stays visible.
            UnsupportedVersion: a newer version has written session.json.
            StoreUnavailable: the fate of the message is open; append again with its `write_id`.
        """
        try:
            known = await self._find(draft) if redelivered else None
            return known or await self._append(draft, redelivered)
        except StoreUnavailable as error:
            error.write_id = draft.write_id
            raise

    async def _append(self, draft: Draft, redelivered: bool) -> Message:
        unavailable = 0
        open_at: int | None = None
        for attempt in range(self._scope.settings.attempts):
            tail = self._trusted_tail()
            if tail is None:
                tail, message = await self._look_again(draft, open_at, redelivered)
                if message is not None:
                    return await self._completed(message)
            try:
                stored = await self._try(draft, tail)
            except StoreUnavailable:
                unavailable += 1
                if unavailable >= _UNAVAILABLE_TRIES:
                    raise
                open_at, stored = tail.next_index, None
            if stored is not None:
                if message := _ours(stored, draft):
                    return self._acknowledge(tail, message, stored.etag)
                self._conflict(tail.next_index)
            await self._scope.pause(attempt)
        raise self._contended(draft)

    def _trusted_tail(self) -> Tail | None:
        now, trust = self._scope.clock(), self._scope.settings.trust
        return self._tail if self._tail and self._tail.is_trusted(now, trust) else None

    async def _find(self, draft: Draft) -> Message | None:
        """Look the write id up in what this handle has read."""
        if self._tail is not None:
            await self._recall.read_newest(self._tail.next_index)
            if not self._recall.has_read_to(self._tail.next_index):
                self._tail = replace(self._tail, known_at=float("-inf"))
        message = await self._recall.find(draft.write_id)
        return None if message is None else await self._completed(message)

    async def _completed(self, message: Message) -> Message:
        """Write what a crash beside a message that is stored already has left out."""
        if self._tail is not None and self._tail.missing:
            self._take_over(self._tail, await self._midwife.complete(self._tail.missing))
        return message

    def _take_over(self, tail: Tail, birth: Birth) -> None:
        self._tail = replace(tail, missing=birth.failed)
        self.agent_document = birth.agent or self.agent_document

    async def _look_again(
        self, draft: Draft, open_at: int | None, redelivered: bool
    ) -> tuple[Tail, Message | None]:
        """List, settle what is open, and give the message if it is stored already."""
        listing, session = await look(self._scope, self._session, self._agent)
        check_writable(session, self._session.document, self._agent.agent_id)
        tail = Tail.of(listing, session)
        if open_at is not None and open_at in listing.messages:
            stored = await read_message(self._scope, self._agent, open_at)
            if stored is not None and (message := _ours(stored, draft)):
                return tail, self._acknowledge(tail, message, stored.etag)
        if self._is_strict and self._tail is not None and not tail.ends_like(self._tail):
            raise self._changed(self._tail.next_index)
        self._tail = tail
        if not redelivered:
            return tail, None
        await self._recall.read_unread(list(listing.messages), tail.next_index)
        return tail, await self._recall.find(draft.write_id)

    async def _try(self, draft: Draft, tail: Tail) -> Stored | None:
        """Create the object at the next index and say what stands there now; None: nothing."""
        index = tail.next_index
        outcome, birth = await self._midwife.put(draft, index, tail.missing)
        if isinstance(outcome, str):
            stored: Stored | None = Stored(draft.message(index), outcome)
        elif isinstance(outcome, (PreconditionFailed, StoreUnavailable)):
            stored = await self._settle(index, outcome)
        else:
            raise outcome
        if tail.missing:
            await self._settle_birth(draft, tail, stored, birth)
        return stored

    async def _settle(self, index: int, error: S3SessionsError) -> Stored | None:
        """Find out what a PUT came to whose answer says too little."""
        stored = await read_message(self._scope, self._agent, index)
        if stored is None and isinstance(error, StoreUnavailable):
            raise error
        return stored

    async def _settle_birth(
        self, draft: Draft, tail: Tail, stored: Stored | None, birth: Birth
    ) -> None:
        self._take_over(tail, birth)
        if stored is not None and _ours(stored, draft) and birth.met_a_session_document:
            await self._midwife.check_session(draft, tail.next_index, stored.etag)

    def _acknowledge(self, tail: Tail, message: Message, etag: str) -> Message:
        known = self._tail if self._tail is not None else tail
        self._tail = known.after(message.index, etag, self._scope.clock())
        self._recall.note(message)
        self._emit(logging.DEBUG, "message_appended", message.index)
        return message

    @property
    def _is_strict(self) -> bool:
        return self._restored if self._on_conflict is None else self._on_conflict == "raise"

    def _conflict(self, index: int) -> None:
        """Raise for a strict handle; any other lists again before its next try."""
        self._emit(logging.INFO, "append_conflict", index)
        if self._is_strict:
            raise self._changed(index)
        self._tail = None

    def _changed(self, index: int) -> AppendConflict:
        return AppendConflict(
            f"another writer extended the history at index {index}: restore, then append again "
            "(or open with on_conflict='rebase' for a log that many share)",
            key=self._agent.message(index),
            index=index,
        )

    def _contended(self, draft: Draft) -> AppendConflict:
        return AppendConflict(
            f"no place found in {self._scope.settings.attempts} tries, other writers were faster: "
            f"append again with write_id={draft.write_id!r}",
            key=self._agent.messages,
        )

    def _emit(self, level: int, event: str, index: int) -> None:
        ids = {"session": self._session.session_id, "agent": self._agent.agent_id}
        emit(level, event, **ids, index=index)


def _ours(stored: Stored, draft: Draft) -> Message | None:
    """Give the stored message if it has the draft's write id: ours, whoever delivered it."""
    content = stored.content
    return content if isinstance(content, Message) and content.write_id == draft.write_id else None
