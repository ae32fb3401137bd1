"""Healing: a session.json that was lost, written anew beside what it belonged to.

A new one says that a new life has begun, and for that a history.json or a segment of the old life
counts for nothing. So it takes over the life that a history.json names, if that is whole: the list
reaches the next index that it was written at. One that a stalled writer left behind a deletion does
not fit what was said since. Without a history.json it takes over what the newest segment names, if
that seems to be of what is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from s3sessions.codec import STAMP
from s3sessions.dao.archive import read_segment
from s3sessions.dao.beginning import fits
from s3sessions.dao.documents import AGENT_LIVES, read_document
from s3sessions.dao.end import fetching, find_end
from s3sessions.dao.listing import AgentListing, list_agent
from s3sessions.dao.scope import Scope
from s3sessions.keys import AgentKeys, Kind


async def healed(scope: Scope, body: dict[str, Any], agents: Iterable[AgentKeys]) -> dict[str, Any]:
    """Let a new session.json go on with the life that these agents' histories name.

    Requests: 1 LIST for each 1,000 objects of each agent, 1 GET where there is a history.json or a
    segment.
    """
    for agent in agents:
        name = await _life_named(scope, agent)
        if name is None:
            continue
        life, _, ended = name.partition("/")
        lives = dict(body[STAMP].get(AGENT_LIVES, {}))
        if ended:
            lives[agent.agent_id] = ended
        body = {**body, STAMP: {**body[STAMP], "life": life, AGENT_LIVES: lives}}
    return body


async def _life_named(scope: Scope, agent: AgentKeys) -> str | None:
    listing = await list_agent(scope, agent)
    if Kind.HISTORY not in listing.documents:
        return await _life_packed(scope, agent, listing)
    history = await read_document(scope, agent.history)
    end = await find_end(listing, fetching(scope, agent, listing, None))
    if history is None or history.corrupt is not None or not fits(history, end.next_index):
        return None
    name = history.stamp.get("life")
    return name if isinstance(name, str) else None


async def _life_packed(scope: Scope, agent: AgentKeys, listing: AgentListing) -> str | None:
    """Give the life that the newest segment says it is of."""
    if not listing.segments or listing.is_left_behind:
        return None
    newest = max(listing.segments, key=lambda block: block.stop)
    packed = await read_segment(scope, agent, newest)
    return None if packed is None else packed.life
