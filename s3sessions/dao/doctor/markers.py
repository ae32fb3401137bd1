"""Markers of children: one of a child that is gone is listed as a fork by `children`."""

from __future__ import annotations

from functools import partial

from s3sessions.dao.doctor.case import Case, Patient
from s3sessions.dao.doctor.repairs import delete_version
from s3sessions.dao.documents import Document, read_session_document
from s3sessions.dao.scope import Scope
from s3sessions.errors import InvalidId
from s3sessions.health import FindingKind
from s3sessions.keys import Place
from s3sessions.ports import Entry


async def marker_case(scope: Scope, place: Place, entry: Entry, marker: Document) -> Case | None:
    """Give a case for a marker whose child is gone. Requests: 1 GET, and 1 LIST if it may be."""
    if place.child_id is None or not await _is_gone(scope, place.child_id):
        return None
    return Patient(place.session_id).case(
        FindingKind.STALE_MARKER,
        entry.key,
        f"session {place.child_id!r} is listed as forked off this one and is not there: it was "
        "deleted by other means, or while it was made",
        "the marker is deleted, if nobody has forked under that id again",
        partial(delete_version, scope, entry.key, marker.etag),
    )


async def _is_gone(scope: Scope, child_id: str) -> bool:
    try:
        child = scope.root.session(child_id)
    except InvalidId:
        return True
    if await read_session_document(scope, child) is not None:
        return False
    return not (await scope.store.list(child.prefix, limit=1)).entries
