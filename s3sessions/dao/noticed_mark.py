"""The mark of a prune: put only where nobody speaks behind a notice of it.

Killed at any request it leaves a whole session, with or without a notice, or a mark that anybody
may adopt and finish; see `s3sessions.dao.notice`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from s3sessions.dao.details import Details
from s3sessions.dao.directory import list_agents
from s3sessions.dao.documents import Document, read_session_document
from s3sessions.dao.healing import healed
from s3sessions.dao.marking import Beside, Mark
from s3sessions.dao.notice import notice_of, take_away, with_notice
from s3sessions.dao.paging import entries
from s3sessions.dao.session_document import session_body
from s3sessions.errors import Conflict, NotFound, PreconditionFailed, SessionNotFound
from s3sessions.ports import ABSENT, Entry
from s3sessions.values import dump

_LONGEST_LOOK: Final = 900.0
"""Seconds; who knows the session from before the notice may have gone on meanwhile."""


class StillActive(Conflict):
    """Somebody was there between the look at a session and its mark; it is as it was."""


class DocumentChanged(StillActive):
    """Somebody wrote session.json in between; carries it as it is then."""

    def __init__(self, document: Document, key: str) -> None:
        super().__init__("session.json was changed meanwhile", key=key)
        self.document = document


@dataclass(kw_only=True)
class NoticedMark(Mark):
    """A session's mark behind a notice.

    Attributes:
        judged: session.json as it was when the session was found to be due; None without one.
        check: told everything that is listed behind the notice; raises StillActive to keep it.
    """

    judged: Document | None
    check: Callable[[Sequence[Entry]], None]

    async def put(self, beside: Beside) -> bool:
        """Give notice, list once more and mark; or adopt the mark that is there.

        Requests: 2 PUT and 1 LIST for each 1,000 objects; none for a mark that is there.

        Returns:
            True: it is marked.

        Raises:
            StillActive, DocumentChanged: it is not to be deleted, and is not marked.
            SessionNotFound: somebody else has deleted it.
        """
        self.id = self.of(self.judged) or self.scope.new_id()
        if self.of(self.judged) is not None:
            return True
        noticed = await self._give_notice()
        if self.of(noticed) is None:
            await self._look_again(noticed)
            if await self._write(noticed, beside):
                return True
            noticed = await self._read()
        return self._adopt(noticed)

    async def _give_notice(self) -> Document:
        """Give session.json as it is then: with the notice, unless others have changed it."""
        if self.judged is None:
            agents = await list_agents(self.scope, self.session)
            body = session_body(self.scope, self.session, Details())
            body = await healed(self.scope, body, map(self.session.agent, agents))
        else:
            body = self.judged.body
        body = with_notice(self.scope, body, self.id)
        only_if = ABSENT if self.judged is None else self.judged.etag
        try:
            return Document(body, await self.scope.put(self.session.document, dump(body), only_if))
        except PreconditionFailed:
            there = await self._read()
        # Our own, where the answer to it was lost and the store's client sent it again.
        if notice_of(there).get("id") != self.id:
            self._adopt(there)
        return there

    async def _look_again(self, noticed: Document) -> None:
        began = self.scope.clock()
        try:
            self.check(await entries(self.scope.store, self.prefix))
            if not 0 <= self.scope.clock() - began <= _LONGEST_LOOK:
                raise StillActive("the look took too long to be relied on", key=self.prefix)
        except StillActive:
            await self._take_back(noticed)
            raise

    async def _take_back(self, noticed: Document) -> None:
        """Leave session.json as it was: away where there was none, unless others wrote it."""
        if self.judged is None:
            with suppress(PreconditionFailed, NotFound):
                await self.scope.store.delete(self.session.document, only_if=noticed.etag)
            return
        with suppress(SessionNotFound):  # somebody else deletes it now
            await take_away(self.scope, self.session, noticed)

    async def _read(self) -> Document:
        """Read session.json where a write of it was refused. Raises SessionNotFound."""
        there = await read_session_document(self.scope, self.session)
        if there is None:
            raise SessionNotFound("session was deleted meanwhile", key=self.session.document)
        return there

    def _adopt(self, there: Document) -> bool:
        """Take over the mark that is there: ours, or that of somebody else's deletion."""
        mark_id = None if there.corrupt is not None else self.of(there)
        if mark_id is None:
            raise DocumentChanged(there, self.session.document)
        self.id = mark_id
        return True
