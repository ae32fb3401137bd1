"""A diagnosis: one session or all of them looked at, one after the other, with what was found."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from s3sessions.dao.doctor.case import Case
from s3sessions.dao.doctor.foreign import foreign_case
from s3sessions.dao.doctor.session import SessionExamination
from s3sessions.dao.paging import pages
from s3sessions.dao.scope import Scope
from s3sessions.errors import InvalidId, SessionNotFound
from s3sessions.health import Finding
from s3sessions.keys import SessionKeys


class Diagnosis:
    """The findings, as sessions are looked at; nothing is written unless `repair` is given.

    Requests: 1 LIST for each 1,000 sessions, and those of each session: 1 GET, 1 LIST for each
    1,000 objects, 1 GET for each message and document. A window of messages is in memory at a time.

    Attributes:
        sessions: how many were looked at so far.
    """

    def __init__(self, scope: Scope, session_id: str | None, *, repair: bool) -> None:
        self._scope = scope
        self._one = None if session_id is None else scope.root.session(session_id)
        self._repair = repair
        self._iterator = self._iterate()
        self.sessions = 0

    def __aiter__(self) -> AsyncIterator[Finding]:
        return self

    async def __anext__(self) -> Finding:
        return await anext(self._iterator)

    async def aclose(self) -> None:
        """Stop; nothing more is looked at."""
        await self._iterator.aclose()

    async def _iterate(self) -> AsyncGenerator[Finding, None]:
        async for case in self._all() if self._one is None else self._look_at(self._one):
            yield await case.repaired() if self._repair else case.finding

    async def _look_at(self, session: SessionKeys) -> AsyncGenerator[Case, None]:
        async for case in SessionExamination(self._scope, session).run():
            yield case
        self.sessions += 1

    async def _all(self) -> AsyncGenerator[Case, None]:
        root = self._scope.root
        async for page in pages(self._scope.store, root.sessions, delimiter="/"):
            for entry in page.entries:
                yield foreign_case(None, entry.key)
            for prefix in page.prefixes:
                session = self._session_of(prefix)
                if session is None:
                    yield foreign_case(None, prefix)
                else:
                    async for case in self._look_at_one_of_many(session):
                        yield case

    def _session_of(self, prefix: str) -> SessionKeys | None:
        session_id = self._scope.root.session_of(prefix)
        try:
            return None if session_id is None else self._scope.root.session(session_id)
        except InvalidId:
            return None

    async def _look_at_one_of_many(self, session: SessionKeys) -> AsyncGenerator[Case, None]:
        try:
            async for case in self._look_at(session):
                yield case
        except SessionNotFound:
            # Deleted since it was listed; and some servers list a prefix for a while after.
            return
