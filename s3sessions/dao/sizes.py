"""Sizes: counts, bytes and last activity, from a list of keys; no message is read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from s3sessions.dao.documents import (
    Document,
    check_not_deleted,
    decode_part,
    read_session_document,
)
from s3sessions.dao.listing import entries, pages
from s3sessions.dao.messages import Stored, read_message
from s3sessions.dao.rewriting import is_visible
from s3sessions.dao.scope import Scope
from s3sessions.errors import SessionDeleted, SessionNotFound
from s3sessions.keys import AgentKeys, Kind, Place, SessionKeys
from s3sessions.log import emit
from s3sessions.models import Message, SessionInfo, SessionSize, Stats
from s3sessions.ports import Entry
from s3sessions.values import parse_time


@dataclass
class _Tally:
    """What was counted of one session so far."""

    agents: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    foreign: int = 0
    newest: tuple[datetime, str, int] | None = None

    def add(self, place: Place, entry: Entry) -> None:
        self.bytes += entry.size
        if place.kind is Kind.FOREIGN:
            self.foreign += 1
            return
        if place.agent_id is None:
            return
        self.agents.setdefault(place.agent_id, 0)
        if place.index is None:
            return
        self.agents[place.agent_id] += 1
        if self.newest is None or entry.modified >= self.newest[0]:
            self.newest = (entry.modified, place.agent_id, place.index)

    def size(self, session_id: str) -> SessionSize:
        return SessionSize(
            id=session_id,
            agents=tuple(sorted(self.agents)),
            messages=sum(self.agents.values()),
            bytes=self.bytes,
            last_active=self.newest[0] if self.newest else None,
            foreign=self.foreign,
        )


async def _tally(scope: Scope) -> dict[str, _Tally]:
    tallies: dict[str, _Tally] = {}
    async for page in pages(scope.store, scope.root.sessions):
        _count(scope, page.entries, tallies)
    return tallies


def _count(scope: Scope, listed: Sequence[Entry], tallies: dict[str, _Tally]) -> None:
    for entry in listed:
        place = scope.root.parse(entry.key)
        if place is not None:
            tallies.setdefault(place.session_id, _Tally()).add(place, entry)


async def sizes(scope: Scope) -> list[SessionSize]:
    """Give sizes and last activity of all sessions, by id. Requests: 1 LIST for 1,000 objects."""
    return [tally.size(session_id) for session_id, tally in sorted((await _tally(scope)).items())]


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
    tallies = [(t.newest, session_id, t) for session_id, t in (await _tally(scope)).items()]
    spoken = [(newest[0], session_id, t) for newest, session_id, t in tallies if newest]
    for _, session_id, tally in sorted(spoken, key=lambda item: item[:2], reverse=True):
        if await _is_readable(scope, session_id, tally):
            return tally.size(session_id)
        emit(logging.WARNING, "session_unreadable", session=session_id)
    return None


async def _is_readable(scope: Scope, session_id: str, tally: _Tally) -> bool:
    """Tell whether a session is not deleted and has a message that readers see."""
    if tally.newest is None:
        return False
    _, agent_id, index = tally.newest
    keys = scope.root.session(session_id)
    agent = keys.agent(agent_id)
    document, stored = await scope.both(
        partial(read_session_document, scope, keys), partial(read_message, scope, agent, index)
    )
    try:
        check_not_deleted(document, keys.document)
    except SessionDeleted:
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
    tallies = {session.session_id: _Tally()}
    _count(scope, listed, tallies)
    return _info(session.session_id, tallies[session.session_id], document)


def _info(session_id: str, tally: _Tally, document: Document | None) -> SessionInfo:
    document = document or Document({}, "")
    return SessionInfo(
        id=session_id,
        created_at=parse_time(document.body.get("created_at")),
        updated_at=(
            tally.newest[0] if tally.newest else parse_time(document.body.get("updated_at"))
        ),
        title=document.text("title"),
        user=document.text("user"),
        model=document.text("model"),
        source=document.text("source"),
        parent=document.text("parent"),
        metadata=decode_part(document.part("metadata")),
        agents=dict(sorted(tally.agents.items())),
        messages=sum(tally.agents.values()),
        bytes=tally.bytes,
        foreign=tally.foreign,
        corrupt=document.corrupt,
    )
