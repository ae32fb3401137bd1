"""Documents: small mutable objects, created only where absent and changed only by If-Match.

session.json and agent.json keep the fields that Strands writes; ours stand in `s3sessions`. A
document is never needed to read messages: a missing or corrupt one costs a warning, not a session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from s3sessions.codec import STAMP, load_document
from s3sessions.dao.fields import check_fields
from s3sessions.dao.scope import Scope
from s3sessions.errors import (
    Conflict,
    CorruptObject,
    InvalidSettings,
    NotFound,
    PreconditionFailed,
    SessionDeleted,
    SessionUnfinished,
    UnsupportedVersion,
)
from s3sessions.keys import SessionKeys
from s3sessions.ports import ABSENT
from s3sessions.record import Record
from s3sessions.values import decode_value, dump

AGENT_LIVES: Final = "agent_lives"
"""Field of session.json: by agent id, the last deletion of that agent that ended."""

Life: TypeAlias = tuple[Any, ...]
"""What tells one life of a session's id from another: its own id, and when it began; of an agent's
history also by which deletion its last life ended."""


class Document(Record):
    """A document as it was read.

    Attributes:
        body: its fields, as far as it could be read.
        etag: of the version that was read.
        corrupt: why it, or a field of it, could not be read. It is not to be changed then.
    """

    body: dict[str, Any]
    etag: str
    corrupt: CorruptObject | UnsupportedVersion | None = None

    @property
    def stamp(self) -> dict[str, Any]:
        """Our own fields in it."""
        stamp: dict[str, Any] = self.body.get(STAMP, {})
        return stamp

    def part(self, name: str) -> dict[str, Any]:
        """An object among our own fields; empty where there is none or it is something else."""
        part = self.stamp.get(name)
        return part if isinstance(part, dict) else {}

    def text(self, name: str) -> str | None:
        """A text among our own fields; None where there is none or it is something else."""
        text = self.stamp.get(name)
        return text if isinstance(text, str) else None


def decode_part(part: Any) -> dict[str, Any]:
    """Decode a user's object in a document; empty where something else stands there."""
    decoded = decode_field(part)
    return decoded if isinstance(decoded, dict) else {}


def decode_field(value: Any) -> Any:
    """Decode a value in a document; one with a damaged marker stays as it stands there."""
    try:
        return decode_value(value)
    except (ValueError, RecursionError):
        return value


async def read_document(scope: Scope, key: str) -> Document | None:
    """Read a document; None where there is none. Requests: 1 GET."""
    try:
        blob = await scope.store.get(key)
    except NotFound:
        return None
    body: dict[str, Any] = {}
    try:
        body = load_document(key, blob.data)
        place = scope.root.parse(key)
        if place is not None:
            check_fields(key, place.kind, body, blob.data)
    except (CorruptObject, UnsupportedVersion) as error:
        scope.warn_of(error)
        return Document(body, blob.etag, error)
    return Document(body, blob.etag)


async def read_session_document(scope: Scope, session: SessionKeys) -> Document | None:
    """Read session.json. Requests: 1 GET."""
    return await read_document(scope, session.document)


def check_time(name: str, moment: datetime | None) -> None:
    """Raise InvalidSettings for a time that means another moment on every machine."""
    if moment is not None and moment.tzinfo is None:
        raise InvalidSettings(f"{name}={moment.isoformat()} has no time zone: give it one (UTC)")


async def create_document(scope: Scope, key: str, body: Mapping[str, Any]) -> Document | None:
    """Create a document; None where there is one already. Requests: 1 PUT."""
    try:
        return Document(dict(body), await scope.put(key, dump(body), ABSENT))
    except PreconditionFailed:
        return None


async def change_document(
    scope: Scope,
    key: str,
    start: Document | None,
    change: Callable[[Document | None], Mapping[str, Any] | None],
) -> Document | None:
    """Change a document until it is done on the version that is there.

    Args:
        scope: where.
        key: of the document.
        start: the version that is known, None where there is none; tried first, without a GET.
        change: gives the whole new body for what is there (None: no document), or None to leave
            it; it is called again for each version met, so it must mean the same on each.

    Returns:
        The document as it is now; None where `change` left a missing one alone.

    Raises:
        Conflict: others changed it each time, `attempts` times.
        CorruptObject, UnsupportedVersion: what is there cannot be read and so not be changed.
    """
    current = start
    for attempt in range(scope.settings.attempts):
        if current is not None and current.corrupt is not None:
            raise current.corrupt
        body = change(current)
        if body is None:
            return current
        try:
            only_if = ABSENT if current is None else current.etag
            return Document(dict(body), await scope.put(key, dump(body), only_if))
        except PreconditionFailed:
            if attempt:
                await scope.pause(attempt)
            current = await read_document(scope, key)
    raise Conflict(
        f"document changed under each of {scope.settings.attempts} tries: try again", key=key
    )


def check_not_deleted(document: Document | None, key: str, agent_id: str | None = None) -> None:
    """Raise where session.json says that the session is not there, or not any more.

    Raises:
        SessionDeleted: the session, or this agent of it, is marked as deleted.
        SessionUnfinished: a fork has not made all of it yet.
    """
    if document is None:
        return
    if document.stamp.get("deleted_at"):
        raise SessionDeleted(
            "session is being deleted: run the deletion again to finish it, then open it anew",
            key=key,
        )
    if agent_id is not None and agent_id in document.part("deleted_agents"):
        raise SessionDeleted(
            f"agent {agent_id!r} is being deleted: run the deletion again to finish it", key=key
        )
    check_finished(document, key)


def check_finished(document: Document | None, key: str) -> None:
    """Raise SessionUnfinished where a fork has not made the whole session yet."""
    if document is not None and document.stamp.get("unfinished"):
        raise SessionUnfinished(
            "session is being made by a fork that has not ended: fork again with the same id, or "
            "delete it",
            key=key,
        )


def check_writable(document: Document | None, key: str, agent_id: str) -> None:
    """Raise where nothing is to be written: SessionDeleted, or UnsupportedVersion."""
    check_not_deleted(document, key, agent_id)
    if document is not None and isinstance(document.corrupt, UnsupportedVersion):
        raise document.corrupt


def life_of(document: Document | None) -> Life | None:
    """Give what stays the same as long as a session.json lives; Strands' own have no id of it."""
    if document is None or document.corrupt is not None:
        return None
    life = (document.stamp.get("life"), document.body.get("created_at"))
    return None if life == (None, None) else life


def life_of_agent(document: Document | None, agent_id: str) -> Life | None:
    """Give what stays the same as long as an agent of the session lives."""
    life = life_of(document)
    if life is None or document is None:
        return None
    return *life, document.part(AGENT_LIVES).get(agent_id)
