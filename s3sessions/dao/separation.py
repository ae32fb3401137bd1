"""Separation: what a deletion does to the parent and to the children of a session that goes.

The objects that say whom it concerns go last: a child's session.json keeps its parent until its
marker is gone, a marker stays until its child does without the parent. So a deletion that is killed
and run again finds what is still to be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, cast, get_args

from s3sessions.codec import STAMP
from s3sessions.dao.documents import Document, change_document, read_session_document
from s3sessions.dao.markers import children_in, drop_marker
from s3sessions.dao.origin import origin_of
from s3sessions.dao.scope import Scope
from s3sessions.errors import CorruptObject, InvalidId, UnsupportedVersion
from s3sessions.keys import SessionKeys
from s3sessions.models import ForkKind
from s3sessions.ports import Entry


async def release_children(scope: Scope, session: SessionKeys, listed: Sequence[Entry]) -> None:
    """Take the parent out of each child whose marker was listed.

    Requests: 1 GET for each child, and 1 PUT where it names the parent; none without children.

    Raises:
        Conflict: others changed a child's session.json under each try.
    """
    ids = dict.fromkeys(child.id for child in children_in(scope, list(listed)))
    await scope.store.fan_out([partial(_release, scope, session, child_id) for child_id in ids])


async def _release(scope: Scope, parent: SessionKeys, child_id: str) -> None:
    def change(there: Document | None) -> dict[str, Any] | None:
        if there is None or there.text("parent") != parent.session_id:
            return None
        stamp = {name: value for name, value in there.stamp.items() if name != "parent"}
        return {**there.body, STAMP: stamp}

    # What cannot be read names no parent, and what no key can hold is no session.
    with suppress(CorruptObject, UnsupportedVersion, InvalidId):
        child = scope.root.session(child_id)
        await change_document(
            scope, child.document, await read_session_document(scope, child), change
        )


async def leave_parent(scope: Scope, session: SessionKeys, document: Document) -> None:
    """Take the marker of a session that goes from under its parent.

    Requests: 1 GET and 1 DELETE where session.json names the parent that it was forked off.
    """
    origin = origin_of(document)
    if origin is None or origin.parent is None or origin.kind not in get_args(ForkKind):
        return
    kind = cast(ForkKind, origin.kind)
    # An id that cannot stand there has no marker.
    with suppress(InvalidId):
        parent = scope.root.session(origin.parent)
        await drop_marker(scope, parent, kind, session.session_id, document.text("life"))
