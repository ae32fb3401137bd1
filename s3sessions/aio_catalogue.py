"""The catalogue in async code; what each verb does, costs and raises stands in `sync_catalogue`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Unpack

from s3sessions.dao.directory import SessionStream
from s3sessions.dao.sessions import SessionsDAO
from s3sessions.descriptions import SessionInfo
from s3sessions.models import SessionSize, Stats

if TYPE_CHECKING:
    from s3sessions.descriptions import SessionChanges, SessionDescription, SessionSummary

__all__ = ["AsyncCatalogue"]


class AsyncCatalogue:
    """The verbs of `AsyncSessions` that list sessions, look them up and describe them."""

    _dao: SessionsDAO

    def list(self, *, token: str | None = None) -> SessionStream:
        """Iterate over the ids of all sessions; see `Sessions.list`."""
        return self._dao.list(token)

    async def agents(self, session_id: str) -> Sequence[str]:
        """Give the ids of a session's agents; see `Sessions.agents`."""
        return await self._dao.agents(session_id)

    async def multi_agents(self, session_id: str) -> Sequence[str]:
        """Give the ids of a session's graphs and swarms; see `Sessions.multi_agents`."""
        return await self._dao.multi_agents(session_id)

    async def sizes(self) -> Sequence[SessionSize]:
        """Give counts, bytes and last activity of all sessions; see `Sessions.sizes`."""
        return await self._dao.sizes()

    async def stats(self) -> Stats:
        """Give totals over all sessions; see `Sessions.stats`."""
        return await self._dao.stats()

    async def browse(
        self,
        *,
        limit: int | None = 20,
        offset: int = 0,
        user: str | None = None,
        source: str | None = None,
        model: str | None = None,
        tag: str | None = None,
        title: str | None = None,
        parent: str | None = None,
        ended: bool | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        children: bool = False,
        usage: bool = False,
    ) -> Sequence[SessionSummary]:
        """Give a page of sessions, the newest activity first; see `Sessions.browse`."""
        from s3sessions.dao.browsing import Page, browse
        from s3sessions.dao.filters import SessionFilter

        meant = SessionFilter(
            user=user, source=source, model=model, tag=tag, title=title, parent=parent, ended=ended
        )
        page = Page(limit, offset, meant, since=since, before=before, delegates=children)
        found = await browse(self._dao.scope, page)
        if not usage:
            return tuple(found)
        from s3sessions.dao.spending import with_usage

        return tuple(await with_usage(self._dao.scope, found))

    async def info(self, session_id: str) -> SessionInfo:
        """Give what is known of one session; see `Sessions.info`."""
        return await self._dao.info(session_id)

    async def latest(self) -> SessionSize | None:
        """Give the session in which somebody spoke last; see `Sessions.latest`."""
        return await self._dao.latest()

    async def resolve(self, id_prefix: str) -> str:
        """Give the one session id that begins so; see `Sessions.resolve`."""
        return await self._dao.resolve(id_prefix)

    async def describe(
        self, session_id: str, *, only_unset: bool = False, **changes: Unpack[SessionChanges]
    ) -> SessionDescription:
        """Change what session.json says of a session; see `Sessions.describe`."""
        from s3sessions.dao.describing import describe

        session = self._dao.scope.root.session(session_id)
        return await describe(self._dao.scope, session, changes, only_unset=only_unset)

    async def end(self, session_id: str, reason: str | None = None) -> SessionDescription:
        """Say that a session has ended; see `Sessions.end`."""
        from s3sessions.dao.ending import end

        return await end(self._dao.scope, self._dao.scope.root.session(session_id), reason)

    async def reopen(self, session_id: str) -> SessionDescription:
        """Take back that a session has ended; see `Sessions.reopen`."""
        from s3sessions.dao.ending import reopen

        return await reopen(self._dao.scope, self._dao.scope.root.session(session_id))
