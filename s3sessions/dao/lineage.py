"""Lineage: the sessions that go on after a compression, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from s3sessions.dao.directory import list_agents
from s3sessions.dao.documents import Document, check_not_deleted, read_session_document
from s3sessions.dao.markers import compressions
from s3sessions.dao.scope import Scope
from s3sessions.dao.snapshot import Snapshot
from s3sessions.errors import SessionNotFound
from s3sessions.keys import SessionKeys
from s3sessions.models import Child

_MOST_HOPS: Final = 100


async def tip(scope: Scope, session_id: str) -> str:
    """Give the newest session along the compressions; see `Sessions.tip`."""
    return [found async for found in _generations(scope, session_id)][-1]


async def resume(scope: Scope, session_id: str) -> str:
    """Give the first session along the compressions that has messages; see `Sessions.resume`."""
    async for found in _generations(scope, session_id):
        if await _has_messages(scope, scope.root.session(found)):
            return found
    return session_id


async def _generations(scope: Scope, session_id: str) -> AsyncIterator[str]:
    """Give the session, the newest that goes on with it, and so on; each once.

    Requests: 1 GET and 1 LIST for the session, and for each that follows; 1 GET for each that is
    passed over.

    Raises:
        SessionNotFound: there is no such session.
        SessionDeleted, SessionUnfinished: it is not there any more, or not yet.
    """
    session = scope.root.session(session_id)
    document, found = await scope.both(
        partial(read_session_document, scope, session), partial(compressions, scope, session)
    )
    check_not_deleted(document, session.document)
    if document is None and not (await scope.store.list(session.prefix, limit=1)).entries:
        raise SessionNotFound("session does not exist", key=session.prefix)
    yield session_id
    seen = {session_id}
    while len(seen) <= _MOST_HOPS:
        child = await _newest_alive(scope, [child for child in found if child.id not in seen])
        if child is None:
            return
        yield child.session_id
        seen.add(child.session_id)
        found = await compressions(scope, child)


async def _newest_alive(scope: Scope, newest_first: list[Child]) -> SessionKeys | None:
    for child in newest_first:
        session = scope.root.session(child.id)
        if _is_alive(await read_session_document(scope, session), session):
            return session
    return None


def _is_alive(document: Document | None, session: SessionKeys) -> bool:
    try:
        check_not_deleted(document, session.document)
    except SessionNotFound:
        return False
    return document is not None


async def _has_messages(scope: Scope, session: SessionKeys) -> bool:
    """Tell whether readers see a message, or one that they cannot read.

    Requests: 1 LIST, and those of a restore of the newest message for each agent until one is met.
    """
    for agent_id in await list_agents(scope, session):
        seen = await Snapshot(scope, session, session.agent(agent_id), last=1).run()
        if seen.messages or seen.corrupt:
            return True
    return False
