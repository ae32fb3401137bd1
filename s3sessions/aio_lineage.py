"""Lineage in async code: the verbs of `AsyncSessions` for sessions that come out of one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Unpack

from s3sessions.dao.sessions import SessionsDAO
from s3sessions.descriptions import SessionDetails
from s3sessions.models import Child, ForkKind

__all__ = ["AsyncLineage"]


class AsyncLineage:
    """The verbs of `AsyncSessions` that fork sessions and find what was forked; see `Lineage`."""

    _dao: SessionsDAO

    async def fork(
        self,
        parent_id: str,
        child_id: str | None = None,
        *,
        kind: ForkKind = "branch",
        agent: str | None = None,
        messages: Iterable[Mapping[str, Any]] | None = None,
        until: int | None = None,
        **details: Unpack[SessionDetails],
    ) -> str:
        """Make a new session out of another one; see `Sessions.fork`."""
        from s3sessions.dao.fork_request import ForkRequest
        from s3sessions.dao.forking import Fork

        scope = self._dao.scope
        asked = ForkRequest.of(scope, parent_id, child_id, kind, agent, messages, until, details)
        return await Fork(scope, asked).run()

    async def children(self, session_id: str) -> Sequence[Child]:
        """Give the forks of a session, oldest first; see `Sessions.children`."""
        from s3sessions.dao.markers import children

        scope = self._dao.scope
        return tuple(await children(scope, scope.root.session(session_id)))

    async def tip(self, session_id: str) -> str:
        """Give the session that goes on today; see `Sessions.tip`."""
        from s3sessions.dao.lineage import tip

        return await tip(self._dao.scope, session_id)

    async def resume(self, session_id: str) -> str:
        """Give the session to go on with; see `Sessions.resume`."""
        from s3sessions.dao.lineage import resume

        return await resume(self._dao.scope, session_id)
