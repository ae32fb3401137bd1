"""Append: create the message at the next index only where nothing is.

How it works. A handle knows the next index from its last list or from its own last append. It
creates the object there, after the other members of a batch. 200 is done. 412, and every outcome
that is open (a timeout, a 5xx after the client's retries), is settled by reading the key: our write
id means that it was our own success; another's is a conflict; nothing there means try again. After
a conflict it lists again, for probing index by index would lose against other writers; a handle
that states "I extend the history that I know" raises if somebody else did. What a handle knows goes
stale after `trust` seconds; then it lists before it puts anything, and settles what is open against
that list first.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Literal, TypeAlias

from s3sessions.dao.batch import Attempt, put_members
from s3sessions.dao.birth import Birth, Midwife
from s3sessions.dao.conflict import check_unmoved, contended, tail_behind
from s3sessions.dao.documents import Details, Document
from s3sessions.dao.messages import Stored, read_message
from s3sessions.dao.outlook import look_at_the_unseen, look_for_the_end
from s3sessions.dao.recall import LOOK_BACK, Recall
from s3sessions.dao.restore import Restored
from s3sessions.dao.scope import Scope
from s3sessions.dao.snapshot import Seen
from s3sessions.dao.tail import Tail
from s3sessions.dao.writing import Writing
from s3sessions.deadline import seconds_left
from s3sessions.errors import (
    AppendConflict,
    DeadlineExceeded,
    PreconditionFailed,
    S3SessionsError,
    SessionDeleted,
    StoreUnavailable,
)
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.log import emit
from s3sessions.models import Message

OnConflict: TypeAlias = Literal["raise", "rebase"]

# A store that did not answer has been asked several times by its client already.
_UNAVAILABLE_TRIES: Final = 3


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
        self._unsettled: dict[str, set[int]] = {}
        self.restored = False
        self.tail: Tail | None = None
        self.agent_document: Document | None = None

    def learn(self, restored: Restored, *, is_whole: bool) -> None:
        """Take over what a restore found; from now on a conflict is raised by default."""
        self.restored = True
        self.tail = restored.tail
        self.agent_document = restored.agent
        self._recall.forget()
        messages = restored.history.messages
        self._recall.learn(messages, read_to=restored.tail.next_index)
        if not is_whole and len(messages) < LOOK_BACK:
            self._recall.read_to = None

    def extend(self, tail: Tail, messages: Sequence[Message]) -> None:
        """Take over what others have appended behind what this handle knew."""
        self.tail = tail
        self._recall.extend(messages, read_to=tail.next_index)

    def changed(self, message: Message) -> None:
        """Take over a change in place that this handle made."""
        if self.tail is not None and message.etag is not None:
            self.tail = self.tail.with_version(message.index, message.etag)

    async def knows(self, index: int) -> bool:
        """Tell whether the object there is one that this handle has read or written. 1 GET."""
        stored = await read_message(self._scope, self._agent, index)
        return stored is not None and self._recall.knows(stored.write_id, index)

    async def append(self, writing: Writing) -> list[Message]:
        """Append what is to be written.

        Raises:
            AppendConflict: another writer extended the history (a strict handle), or was faster
                in each of `attempts` tries.
            SessionDeleted: the session is being deleted; nothing of ours stays visible.
            UnsupportedVersion: a newer version has written session.json.
            StoreUnavailable: the fate of it is open; append again with its `write_id`.
            DeadlineExceeded: the time that was given is over.
        """
        try:
            messages = await self._append(writing)
        except BaseException as error:
            if indexes := {attempt.commit for attempt in writing.open}:
                self._unsettled.setdefault(writing.write_id, set()).update(indexes)
            if isinstance(error, StoreUnavailable | DeadlineExceeded | AppendConflict):
                error.write_id = writing.write_id
            if isinstance(error, DeadlineExceeded):
                error.fate = "not_written" if self._is_unwritten(writing) else "unknown"
            raise
        self._unsettled.pop(writing.write_id, None)
        return messages

    def _is_unwritten(self, writing: Writing) -> bool:
        """Tell whether nothing of it is stored, nor will be by a request of this handle."""
        is_known = not writing.redelivered or writing.is_looked_up
        return is_known and writing.write_id not in self._unsettled

    async def _append(self, writing: Writing) -> list[Message]:
        attempts = self._scope.settings.attempts
        patience = _UNAVAILABLE_TRIES if seconds_left() is None else attempts
        for attempt in range(attempts):
            try:
                messages = await self._try(writing)
            except SessionDeleted:
                self._distrust()
                await self._midwife.take_back(writing)
                raise
            except StoreUnavailable:
                patience -= 1
                if not patience:
                    raise
                messages = None
            if messages is not None:
                return messages
            await self._scope.pause(attempt)
        raise contended(self._scope, self._agent, writing.write_id)

    async def _try(self, writing: Writing) -> list[Message] | None:
        """Make one try; None where it is to be made again."""
        if writing.redelivered and not writing.is_looked_up and await self._find(writing):
            return await self._completed(writing.result())
        tail = self._trusted_tail()
        if tail is None or not self._is_read(writing, tail):
            tail, found = await self._look(writing)
            if found is not None:
                return await self._completed(found)
        attempt = writing.attempt(tail, self._scope.new_id())
        if not await put_members(self._scope, self._agent, attempt):
            self._abandon(attempt)
            return None
        return await self._commit(writing, attempt, tail)

    def _is_read(self, writing: Writing, tail: Tail) -> bool:
        """Tell whether a write id that may be stored would be known."""
        return not writing.redelivered or self._recall.read_to == tail.next_index

    def _trusted_tail(self) -> Tail | None:
        now, trust = self._scope.clock(), self._scope.settings.trust
        return self.tail if self.tail and self.tail.is_trusted(now, trust) else None

    def _abandon(self, attempt: Attempt) -> None:
        """List before the next try: an index of this one is taken."""
        attempt.is_alive = attempt.is_open = False
        self._distrust()

    def _distrust(self) -> None:
        """List before anything else is put."""
        if self.tail is not None:
            self.tail = replace(self.tail, known_at=float("-inf"))

    # What is there

    async def _find(self, writing: Writing) -> bool:
        """Look the write ids up in what this handle has read; tell whether all are stored."""
        left = writing.left
        calls = [partial(self._recall.find, writing.drafts[at].write_id) for at in left]
        for position, message in zip(left, await self._scope.store.fan_out(calls), strict=True):
            if message is not None:
                writing.found(position, message)
        writing.is_looked_up = self.tail is not None and self._is_read(writing, self.tail)
        return not writing.left

    async def _look(self, writing: Writing) -> tuple[Tail, list[Message] | None]:
        """List, settle what is open, and give the messages if they are stored already."""
        is_strict = self.restored if self._on_conflict is None else self._on_conflict == "raise"
        known = self.tail if is_strict else None
        seen = await self._look_out(known, writing)
        messages = await self._settle_open(writing, seen)
        if messages is None and writing.redelivered:
            writing.is_looked_up = False
            self._recall.learn(seen.messages, read_to=seen.tail.next_index)
            messages = writing.result() if await self._find(writing) else None
            writing.is_looked_up = True
        if messages is not None:
            self.tail = seen.tail if known is None else tail_behind(known, seen, messages)
            return self.tail, messages
        if known is not None:
            open_at = {attempt.commit for attempt in writing.open}
            open_at |= self._unsettled.get(writing.write_id, set())
            check_unmoved(self._scope, self._agent, known, seen, open_at)
        self.tail = seen.tail
        return seen.tail, None

    async def _look_out(self, known: Tail | None, writing: Writing) -> Seen:
        place = (self._scope, self._session, self._agent)
        if known is None and not writing.redelivered:
            return await look_for_the_end(*place)
        return await look_at_the_unseen(
            *place,
            known=known,
            read_to=self._recall.read_to,
            for_write_ids=writing.redelivered,
        )

    async def _settle_open(self, writing: Writing, seen: Seen) -> list[Message] | None:
        """Find out what came of the tries whose outcome is open; existence is the list's to say."""
        for attempt in list(writing.open):
            # A list of several pages can pass over it and show what came behind it.
            is_listed = attempt.commit in seen.listing.messages
            if not is_listed and attempt.commit >= seen.tail.next_index:
                continue
            stored = await read_message(self._scope, self._agent, attempt.commit)
            if stored is not None and (winner := writing.committed_by(stored)):
                messages = self._acknowledge(winner, stored)
                self._recall.note(messages, next_index=winner.indexes[-1] + 1)
                return writing.result(messages)
            attempt.is_open = attempt.is_alive = False
        return None

    async def _completed(self, messages: list[Message]) -> list[Message]:
        """Write what a crash beside stored messages has left out."""
        if self.tail is not None and self.tail.missing:
            self._take_over(self.tail, await self._midwife.complete(self.tail.missing))
        return messages

    def _take_over(self, tail: Tail, birth: Birth) -> None:
        self.tail = replace(tail, missing=birth.failed)
        self.agent_document = birth.agent or self.agent_document

    # The commit

    async def _commit(self, writing: Writing, attempt: Attempt, tail: Tail) -> list[Message] | None:
        """Create the object at the next index; None where another writer's stands there."""
        was_open, attempt.is_open = attempt.is_open, True
        outcome, birth = await self._midwife.put(attempt.commit, attempt.body(0), tail.missing)
        if tail.missing:
            self._take_over(tail, birth)
        if not isinstance(outcome, (str, PreconditionFailed, StoreUnavailable)):
            attempt.is_open = was_open
            raise outcome
        stored = await self._stored(attempt, outcome)
        winner = None if stored is None else writing.committed_by(stored)
        if stored is None or winner is None:
            self._emit(logging.INFO, "append_conflict", attempt.commit)
            self._abandon(attempt)
            return None
        if birth.met_a_session_document or stored.is_void:
            # Until that is read nothing is known: list again where it cannot be.
            self._distrust()
            await self._midwife.check_session()
        messages = self._acknowledge(winner, stored)
        etag = winner.etags[winner.indexes[-1]]
        self.tail = (self.tail or tail).after(winner.indexes, etag, self._scope.clock())
        self._recall.note(messages, next_index=self.tail.next_index)
        return writing.result(messages)

    async def _stored(self, attempt: Attempt, outcome: str | S3SessionsError) -> Stored | None:
        """Give what stands at the commit's index after a PUT that came out so."""
        if isinstance(outcome, str):
            attempt.etags[attempt.commit] = outcome
            return Stored(attempt.messages()[0], outcome)
        stored = await read_message(self._scope, self._agent, attempt.commit)
        if stored is None and isinstance(outcome, StoreUnavailable):
            raise outcome
        return stored

    def _acknowledge(self, attempt: Attempt, commit: Stored) -> list[Message]:
        attempt.is_open = False
        attempt.etags[attempt.commit] = commit.etag
        messages = attempt.messages()
        if isinstance(commit.content, Message):
            # Of an event delivered twice the other delivery may have stored another answer.
            messages[0] = commit.content
        for message in messages:
            self._emit(logging.DEBUG, "message_appended", message.index)
        return messages

    def _emit(self, level: int, event: str, index: int) -> None:
        ids = {"session": self._session.session_id, "agent": self._agent.agent_id}
        emit(level, event, **ids, index=index)
