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

from functools import partial
from typing import Final, Literal, TypeAlias

from s3sessions.dao.archive import read_wherever
from s3sessions.dao.batch import Attempt, put_members
from s3sessions.dao.birth import Midwife
from s3sessions.dao.conflict import check_unmoved, contended, tail_behind
from s3sessions.dao.details import Details
from s3sessions.dao.knowledge import Knowledge
from s3sessions.dao.messages import Stored, read_message
from s3sessions.dao.outlook import look_at_the_unseen, look_for_the_end
from s3sessions.dao.scope import Scope
from s3sessions.dao.seen import Seen
from s3sessions.dao.tail import Tail
from s3sessions.dao.writing import Writing
from s3sessions.deadline import seconds_left
from s3sessions.errors import (
    AppendConflict,
    DeadlineExceeded,
    PreconditionFailed,
    S3SessionsError,
    SessionNotFound,
    StoreUnavailable,
)
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.log import DEBUG, INFO, emit
from s3sessions.models import Message

OnConflict: TypeAlias = Literal["raise", "rebase"]

# A store that did not answer has been asked several times by its client already.
_UNAVAILABLE_TRIES: Final = 3


class Appender:
    """Appends to one agent's history by what its handle knows of it. Not for two at once."""

    def __init__(
        self,
        scope: Scope,
        session: SessionKeys,
        agent: AgentKeys,
        details: Details,
        known: Knowledge,
        on_conflict: OnConflict | None,
    ) -> None:
        self._scope = scope
        self._session = session
        self._agent = agent
        self.midwife = Midwife(scope, session, agent, details)
        self._known = known
        self._on_conflict = on_conflict
        self._unsettled: dict[str, set[int]] = {}

    async def append(self, writing: Writing) -> list[Message]:
        """Append what is to be written.

        Raises:
            InvalidSettings, InvalidMessage: of what `agent_fields` gives for a new agent.json.
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
            except SessionNotFound:
                self._known.distrust()
                await self.midwife.take_back(writing)
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
        tail = self._known.trusted_tail()
        if tail is None or not self._is_read(writing, tail):
            tail, found = await self._look(writing)
            if found is not None:
                return await self._completed(found)
        # Before anything is written: the caller's part in them can be refused.
        writing.documents = await self.midwife.documents(tail)
        attempt = writing.attempt(tail, self._scope.new_id())
        if not await put_members(self._scope, self._agent, attempt):
            self._abandon(attempt)
            return None
        return await self._commit(writing, attempt, tail)

    def _is_read(self, writing: Writing, tail: Tail) -> bool:
        """Tell whether a write id that may be stored would be known."""
        return not writing.redelivered or self._known.recall.read_to == tail.next_index

    def _abandon(self, attempt: Attempt) -> None:
        """List before the next try: an index of this one is taken."""
        attempt.is_alive = attempt.is_open = False
        self._known.distrust()

    # What is there

    async def _find(self, writing: Writing) -> bool:
        """Look the write ids up in what this handle has read; tell whether all are stored."""
        left = writing.left
        calls = [partial(self._known.recall.find, writing.drafts[at].write_id) for at in left]
        for position, message in zip(left, await self._scope.store.fan_out(calls), strict=True):
            if message is not None:
                writing.found(position, message)
        writing.is_looked_up = self._known.tail is not None and self._is_read(
            writing, self._known.tail
        )
        return not writing.left

    async def _look(self, writing: Writing) -> tuple[Tail, list[Message] | None]:
        """List, settle what is open, and give the messages if they are stored already."""
        known = self._known.tail if self._is_strict or writing.replaces else None
        seen = await self._look_out(known, writing)
        messages = await self._settle_open(writing, seen)
        if messages is None and writing.redelivered:
            writing.is_looked_up = False
            self._known.recall.learn(seen.messages, read_to=seen.tail.next_index)
            messages = writing.result() if await self._find(writing) else None
            writing.is_looked_up = True
        if messages is not None:
            self._known.tail = seen.tail if known is None else tail_behind(known, seen, messages)
            return self._known.tail, messages
        if known is not None:
            open_at = {attempt.commit for attempt in writing.open}
            open_at |= self._unsettled.get(writing.write_id, set())
            check_unmoved(self._scope, self._agent, known, seen, open_at)
        self._known.tail = seen.tail
        return seen.tail, None

    @property
    def _is_strict(self) -> bool:
        if self._on_conflict is None:
            return self._known.restored
        return self._on_conflict == "raise"

    async def _look_out(self, known: Tail | None, writing: Writing) -> Seen:
        place = (self._scope, self._session, self._agent)
        if known is None and not writing.redelivered:
            return await look_for_the_end(*place)
        return await look_at_the_unseen(
            *place,
            known=known,
            read_to=self._known.recall.read_to,
            history=self._known.history,
            for_write_ids=writing.redelivered,
        )

    async def _settle_open(self, writing: Writing, seen: Seen) -> list[Message] | None:
        """Find out what came of the tries whose outcome is open; existence is the list's to say."""
        for attempt in list(writing.open):
            # A list of several pages can pass over it and show what came behind it.
            is_listed = attempt.commit in seen.listing.shown
            if not is_listed and attempt.commit >= seen.tail.next_index:
                continue
            is_packed = seen.listing.block_over(attempt.commit) is not None
            read = read_wherever if is_packed else read_message
            stored = await read(self._scope, self._agent, attempt.commit)
            if stored is not None and (winner := writing.committed_by(stored)):
                messages = self._acknowledge(winner, stored)
                self._known.recall.note(messages, next_index=winner.indexes[-1] + 1)
                return writing.result(messages)
            attempt.is_open = attempt.is_alive = False
        return None

    async def _completed(self, messages: list[Message]) -> list[Message]:
        """Write what a crash beside stored messages has left out."""
        tail = self._known.tail
        if tail is not None and tail.missing:
            documents = await self.midwife.documents(tail)
            self._known.born(tail, await self.midwife.complete(documents))
        return messages

    # The commit

    async def _commit(self, writing: Writing, attempt: Attempt, tail: Tail) -> list[Message] | None:
        """Create the object at the next index; None where another writer's stands there."""
        was_open, attempt.is_open = attempt.is_open, True
        outcome, birth = await self.midwife.put(attempt.commit, attempt.body(0), writing.documents)
        if tail.missing:
            self._known.born(tail, birth)
        if not isinstance(outcome, (str, PreconditionFailed, StoreUnavailable)):
            attempt.is_open = was_open
            raise outcome
        stored = await self._stored(attempt, outcome)
        winner = None if stored is None else writing.committed_by(stored)
        if stored is None or winner is None:
            self._emit(INFO, "append_conflict", attempt.commit)
            self._abandon(attempt)
            return None
        if birth.met_a_session_document or stored.is_void:
            # Until that is read nothing is known: list again where it cannot be.
            self._known.distrust()
            await self.midwife.check_session()
        messages = self._acknowledge(winner, stored)
        etag = winner.etags[winner.indexes[-1]]
        tail = (self._known.tail or tail).after(winner.indexes, etag, self._scope.clock())
        self._known.appended(messages, winner.indexes, tail)
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
            self._emit(DEBUG, "message_appended", message.index)
        return messages

    def _emit(self, level: int, event: str, index: int) -> None:
        ids = {"session": self._session.session_id, "agent": self._agent.agent_id}
        emit(level, event, **ids, index=index)
