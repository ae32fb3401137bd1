"""The end of a history: the one index for which every writer contends.

It is the lowest that the list does not show above the greatest live object. Live is what is no
member of a batch, or a member whose commit the list shows with its batch id. Existence is judged
by the list alone, never by a later read. So members of dead and unfinished batches never move the
end, and holes below it stay holes, whoever left them. Nor does a segment of another life of the id,
which only what it says of itself tells; the newest message of a history is never packed, so the
greatest index is mostly a loose one, and that is not asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias

from s3sessions.dao.beginning import name_of_life
from s3sessions.dao.documents import Document, life_of_agent
from s3sessions.dao.listing import AgentListing
from s3sessions.dao.reader import Reader
from s3sessions.dao.scope import Scope
from s3sessions.dao.visible import Reads, batch_of, is_listed
from s3sessions.keys import AgentKeys
from s3sessions.record import Record

Fetch: TypeAlias = Callable[[Iterable[int]], Awaitable[Reads]]
"""Reads what was not read yet and gives all that was."""

_WIDEST = 64


class End(Record):
    """Where the next message goes.

    Attributes:
        next_index: lowest index that is not taken, above all that is live.
        newest: index and etag of the greatest object that counts; None where there is none.
        occupied: indexes above `next_index` that are taken, by members of dead or unfinished
            batches.
    """

    next_index: int
    newest: tuple[int, str] | None
    occupied: frozenset[int]


NOTHING: Final = End(0, None, frozenset())
"""The end of a history in which nobody spoke."""


async def find_end(listing: AgentListing, fetch: Fetch) -> End:
    """Find the end in a list.

    Requests: none where the list shows every index from 0; otherwise a GET for each object from
    the greatest downwards to the first live one, and one for each commit of those.
    """
    shown = listing.shown
    if len(shown) == shown.end and (not shown or shown.greatest in listing.messages):
        return _end_above(listing, shown.greatest, shown.end - 1)
    below, count = shown.end, 1
    while window := shown.before(below, count):
        below = window[0]
        reads = await fetch(window)
        commits = [b.commit for i in window if (b := batch_of(reads.get(i))) is not None]
        reads = await fetch(commit for commit in commits if commit in shown)
        for index in reversed(window):
            top = _top(listing, reads, index)
            if top is not None:
                return _end_above(listing, index, top)
        count = min(count * 4, _WIDEST)
    return _end_above(listing, None, -1)


def fetching(
    scope: Scope, agent: AgentKeys, listing: AgentListing, session: Document | None
) -> Fetch:
    """Give a `Fetch` that reads each object once, `session` being session.json."""
    reader = Reader(scope, agent)
    life = name_of_life(life_of_agent(session, agent.agent_id))
    reader.belongs_to(listing, life, is_known=session is not None)

    async def fetch(indexes: Iterable[int]) -> Reads:
        await reader.fetch(listing, indexes)
        return reader.reads

    return fetch


def _top(listing: AgentListing, reads: Reads, index: int) -> int | None:
    """Give the greatest index that is taken by a live object and its batch; None if it is dead."""
    stored = reads.get(index)
    batch = batch_of(stored)
    if stored is None and index not in listing.messages:
        return None
    if stored is None or batch is None:
        return index
    commit = reads.get(batch.commit)
    if batch.commit not in listing.shown or not is_listed(stored, commit):
        return None
    committed = batch_of(commit)
    # A list that is no snapshot can show a commit and not what was there before it.
    return max(committed.indexes) if committed and committed.indexes else index


def _end_above(listing: AgentListing, live: int | None, top: int) -> End:
    taken = {index for index in listing.messages if index > top}
    next_index = top + 1
    while next_index in taken:
        next_index += 1
    holder = None if live is None else listing.holder(live)
    newest = (live, holder.etag) if live is not None and holder is not None else None
    return End(next_index, newest, frozenset(index for index in taken if index > next_index))
