"""Conflicts: what a writer is told when others were there first."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Final

from s3sessions.dao.messages import Unreadable
from s3sessions.dao.scope import Scope
from s3sessions.dao.seen import Seen
from s3sessions.dao.tail import Tail
from s3sessions.dao.visible import place_of
from s3sessions.errors import AppendConflict, StoreUnavailable
from s3sessions.keys import AgentKeys
from s3sessions.models import Message

_MOST_CARRIED: Final = 100


def check_unmoved(
    scope: Scope, agent: AgentKeys, known: Tail, seen: Seen, open_at: Set[int]
) -> None:
    """Raise AppendConflict where the history is not the one that a handle knows.

    Members of unfinished and dead batches, and voids, change no history; a batch that is to replace
    it soon will. A conflict says that
    nothing was written; where one of the indexes `open_at` may still be taken by an earlier try, in
    another life of the id, that is not known.

    Raises:
        AppendConflict: it is another.
        StoreUnavailable: it is another, and the outcome of a try is open.
    """
    if seen.tail.ends_like(known):
        return
    foreign = [message for message in seen.messages if place_of(message) >= known.next_index]
    unreadable = [error for error in seen.corrupt if _index(scope, error) >= known.next_index]
    replacing = [index for index in seen.replacing if index >= known.next_index]
    if foreign or unreadable or replacing or not _shows_the_end(known, seen):
        if any(index not in seen.listing.shown for index in open_at):
            raise StoreUnavailable(
                "the history is another one, and an earlier try may still land in it: restore, "
                "then append again with the same write id",
                key=agent.message(known.next_index),
            )
        raise AppendConflict(
            f"another writer changed the history at index {known.next_index}: restore or refresh, "
            "then append again (or open with on_conflict='rebase' for a log that many share)",
            key=agent.message(known.next_index),
            index=known.next_index,
            messages=foreign[:_MOST_CARRIED],
        )


def tail_behind(known: Tail, seen: Seen, own: Sequence[Message]) -> Tail:
    """Give the tail of a strict handle that found its own messages stored already.

    Where others have spoken too, it still knows what it knew: its next append meets them.
    """
    ids = {message.write_id for message in own}
    foreign = [m for m in seen.messages if place_of(m) >= known.next_index]
    return seen.tail if all(m.write_id in ids for m in foreign) else known


def _shows_the_end(known: Tail, seen: Seen) -> bool:
    if known.end.newest is None:
        return True
    index, etag = known.end.newest
    shown = seen.listing.messages.get(index)
    return shown is not None and shown.etag == etag


def _index(scope: Scope, error: Unreadable) -> int:
    place = scope.root.parse(error.key or "")
    return place.index if place is not None and place.index is not None else -1


def contended(scope: Scope, agent: AgentKeys, write_id: str) -> AppendConflict:
    """Make the error of a writer that lost each race."""
    return AppendConflict(
        f"no place found in {scope.settings.attempts} tries, other writers were faster: "
        f"append again with write_id={write_id!r}",
        key=agent.messages,
    )
