"""The directory: which sessions and agents there are, by keys alone."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, AsyncIterator

from s3sessions.dao.paging import pages
from s3sessions.dao.scope import Scope
from s3sessions.errors import AmbiguousSession, InvalidSettings, SessionNotFound
from s3sessions.keys import SessionKeys, agent_of, listable
from s3sessions.models import SessionRef


class SessionStream:
    """The ids of all sessions, a page at a time, in the store's order.

    Requests: 1 LIST for each 1,000 sessions, made as they are asked for.
    """

    def __init__(self, scope: Scope, token: str | None) -> None:
        self._scope = scope
        self._page, self._after = _read_token(token)
        self._iterator = self._iterate()

    @property
    def token(self) -> str | None:
        """Where a later list goes on: after the last session that was given. None at the start."""
        return None if self._after is None else _write_token(self._page, self._after)

    def __aiter__(self) -> AsyncIterator[SessionRef]:
        return self

    async def __anext__(self) -> SessionRef:
        return await anext(self._iterator)

    async def aclose(self) -> None:
        """Stop; nothing more is listed."""
        await self._iterator.aclose()

    async def _iterate(self) -> AsyncGenerator[SessionRef, None]:
        root = self._scope.root
        while True:
            page = await self._scope.store.list(root.sessions, delimiter="/", token=self._page)
            found = [(root.session_of(prefix), prefix) for prefix in page.prefixes]
            prefixes = [prefix for _, prefix in found]
            # A session that was deleted since the token was made: give its page again rather than
            # pass over one that nobody has seen.
            skip = prefixes.index(self._after) + 1 if self._after in prefixes else 0
            for session_id, prefix in found[skip:]:
                if session_id is not None:
                    self._after = prefix
                    yield SessionRef(session_id)
            if page.token is None:
                return
            self._page = page.token


def _write_token(page: str | None, after: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([page, after]).encode()).decode()


def _read_token(token: str | None) -> tuple[str | None, str | None]:
    if token is None:
        return None, None
    try:
        match json.loads(base64.urlsafe_b64decode(token)):
            case [None | str() as page, str() as after]:
                return page, after
    except (ValueError, RecursionError):
        pass
    raise InvalidSettings(f"token={token!r} is not one that a list of sessions gave")


async def list_agents(scope: Scope, session: SessionKeys) -> list[str]:
    """Give the ids of a session's agents, sorted. Requests: 1 LIST for each 1,000 agents."""
    found = [
        agent_of(prefix)
        async for page in pages(scope.store, session.agents, delimiter="/")
        for prefix in page.prefixes
    ]
    return sorted(agent_id for agent_id in found if agent_id is not None)


async def resolve(scope: Scope, id_prefix: str) -> str:
    """Give the one session id that begins with `id_prefix`; the exact id wins over longer ones.

    Requests: 1 LIST; 2 where several begin so.

    Raises:
        SessionNotFound: none begins so.
        AmbiguousSession: several do, and none is exactly this.
    """
    root = scope.root
    found: list[str] = []
    async for page in pages(scope.store, root.sessions + listable(id_prefix), delimiter="/"):
        ids = (root.session_of(prefix) for prefix in page.prefixes)
        found += [i for i in ids if i is not None and i.startswith(id_prefix)]
        if len(found) > 1:
            break
    if id_prefix in found:
        return id_prefix
    if not found:
        raise SessionNotFound(f"no session id begins with {id_prefix!r}", key=root.sessions)
    if len(found) == 1:
        return found[0]
    if id_prefix and (await scope.store.list(root.session(id_prefix).prefix, limit=1)).entries:
        return id_prefix
    raise AmbiguousSession(
        f"several session ids begin with {id_prefix!r}: {', '.join(found[:5])} …", ids=found[:20]
    )
