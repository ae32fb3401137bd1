"""Moving the beginning of a history: one conditional write of history.json.

The writer states the history that it knows. It lists first: where another has hidden, summarised
or replaced something since, or the end that it knows is gone, the write means something else than
its caller meant, so it raises Conflict and is never made again blindly. `first` never falls and
never passes the next index, so that what another appends meanwhile is never hidden. Afterwards
session.json is read: where the session has been deleted meanwhile, or lives anew, the write is
taken back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from s3sessions.dao.beginning import Beginning, beginning_body, beginning_of, written
from s3sessions.dao.birth import Midwife
from s3sessions.dao.documents import (
    Document,
    Life,
    check_not_deleted,
    check_writable,
    life_of_agent,
    read_document,
    read_session_document,
)
from s3sessions.dao.knowledge import Knowledge
from s3sessions.dao.listing import AgentListing, look
from s3sessions.dao.outline import Line
from s3sessions.dao.reader import Reader
from s3sessions.dao.scope import Scope
from s3sessions.errors import (
    AccessDenied,
    Conflict,
    NotFound,
    PreconditionFailed,
    S3SessionsError,
    SessionDeleted,
    SessionNotFound,
    StoreUnavailable,
)
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.log import emit
from s3sessions.models import HistoryChange, Message
from s3sessions.ports import ABSENT, Condition
from s3sessions.usage import fold
from s3sessions.values import dump

Choose: TypeAlias = Callable[[list[Line], Beginning], Beginning]
"""Gives the beginning that is to be, but for its usage, for the visible messages and the present
one."""

# A store that did not answer has been asked several times by its client already.
_UNAVAILABLE_TRIES: Final = 3
# Seconds that a look may take where nothing is trusted.
_LONGEST_LOOK: Final = 60.0


@dataclass
class Move:
    """One change of where a history begins, by a handle that knows all of it."""

    scope: Scope
    session: SessionKeys
    agent: AgentKeys
    known: Knowledge
    midwife: Midwife

    async def run(self, choose: Choose) -> HistoryChange:
        """Make the change; nothing is written where it changes nothing.

        Requests: 1 LIST for each 1,000 keys and 1 GET at once, 1 PUT and 1 GET; 1 GET for each
        message that was changed in its place since it was read.

        Raises:
            Conflict: the history is not the one that the handle knows; it is as it was.
            SessionDeleted: the session is being deleted.
            CorruptObject, UnsupportedVersion: history.json cannot be read.
            StoreUnavailable: whether the change was made is not known.
        """
        await self._look()
        return await self._make(choose)

    async def run_alone(self, choose: Choose) -> HistoryChange:
        """Make the change if nobody has appended anything that the handle does not know.

        Raises:
            Conflict: somebody has; or as `run`, which says what else, and the requests.
        """
        self._check_alone(await self._look())
        return await self._make(choose)

    async def _look(self) -> AgentListing:
        """Check that the history is the one known; what stalled on the way looks again."""
        while True:
            listing, document = await look(self.scope, self.session, self.agent)
            check_writable(document, self.session.document, self.agent.agent_id)
            await self._check_unchanged(listing, document)
            await self._read_changed(listing)
            stalled = self.scope.clock() - listing.listed_at
            if stalled <= max(_LONGEST_LOOK, self.scope.settings.trust):
                return listing

    async def _make(self, choose: Choose) -> HistoryChange:
        lines, before = self.known.outline.lines, self.known.beginning
        chosen = choose(lines, before)
        first = max(before.first, chosen.first)
        hidden = [line for line in lines if line.place < first]
        tail = self.known.tail
        reached = max(first, tail.next_index) if tail is not None else first
        after = replace(chosen, first=first, usage=fold(hidden, before.usage), reached=reached)
        if not after.says_what(before):
            await self._heal()
            await self._write(after)
        return HistoryChange(after.first, len(hidden), after.summary, after.usage)

    # Whether the history is the one that the handle knows

    async def _check_unchanged(self, listing: AgentListing, session: Document | None) -> None:
        entry = listing.documents.get(Kind.HISTORY)
        known = self.known.history
        if (entry and entry.etag) != (known and known.etag):
            known = await read_document(self.scope, self.agent.history) if entry else None
            self._take(known, beginning_of(known, session, self.agent.agent_id))
        if known is not None and known.corrupt is not None:
            raise known.corrupt
        tail = self.known.tail
        newest = tail.end.newest[0] if tail is not None and tail.end.newest is not None else -1
        if listing.shown.end <= newest or self._life(session) != self.known.life:
            raise self._conflict("the history that this handle knows is gone")

    def _check_alone(self, listing: AgentListing) -> None:
        tail = self.known.tail
        if tail is None:
            return
        unknown = set(listing.shown.since(tail.next_index)) - tail.end.occupied
        if unknown:
            raise self._conflict(f"another writer appended at index {min(unknown)}")

    def _take(self, document: Document | None, beginning: Beginning) -> None:
        """Take over another version: one that says the same, or that this handle has written."""
        last_write = None if document is None else next(reversed(written(document)), None)
        is_own = last_write in self.known.open_writes
        if not is_own and not beginning.says_what(self.known.beginning):
            raise self._conflict("another writer hid, summarised or replaced messages")
        self.known.history, self.known.beginning = document, beginning
        self.known.outline.begin_at(beginning.first)

    def _life(self, session: Document | None) -> Life | None:
        return life_of_agent(session, self.agent.agent_id)

    def _conflict(self, what: str) -> Conflict:
        return Conflict(f"{what}: restore, then decide anew", key=self.agent.history)

    async def _read_changed(self, listing: AgentListing) -> None:
        """Read anew what was changed in its place: it may be a void now, or its usage another."""
        outline = self.known.outline
        changed = [line for line in outline.lines if _is_another(listing, line)]
        reader = Reader(self.scope, self.agent)
        await reader.fetch(listing, (line.index for line in changed))
        for line in changed:
            stored = reader.reads.get(line.index)
            if stored is None:
                outline.lines.remove(line)
            elif isinstance(stored.content, Message):
                if stored.write_id != line.write_id:
                    raise self._conflict("the history that this handle knows is gone")
                outline.changed(stored.content)

    # The write

    async def _heal(self) -> None:
        """Write a session.json that is missing: the document names the life that it says."""
        tail = self.known.tail
        if tail is None or Kind.SESSION not in tail.missing:
            return
        birth = await self.midwife.complete(await self.midwife.documents(tail))
        if isinstance(error := birth.outcomes[Kind.SESSION], S3SessionsError):
            raise error
        self.known.born(tail, birth)
        document = await read_session_document(self.scope, self.session)
        check_writable(document, self.session.document, self.agent.agent_id)
        self.known.life = self._life(document)

    async def _write(self, after: Beginning) -> None:
        before = self.known.history
        write_id = self.scope.new_id()
        body = beginning_body(self.scope, after, before, self.known.life, write_id)
        self.known.open_writes.add(write_id)
        etag = await self._put(dump(body), write_id, ABSENT if before is None else before.etag)
        self.known.open_writes.discard(write_id)
        if etag is None:
            self.known.outline.forget()
        else:
            self.known.began(Document(body, etag), after)
        await self._check_life(before, etag)
        ids = {"session": self.agent.session_id, "agent": self.agent.agent_id}
        emit(logging.INFO, "history_changed", **ids, first=after.first)

    async def _put(self, data: bytes, write_id: str, only_if: Condition) -> str | None:
        """PUT until it is known what became of it.

        Returns:
            The etag; None where it was done, and another writer has gone on from it since.
        """
        for attempt in range(_UNAVAILABLE_TRIES):
            try:
                return await self.scope.put(self.agent.history, data, only_if)
            except (PreconditionFailed, StoreUnavailable) as error:
                there = await read_document(self.scope, self.agent.history)
                if there is not None and write_id in written(there):
                    return there.etag if written(there)[-1] == write_id else None
                if (ABSENT if there is None else there.etag) != only_if:
                    raise self._conflict(
                        "another writer hid, summarised or replaced messages"
                    ) from error
            await self.scope.pause(attempt)
        raise StoreUnavailable(
            "whether history.json was written is not known: restore, then see",
            key=self.agent.history,
        )

    async def _check_life(self, before: Document | None, etag: str | None) -> None:
        """Take the write back where the session is not the one that it was made for."""
        document = await read_session_document(self.scope, self.session)
        try:
            check_not_deleted(document, self.session.document, self.agent.agent_id)
            if document is None:
                raise SessionDeleted("session was deleted meanwhile", key=self.session.document)
            if self._life(document) != self.known.life:
                raise self._conflict("the session was deleted and began anew meanwhile")
        except (SessionNotFound, Conflict):
            self.known.outline.forget()
            if etag is not None:
                await self._take_back(before, etag)
            raise

    async def _take_back(self, before: Document | None, etag: str) -> None:
        # Gone or changed already: then it is not ours any more. It counts for no other life.
        with suppress(PreconditionFailed, NotFound, AccessDenied):
            if before is None:
                await self.scope.store.delete(self.agent.history, only_if=etag)
            else:
                await self.scope.put(self.agent.history, dump(before.body), etag)


def _is_another(listing: AgentListing, line: Line) -> bool:
    entry = listing.holder(line.index)
    return entry is None or entry.etag != line.etag
