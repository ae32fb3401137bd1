"""Our own field of a line: what of it has to be as an export writes it."""

from __future__ import annotations

from typing import Any, Final

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.dao.details import checked_tags
from s3sessions.dao.titles import LONGEST_TITLE, one_line
from s3sessions.errors import InvalidMessage, InvalidSettings, UnsupportedVersion

__all__ = ["SESSION_FIELDS", "take_stamp"]

SESSION_FIELDS: Final = ("title", "user", "model", "source", "parent", "tags", "metadata")
"""What a line says of the session."""

_SESSION_TYPES: Final = {"metadata": dict, "tags": list}
_STAMP_TYPES: Final = {
    "created_at": list,
    "metadata": dict,
    "session": dict,
    "usage": list,
    "usage_total": dict,
    "summary": str,
}


def take_stamp(fields: dict[str, Any], messages: int) -> dict[str, Any]:
    """Take our own field out of a line that has so many messages.

    Raises:
        InvalidMessage: it is not what an export writes; the text says what of it.
        UnsupportedVersion: a newer version exported the line.
    """
    found = fields.pop(STAMP)
    stamp: dict[str, Any] = found if isinstance(found, dict) else {}
    version = stamp.get("v")
    if not isinstance(version, int):
        raise InvalidMessage(f"the field {STAMP!r} is not what an export writes: remove it")
    if version > FORMAT_VERSION:
        raise UnsupportedVersion(
            f"line has format version {version}, this version reads up to {FORMAT_VERSION}: "
            "upgrade s3sessions"
        )
    for name, kind in _STAMP_TYPES.items():
        if name in stamp and not isinstance(stamp[name], kind):
            raise InvalidMessage(f"{STAMP}.{name} is not what an export writes: remove it")
    for name in ("created_at", "usage"):
        if len(stamp.get(name, ())) not in (0, messages):
            raise InvalidMessage(f"{STAMP}.{name} has not one entry for each message: remove it")
    state = fields.get("state")
    if state is not None and not isinstance(state, dict):
        raise InvalidMessage(f"the field 'state' is no object: {type(state).__name__}")
    _check_session(stamp.get("session", {}))
    return stamp


def _check_session(session: dict[str, Any]) -> None:
    for name, value in session.items():
        kind = _SESSION_TYPES.get(name, str)
        if name not in SESSION_FIELDS or not isinstance(value, kind):
            raise InvalidMessage(f"{STAMP}.session.{name} is not what an export writes: remove it")
    title = one_line(session.get("title", ""))
    if len(title) > LONGEST_TITLE:
        # Titles were longer once; the conversation is worth more than the end of its title.
        session["title"] = title[:LONGEST_TITLE]
    try:
        checked_tags(session.get("tags"))
    except InvalidSettings as error:
        raise InvalidMessage(f"{STAMP}.session: {error.message}", cause=error) from error
