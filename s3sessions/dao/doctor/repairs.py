"""Repairs: what can be put right without losing a message; conditional, and safe to make again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from s3sessions.dao.agent_document import agent_body
from s3sessions.dao.beginning import Beginning, beginning_body, is_of_another_life
from s3sessions.dao.block_packing import BlockPacking
from s3sessions.dao.deletion import Deletion
from s3sessions.dao.details import Details
from s3sessions.dao.directory import list_agents
from s3sessions.dao.documents import (
    Document,
    check_not_deleted,
    create_document,
    life_of_agent,
    read_document,
    read_session_document,
)
from s3sessions.dao.end import fetching, find_end
from s3sessions.dao.healing import healed
from s3sessions.dao.held import read_held
from s3sessions.dao.listing import AgentListing, look
from s3sessions.dao.packing_plan import Task
from s3sessions.dao.scope import Scope
from s3sessions.dao.session_document import session_body
from s3sessions.errors import Conflict, CorruptObject, SessionNotFound, UnsupportedVersion
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.values import dump, format_time


async def create_session_document(scope: Scope, session: SessionKeys, began: datetime) -> None:
    """Write session.json where it is missing. Requests: 1 LIST and 1 PUT."""
    await _check_there(scope, session.agents)
    body = session_body(scope, session, Details(created_at=began))
    # A history.json that stands here names the life that was lost.
    agents = map(session.agent, await list_agents(scope, session))
    await create_document(scope, session.document, await healed(scope, body, agents))


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
    """Make a void of a message if it still is the version that was looked at.

    Requests: 1 GET and 1 PUT; 1 or 2 GET more where it is packed.
    """
    held = None
    with suppress(CorruptObject, UnsupportedVersion):
        held = await read_held(scope, agent, index)
    if held is None or held.etag != etag:
        raise Conflict("message was changed meanwhile", key=agent.message(index))
    await scope.put(held.key, held.changed(held.original.voided(scope.now())), etag)


async def finish_packing(
    scope: Scope, session: SessionKeys, agent: AgentKeys, block: range, beside: Sequence[range]
) -> None:
    """Bring a segment up to what stands beside it, and delete that. Requests: as a packing."""
    document = await read_session_document(scope, session)
    check_not_deleted(document, session.document, agent.agent_id)
    life = life_of_agent(document, agent.agent_id)
    task = Task(block, beside, is_there=True)
    packing = BlockPacking(scope, session, agent, task, life, is_fresh=lambda: True)
    await packing.run()
    if packing.corrupt:
        raise Conflict("segment was changed meanwhile", key=agent.segment(block))


# history.json


async def show_all(
    scope: Scope, session: SessionKeys, agent: AgentKeys, etag: str, replaced_by: str | None
) -> None:
    """Put one that hides nothing in place of what cannot be read.

    It names the batch that may have replaced the history, which nobody would see otherwise; where
    there is none, no document says the same. Requests: 1 DELETE, or 1 GET and 1 PUT.
    """
    if replaced_by is None:
        await scope.store.delete(agent.history, only_if=etag)
        return
    life = life_of_agent(await read_session_document(scope, session), agent.agent_id)
    beginning = Beginning(replaced_by=replaced_by)
    body = beginning_body(scope, beginning, None, life, scope.new_id())
    await scope.put(agent.history, dump(body), etag)


async def take_left_behind(scope: Scope, session: SessionKeys, agent: AgentKeys, etag: str) -> None:
    """Delete one of an earlier life, if it still is. Requests: 2 GET and 1 DELETE."""
    document = await _as_looked_at(scope, agent, etag)
    there = await read_session_document(scope, session)
    if not is_of_another_life(document, there, agent.agent_id):
        raise Conflict("session was changed meanwhile", key=session.document)
    await scope.store.delete(agent.history, only_if=etag)


async def past_end(scope: Scope, agent: AgentKeys, document: Document) -> int | None:
    """Give the next index where the history begins behind it; None where it does not.

    Requests: as `next_index`.
    """
    end = await next_index(scope, agent)
    return end if document.body["first"] > end else None


async def next_index(scope: Scope, agent: AgentKeys) -> int:
    """Give the next index.

    Requests: 1 LIST for each 1,000 messages and 1 GET; a GET or a few more where it has holes.
    """
    return (await _end(scope, agent))[0]


async def lower_beginning(scope: Scope, agent: AgentKeys, etag: str) -> None:
    """Let a history that begins behind its end show what was stored after it was hidden.

    Requests: as `next_index`, 1 GET and 1 PUT.
    """
    document = await _as_looked_at(scope, agent, etag)
    end, listing = await _end(scope, agent)
    history = listing.documents.get(Kind.HISTORY)
    if history is None or document.body["first"] <= end:
        raise Conflict("messages were appended meanwhile", key=agent.history)
    newer = [i for i, entry in listing.messages.items() if entry.modified >= history.modified]
    moved = {"first": min([*newer, end]), "next_index": end, "updated_at": format_time(scope.now())}
    await scope.put(agent.history, dump({**document.body, **moved}), etag)


async def _end(scope: Scope, agent: AgentKeys) -> tuple[int, AgentListing]:
    """Give the next index, and the list that says so."""
    listing, document = await look(scope, scope.root.session(agent.session_id), agent)
    end = await find_end(listing, fetching(scope, agent, listing, document))
    return end.next_index, listing


async def _as_looked_at(scope: Scope, agent: AgentKeys, etag: str) -> Document:
    document = await read_document(scope, agent.history)
    if document is None or document.etag != etag:
        raise Conflict("history.json was changed meanwhile", key=agent.history)
    return document
