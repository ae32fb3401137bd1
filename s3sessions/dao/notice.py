"""Notice: what a prune says in session.json before it marks a session as deleted.

A session that was looked at and found old may be spoken in before its deletion is marked. So the
prune gives notice first, then lists the session once more, and marks it only if nobody has spoken
and its notice still stands. A notice hides nothing and locks nobody out: whoever is about to write
and reads it takes it away, and then the mark's If-Match fails. One that a killed prune has left
behind means nothing more.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.dao.documents import (
    Document,
    change_document,
    check_not_deleted,
    life_of,
)
from s3sessions.dao.scope import Scope
from s3sessions.errors import CorruptObject, StoreUnavailable
from s3sessions.keys import SessionKeys
from s3sessions.log import INFO, emit
from s3sessions.values import format_time

_NOTICE = "notice"


def notice_of(document: Document | None) -> dict[str, Any]:
    """Give the notice that stands in a session.json; empty without one."""
    return {} if document is None else document.part(_NOTICE)


def with_notice(scope: Scope, body: dict[str, Any], notice_id: str) -> dict[str, Any]:
    """Give the same session.json with a notice."""
    notice = {"id": notice_id, "at": format_time(scope.now())}
    return {**body, STAMP: {"v": FORMAT_VERSION, **body.get(STAMP, {}), _NOTICE: notice}}


async def lift(
    scope: Scope, session: SessionKeys, document: Document | None, agent_id: str | None = None
) -> Document | None:
    """Take away the notice that a writer has met, before it writes.

    Requests: none where there is none; else 1 PUT, and 1 GET and 1 PUT where it changed since.

    Returns:
        session.json as it is now; what was given where there is no notice.

    Raises:
        SessionDeleted: the prune was faster, or the agent is being deleted.
        StoreUnavailable: the session of the notice is gone, so that the look is to be taken again.
        UnsupportedVersion: a newer version has written session.json since.
        Conflict: others changed it under each of `attempts` tries.
    """
    if document is None or not notice_of(document) or document.corrupt is not None:
        return document
    lifted = await take_away(scope, session, document, agent_id)
    if lifted is None or life_of(lifted) != life_of(document):
        raise StoreUnavailable(
            "session was deleted behind a notice while somebody was about to write: try again",
            key=session.document,
        )
    emit(INFO, "notice_lifted", session=session.session_id)
    return lifted


async def take_away(
    scope: Scope, session: SessionKeys, document: Document, agent_id: str | None = None
) -> Document | None:
    """Write session.json without a notice; give what is there then.

    Raises:
        SessionDeleted, UnsupportedVersion, Conflict: as `lift`.
    """

    def without(there: Document | None) -> dict[str, Any] | None:
        check_not_deleted(there, session.document, agent_id)
        return None if there is None or not notice_of(there) else _without_notice(there)

    # One that was damaged since is not the version that the prune would mark.
    with suppress(CorruptObject):
        return await change_document(scope, session.document, document, without)
    return document


def _without_notice(document: Document) -> dict[str, Any]:
    stamp = {name: value for name, value in document.stamp.items() if name != _NOTICE}
    return {**document.body, STAMP: stamp}
