"""Repairs: what can be put right without losing a message; conditional, and safe to make again."""

from __future__ import annotations

from datetime import datetime

from s3sessions.dao.agent_document import agent_body
from s3sessions.dao.deletion import Deletion
from s3sessions.dao.documents import Details, create_document, session_body
from s3sessions.dao.original import Original
from s3sessions.dao.scope import Scope
from s3sessions.errors import Conflict, SessionNotFound
from s3sessions.keys import AgentKeys, SessionKeys


async def create_session_document(scope: Scope, session: SessionKeys, began: datetime) -> None:
    """Write session.json where it is missing. Requests: 1 LIST and 1 PUT."""
    await _check_there(scope, session.agents)
    body = session_body(scope, session, Details(created_at=began))
    await create_document(scope, session.document, body)


async def create_agent_document(scope: Scope, agent: AgentKeys) -> None:
    """Write agent.json where it is missing. Requests: 1 LIST and 1 PUT."""
    await _check_there(scope, agent.messages)
    await create_document(scope, agent.document, agent_body(scope, agent, Details()))


async def _check_there(scope: Scope, prefix: str) -> None:
    """Nothing may be made of a session that was deleted since it was looked at."""
    if not (await scope.store.list(prefix, limit=1)).entries:
        raise SessionNotFound("session was deleted meanwhile", key=prefix)


async def finish_deletion(
    scope: Scope, session: SessionKeys, agent: AgentKeys | None, mark: str
) -> None:
    """Go on with the deletion that carries this mark; what has no mark may be a new life."""
    await Deletion(scope, session, agent).resume(mark)


async def delete_version(scope: Scope, key: str, etag: str) -> None:
    """Delete an object if it still is the version that was looked at. Requests: 1 DELETE."""
    await scope.store.delete(key, only_if=etag)


async def make_void(scope: Scope, agent: AgentKeys, index: int, etag: str) -> None:
    """Make a void of a message if it still is the version that was looked at. 1 GET, 1 PUT."""
    key = agent.message(index)
    blob = await scope.store.get(key)
    if blob.etag != etag:
        raise Conflict("message was changed meanwhile", key=key)
    original = Original.of(key, index, blob.data, etag=etag)
    await scope.put(key, original.voided(scope.now()), etag)
