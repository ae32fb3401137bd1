"""Markers: one object under the parent for each child, so that children are listed without a scan.

A marker names the life of the child that it belongs to: what is done to it late, by somebody who
stalled, must not meet the marker of another child with the same id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.dao.documents import Document, read_document
from s3sessions.dao.paging import entries
from s3sessions.dao.scope import Scope
from s3sessions.errors import Conflict, PreconditionFailed
from s3sessions.keys import SessionKeys
from s3sessions.models import Child, ForkKind
from s3sessions.ports import ABSENT, Entry
from s3sessions.values import dump, format_time


async def children(scope: Scope, session: SessionKeys) -> list[Child]:
    """Give the forks of a session, oldest first. Requests: 1 LIST for each 1,000."""
    return children_in(scope, await entries(scope.store, session.children))


async def compressions(scope: Scope, session: SessionKeys) -> list[Child]:
    """Give those that go on after a compression, newest first. Requests: as `children`."""
    found = children_in(scope, await entries(scope.store, session.compressions))
    return [child for child in reversed(found) if child.kind == "compression"]


def children_in(scope: Scope, listed: list[Entry]) -> list[Child]:
    """Give the children whose markers a list shows, oldest first; of the same time, by id."""
    found = []
    for entry in listed:
        place = scope.root.parse(entry.key)
        if place is not None and place.child_id is not None and place.child_kind is not None:
            found.append(Child(place.child_id, place.child_kind, entry.modified))
    return sorted(found, key=lambda child: (child.created_at, child.id))


async def put_marker(
    scope: Scope,
    parent: SessionKeys,
    kind: ForkKind,
    child_id: str,
    life: str,
    check: Callable[[], Awaitable[None]],
) -> None:
    """Create the marker of this life of the child, or put it in place of an earlier one's.

    Requests: 1 PUT; 1 GET where one is there, and where it is another life's `check` and 1 PUT.

    Args:
        check: raises where this life of the child is over, so that what stands there is a later
            one's.

    Raises:
        InvalidId: the id cannot stand in a marker's key.
        Conflict: it changed under each try.
    """
    key = parent.child(kind, child_id)
    body = {
        "child_id": child_id,
        "kind": kind,
        "created_at": format_time(scope.now()),
        STAMP: {"v": FORMAT_VERSION, "life": life},
    }
    there: Document | None = None
    for attempt in range(scope.settings.attempts):
        if there is not None:
            if there.text("life") == life:
                return
            await check()
        with suppress(PreconditionFailed):
            await scope.put(key, dump(body), ABSENT if there is None else there.etag)
            return
        if attempt:
            await scope.pause(attempt)
        there = await read_document(scope, key)
    raise Conflict(f"marker changed under each of {scope.settings.attempts} tries", key=key)


async def drop_marker(
    scope: Scope, parent: SessionKeys, kind: ForkKind, child_id: str, life: str | None
) -> None:
    """Delete the marker of this life of the child; another life's stays.

    Requests: 1 GET, and 1 DELETE where it is there.
    """
    key = parent.child(kind, child_id)
    marker = await read_document(scope, key)
    if marker is None or (marker.corrupt is None and marker.text("life") != life):
        return
    # Gone, or another's by now.
    with suppress(PreconditionFailed):
        await scope.store.delete(key, only_if=marker.etag)
