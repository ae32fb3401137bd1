"""session.json: what a new one holds, what it says of the session, and how a verb changes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.dao.details import TEXTS, Details
from s3sessions.dao.documents import (
    Document,
    change_document,
    check_not_deleted,
    decode_part,
    read_session_document,
)
from s3sessions.dao.scope import Scope
from s3sessions.errors import SessionNotFound
from s3sessions.keys import SessionKeys
from s3sessions.values import encode_value, format_time, parse_time

if TYPE_CHECKING:
    from s3sessions.descriptions import SessionDescription

Stamp: TypeAlias = dict[str, Any]
"""Our own fields of a document, as they are stored."""

_UNKNOWN: Final = Document({}, "")


def session_body(scope: Scope, session: SessionKeys, details: Details) -> dict[str, Any]:
    """Make a new session.json: Strands' fields, and ours with the id of this life."""
    created = format_time(details.created_at or scope.now())
    ours: Stamp = {name: getattr(details, name) for name in TEXTS}
    ours["tags"] = list(details.tags) or None
    ours["metadata"] = encode_value(dict(details.metadata)) or None
    return {
        "session_id": session.session_id,
        "session_type": "AGENT",
        "created_at": created,
        "updated_at": created,
        STAMP: {
            "v": FORMAT_VERSION,
            "life": scope.new_id(),
            **{name: value for name, value in ours.items() if value is not None},
        },
    }


def description(session: SessionKeys, document: Document | None) -> SessionDescription:
    """Read what a session.json says of its session; nothing of one that is not there."""
    from s3sessions.dao.filters import tags_of
    from s3sessions.descriptions import SessionDescription

    said = document or _UNKNOWN
    return SessionDescription(
        id=session.session_id,
        created_at=parse_time(said.body.get("created_at")),
        title=said.text("title"),
        user=said.text("user"),
        model=said.text("model"),
        source=said.text("source"),
        parent=said.text("parent"),
        tags=tags_of(said),
        metadata=decode_part(said.part("metadata")),
        ended_at=parse_time(said.text("ended_at")),
        end_reason=said.text("end_reason"),
    )


async def change_session(
    scope: Scope, session: SessionKeys, change: Callable[[Stamp], Stamp]
) -> SessionDescription:
    """Change our own fields of a session.json, whatever version of it is there.

    Requests: 1 GET and 1 PUT; no PUT where nothing changes.

    Args:
        scope: where.
        session: whose.
        change: gives all fields for those that are there; called again for each version met.

    Raises:
        SessionNotFound: there is no session.json.
        SessionDeleted: the session is being deleted.
        CorruptObject, UnsupportedVersion: it cannot be read; it stays as it is.
        Conflict: others changed it under each of `attempts` tries.
    """

    def changed(document: Document | None) -> dict[str, Any] | None:
        if document is None:
            raise SessionNotFound(
                "session.json does not exist: nobody has spoken in this session, or the doctor is "
                "to write what is missing",
                key=session.document,
            )
        check_not_deleted(document, session.document)
        stamp = change(document.stamp)
        if stamp == document.stamp:
            return None
        return {
            **document.body,
            "updated_at": format_time(scope.now()),
            STAMP: {"v": FORMAT_VERSION, **stamp},
        }

    there = await read_session_document(scope, session)
    return description(session, await change_document(scope, session.document, there, changed))
