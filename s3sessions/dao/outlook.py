"""The look that a writer takes before it puts anything: the end, and what it has not seen."""

from __future__ import annotations

from s3sessions.dao.beginning import UNKNOWN
from s3sessions.dao.documents import Document, check_writable
from s3sessions.dao.end import fetching, find_end
from s3sessions.dao.listing import look
from s3sessions.dao.notice import lift
from s3sessions.dao.recall import LOOK_BACK
from s3sessions.dao.scope import Scope
from s3sessions.dao.seen import Seen
from s3sessions.dao.tail import Tail
from s3sessions.keys import AgentKeys, SessionKeys


async def look_for_the_end(scope: Scope, session: SessionKeys, agent: AgentKeys) -> Seen:
    """List, and read no message. Requests: 1 LIST and 1 GET at once; see `find_end`.

    Raises:
        SessionDeleted, UnsupportedVersion: nothing is to be written.
    """
    listing, document = await look(scope, session, agent)
    check_writable(document, session.document, agent.agent_id)
    document = await lift(scope, session, document, agent.agent_id)
    end = await find_end(listing, fetching(scope, agent, listing, document))
    return Seen(
        listing=listing,
        session=document,
        history=None,
        beginning=UNKNOWN,
        messages=[],
        uncounted=[],
        corrupt=[],
        replaced=[],
        replacing=[],
        lacking=(),
        tail=Tail.of(listing, document, end),
    )


async def look_at_the_unseen(
    scope: Scope,
    session: SessionKeys,
    agent: AgentKeys,
    *,
    known: Tail | None,
    read_to: int | None,
    history: Document | None,
    for_write_ids: bool,
) -> Seen:
    """Read what is behind what a handle knows, and behind what it has read for write ids.

    Of a history that it never read, the newest are read for write ids.

    Raises:
        SessionDeleted, UnsupportedVersion: nothing is to be written.
    """
    from s3sessions.dao.snapshot import Snapshot

    starts = [read_to, None if known is None else known.next_index]
    if read_to is None and (known is None or for_write_ids):
        snapshot = Snapshot(scope, session, agent, last=LOOK_BACK, history=history)
    else:
        start = min(start for start in starts if start is not None)
        snapshot = Snapshot(scope, session, agent, start=start, history=history)
    seen = await snapshot.run()
    check_writable(seen.session, session.document, agent.agent_id)
    await lift(scope, session, seen.session, agent.agent_id)
    return seen
