"""The document of a multi-agent, a graph or a swarm: one whole, never merged.

A save is one PUT If-Match of the version that its handle knows, or creates the document only where
there is none, together with a session.json that is missing. A PUT that was refused or had no answer
is looked into: what stands there may be our own success. Another writer's version is a conflict,
which the caller alone can resolve. A session that turns out to be marked by a deletion takes back
what was written into it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeAlias

from s3sessions.dao.details import Details
from s3sessions.dao.documents import (
    Document,
    check_not_deleted,
    create_document,
    read_document,
    read_session_document,
)
from s3sessions.dao.notice import lift
from s3sessions.dao.paging import pages
from s3sessions.dao.punctual import PunctualStore
from s3sessions.dao.revision import Revision, decode_body, write_id_of
from s3sessions.dao.scope import Scope
from s3sessions.dao.session_document import session_body
from s3sessions.deadline import deadline_in, seconds_left
from s3sessions.errors import (
    AccessDenied,
    Conflict,
    CorruptObject,
    DeadlineExceeded,
    NotFound,
    PreconditionFailed,
    S3SessionsError,
    SessionNotFound,
    StoreUnavailable,
    UnsupportedVersion,
)
from s3sessions.keys import MultiAgentKeys, SessionKeys, multi_agent_of
from s3sessions.log import emit
from s3sessions.metering import Meter
from s3sessions.ports import ABSENT

# A store that did not answer has been asked several times by its client already.
_UNAVAILABLE_TRIES: Final = 3

_Outcome: TypeAlias = str | Document | S3SessionsError | None
_Call: TypeAlias = Callable[[], Awaitable[_Outcome]]


@dataclass(frozen=True, slots=True)
class Known:
    """What a handle knows since it last looked or wrote.

    Attributes:
        document: multi_agent.json; None where there was none.
        has_session: whether there was a session.json.
        at: the clock when that look or write began.
        session: session.json, as a look found it; None after a write.
    """

    document: Document | None
    has_session: bool
    at: float
    session: Document | None = None

    @property
    def etag(self) -> str | None:
        """Of the document."""
        return None if self.document is None else self.document.etag


class MultiAgentDAO:
    """Restores and saves the document of one multi-agent; makes no request until then."""

    def __init__(self, scope: Scope, session: SessionKeys, keys: MultiAgentKeys) -> None:
        self.meter = Meter()
        self._scope = replace(scope, store=PunctualStore(scope.store.observed(self.meter)))
        self._session = session
        self._key = keys.document
        self._ids = {"session": keys.session_id, "multi_agent": keys.multi_agent_id}
        self._known: Known | None = None
        self._is_doubtful = False
        # Writes that may yet take effect on the version that is known, or have.
        self._open: set[str] = set()

    async def restore(self, *, deadline: float | None = None) -> dict[str, Any] | None:
        """Read the body; see `MultiAgentSession.restore`."""
        with deadline_in(self._scope.clock, deadline):
            return (await self._look())[1]

    async def save(self, body: Mapping[str, Any], *, deadline: float | None = None) -> None:
        """Write the whole body; see `MultiAgentSession.save`."""
        limit = self._scope.settings.max_message_bytes
        revision = Revision.of(body, write_id=self._scope.new_id(), limit=limit)
        with deadline_in(self._scope.clock, deadline):
            try:
                await self._save(revision)
            except DeadlineExceeded as error:
                error.fate = "not_written" if self._is_unwritten(revision) else "unknown"
                raise

    async def _save(self, revision: Revision) -> None:
        attempts = self._scope.settings.attempts
        patience = _UNAVAILABLE_TRIES if seconds_left() is None else attempts
        for attempt in range(attempts):
            try:
                if await self._try(revision):
                    return
            except SessionNotFound:
                self._is_doubtful = True
                await self._take_back()
                raise
            except StoreUnavailable:
                self._is_doubtful = True
                patience -= 1
                if not patience:
                    raise
            await self._scope.pause(attempt)
        raise Conflict(
            f"document was refused in each of {attempts} tries: try again", key=self._key
        )

    async def _try(self, revision: Revision) -> bool:
        """Make one try; tell whether it is done."""
        known = await self._sure()
        try:
            known = await self._write(revision, known)
        except PreconditionFailed:
            known = await self._settle(known)
        return revision.is_held_by(known.document)

    def _is_unwritten(self, revision: Revision) -> bool:
        """Tell whether it is not stored, nor will be by a request of this handle."""
        stored = write_id_of(self._known.document) if self._known else None
        return revision.write_id not in self._open and revision.write_id != stored

    # What is there

    async def _sure(self) -> Known:
        """Give what is known; look first where nothing is, or where it may not hold any more."""
        known = self._known
        if known is None:
            return (await self._look())[0]
        # The etag of a document guards its replacement; the absence of one does not tell whether
        # its session was deleted since.
        age = self._scope.clock() - known.at
        is_stale = known.document is None and age >= self._scope.settings.trust
        return await self._settle(known) if is_stale or self._is_doubtful else known

    async def _look(self) -> tuple[Known, dict[str, Any] | None]:
        """Read what is there, to go on from just that; give the body too."""
        found = await self._read()
        body = None if found.document is None else self._decoded(found.document)
        return self._learn(found), body

    async def _settle(self, known: Known) -> Known:
        """Read what is there; go on if it is what this handle knows, or one of its writes.

        Raises:
            Conflict: it is another writer's.
        """
        found = await self._read()
        if found.etag != known.etag and write_id_of(found.document) not in self._open:
            raise Conflict(
                "another writer has changed the document since it was read: restore it, then go on",
                key=self._key,
            )
        return self._learn(found)

    def _learn(self, known: Known) -> Known:
        # What was to replace another version than the one that is there now cannot any more.
        if self._known is None or known.etag != self._known.etag:
            self._open.clear()
        self._known, self._is_doubtful = known, False
        return known

    async def _read(self) -> Known:
        """Read the document and session.json beside it, in one round trip.

        Raises:
            SessionDeleted: the session is being deleted.
            CorruptObject, UnsupportedVersion: what is there cannot be read.
        """
        self._is_doubtful = True  # until it is known
        at = self._scope.clock()
        document, session = await self._read_both()
        if document is not None and session is None:
            # A deletion may have ended in between: at a second look, what it took is gone.
            document, session = await self._read_both()
        check_not_deleted(session, self._session.document)
        if session is not None and isinstance(session.corrupt, UnsupportedVersion):
            raise session.corrupt
        if document is not None and document.corrupt is not None:
            raise document.corrupt
        return Known(document, session is not None, at, session)

    async def _read_both(self) -> tuple[Document | None, Document | None]:
        return await self._scope.both(
            partial(read_document, self._scope, self._key),
            partial(read_session_document, self._scope, self._session),
        )

    def _decoded(self, document: Document) -> dict[str, Any]:
        try:
            return decode_body(self._key, document)
        except CorruptObject as error:
            self._scope.warn_of(error)
            raise

    # Writing

    async def _write(self, revision: Revision, known: Known) -> Known:
        """PUT the document, unless it says this already, and beside it what the session lacks.

        Raises:
            PreconditionFailed: another version stands there, of ours perhaps.
            SessionDeleted: the session is being deleted.
        """
        await lift(self._scope, self._session, known.session)
        at = self._scope.clock()
        calls: dict[str, _Call] = {}
        if not revision.is_held_by(known.document):
            calls["document"] = partial(self._put, revision, known)
        if not known.has_session:
            calls["session"] = self._create_session
        if not calls:
            return known
        results = await self._scope.store.fan_out([partial(_caught, c) for c in calls.values()])
        outcomes = dict(zip(calls, results, strict=True))
        if "session" in outcomes:
            known = replace(known, has_session=await self._is_born(outcomes["session"]))
        etag = outcomes.get("document")
        if isinstance(etag, S3SessionsError):
            raise etag
        if not isinstance(etag, str):
            return self._learn(known)
        emit(logging.DEBUG, "multi_agent_saved", **self._ids)
        return self._learn(Known(Document(revision.fields, etag), known.has_session, at))

    async def _put(self, revision: Revision, known: Known) -> str:
        was_open = revision.write_id in self._open
        self._open.add(revision.write_id)
        only_if = ABSENT if known.document is None else known.document.etag
        try:
            return await self._scope.put(self._key, revision.data, only_if)
        except (PreconditionFailed, StoreUnavailable):
            raise
        except S3SessionsError:
            if not was_open:
                self._open.discard(revision.write_id)
            raise

    async def _create_session(self) -> Document | None:
        body = session_body(self._scope, self._session, Details())
        return await create_document(self._scope, self._session.document, body)

    async def _is_born(self, outcome: _Outcome) -> bool:
        """Tell whether there is a session.json, after a try to create it that came out so.

        Raises:
            SessionDeleted: there is one, and it is a deletion's mark.
        """
        if isinstance(outcome, S3SessionsError):
            emit(logging.WARNING, "document_not_written", **self._ids, error=str(outcome))
            return False
        if outcome is not None:
            emit(logging.INFO, "session_created", session=self._session.session_id)
            return True
        met = await read_session_document(self._scope, self._session)
        check_not_deleted(met, self._session.document)
        await lift(self._scope, self._session, met)
        return met is not None

    async def _take_back(self) -> None:
        """Delete what is stored of writes that no caller was told of."""
        if not self._open:
            return
        document = await read_document(self._scope, self._key)
        if document is not None and write_id_of(document) in self._open:
            # The deletion was here already, or who may write may not delete.
            with suppress(PreconditionFailed, NotFound, AccessDenied):
                await self._scope.store.delete(self._key, only_if=document.etag)


async def list_multi_agents(scope: Scope, session: SessionKeys) -> list[str]:
    """Give the ids of a session's multi-agents, sorted. Requests: 1 LIST for each 1,000."""
    found = [
        multi_agent_of(prefix)
        async for page in pages(scope.store, session.multi_agents, delimiter="/")
        for prefix in page.prefixes
    ]
    return sorted(multi_agent_id for multi_agent_id in found if multi_agent_id is not None)


async def _caught(call: _Call) -> _Outcome:
    """Give an error back instead of raising it: the other call is to go on."""
    try:
        return await call()
    except S3SessionsError as error:
        return error
