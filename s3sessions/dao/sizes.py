"""Sizes: counts, bytes and last activity, from a list of keys; no message is read."""

from __future__ import annotations

import logging
from functools import partial

from s3sessions.dao.documents import Document, check_not_deleted, read_session_document
from s3sessions.dao.messages import Stored, read_message
from s3sessions.dao.paging import entries
from s3sessions.dao.rewriting import is_visible
from s3sessions.dao.scope import Scope
from s3sessions.dao.session_document import description
from s3sessions.dao.tally import Tally, tally, tally_of
from s3sessions.descriptions import SessionInfo
from s3sessions.errors import SessionNotFound
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.log import emit
from s3sessions.models import Message, SessionSize, Stats
from s3sessions.values import parse_time


async def sizes(scope: Scope) -> list[SessionSize]:
    """Give sizes and last activity of all sessions, by id. Requests: 1 LIST for 1,000 objects."""
    return [each.size(session_id) for session_id, each in sorted((await tally(scope)).items())]


async def stats(scope: Scope) -> Stats:
    """Give totals over all sessions. Requests: 1 LIST for each 1,000 objects."""
    every = await sizes(scope)
    return Stats(
        sessions=len(every),
        agents=sum(len(size.agents) for size in every),
        messages=sum(size.messages for size in every),
        bytes=sum(size.bytes for size in every),
        empty=sum(not size.messages for size in every),
        foreign=sum(size.foreign for size in every),
        last_active=max((size.last_active for size in every if size.last_active), default=None),
    )


async def latest(scope: Scope) -> SessionSize | None:
    """Give the session whose newest message is the newest and which can be read.

    Requests: 1 LIST for each 1,000 objects; 2 GET for each session that is looked at, and more for
    one whose newest message nobody sees.
    """
    tallies = [(t.newest, session_id, t) for session_id, t in (await tally(scope)).items()]
    spoken = [(newest[0], session_id, t) for newest, session_id, t in tallies if newest]
    for _, session_id, each in sorted(spoken, key=lambda item: item[:2], reverse=True):
        if await _is_readable(scope, session_id, each):
            return each.size(session_id)
        emit(logging.WARNING, "session_unreadable", session=session_id)
    return None


async def _is_readable(scope: Scope, session_id: str, counted: Tally) -> bool:
    """Tell whether a session is not deleted and has a message that readers see."""
    if counted.newest is None:
        return False
    _, agent_id, index = counted.newest
    keys = scope.root.session(session_id)
    agent = keys.agent(agent_id)
    document, stored = await scope.both(
        partial(read_session_document, scope, keys), partial(read_message, scope, agent, index)
    )
    try:
        check_not_deleted(document, keys.document)
    except SessionNotFound:
        return False
    return await _is_seen(scope, agent, stored) or await _has_a_message(scope, keys)


async def _has_a_message(scope: Scope, keys: SessionKeys) -> bool:
    for entry in await entries(scope.store, keys.agents):
        place = scope.root.parse(entry.key)
        if place is None or place.index is None or place.agent_id is None:
            continue
        agent = keys.agent(place.agent_id)
        if await _is_seen(scope, agent, await read_message(scope, agent, place.index)):
            return True
    return False


async def _is_seen(scope: Scope, agent: AgentKeys, stored: Stored | None) -> bool:
    if stored is None or stored.is_void or not isinstance(stored.content, Message):
        return False
    return await is_visible(scope, agent, stored.content)


async def info(scope: Scope, session: SessionKeys) -> SessionInfo:
    """Give what is known of one session. Requests: 1 GET and 1 LIST for each 1,000 objects.

    Raises:
        SessionNotFound: there is no such session, or it is being deleted.
    """
    listed = await entries(scope.store, session.prefix)
    # Behind the list: a deletion marks it before it takes an object.
    document = await read_session_document(scope, session)
    if not listed:
        raise SessionNotFound("session does not exist", key=session.prefix)
    check_not_deleted(document, session.document)
    return _info(session, tally_of(scope, session.session_id, listed), document)


def _info(session: SessionKeys, counted: Tally, document: Document | None) -> SessionInfo:
    said = description(session, document)
    stored = parse_time(document.body.get("updated_at")) if document else None
    return SessionInfo(
        id=said.id,
        created_at=said.created_at,
        updated_at=counted.last_active or stored,
        title=said.title,
        user=said.user,
        model=said.model,
        source=said.source,
        parent=said.parent,
        tags=said.tags,
        metadata=said.metadata,
        agents={name: agent.messages for name, agent in sorted(counted.agents.items())},
        messages=counted.messages,
        bytes=counted.bytes,
        foreign=counted.foreign,
        ended_at=said.ended_at,
        end_reason=said.end_reason,
        corrupt=document.corrupt if document else None,
    )
