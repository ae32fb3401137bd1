"""Session files of coding agents: the whole session as one JSON file, with a version.

`{"version": 1, "session_id", "created_at", "updated_at", "model", "workspace_root", "messages",
"token_usage"}`; the token usage is that of the whole session, and stands on its last message.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from s3sessions.codec import STAMP
from s3sessions.errors import InvalidMessage, UnsupportedVersion
from s3sessions.export.conversation import DEFAULT_AGENT, Conversation
from s3sessions.migration.foreign import ForeignSession, moment, text_of, without
from s3sessions.usage import check_usage

__all__ = ["is_session", "read_document"]

_VERSION: Final = 1
_SIGNS: Final = frozenset({"version", "workspace_root", "token_usage"})


def is_session(document: Mapping[str, Any]) -> bool:
    """Tell a session from another JSON object."""
    has_fields = {"session_id", "messages"} <= document.keys() and STAMP not in document
    return has_fields and not _SIGNS.isdisjoint(document)


def read_document(document: Mapping[str, Any]) -> ForeignSession:
    """Read a session.

    Raises:
        InvalidMessage: it is none.
        UnsupportedVersion: of a version that is not known here.
    """
    version = document.get("version", _VERSION)
    if version != _VERSION or isinstance(version, bool):
        raise UnsupportedVersion(
            f"session file has version {version!r}, only version {_VERSION} is known"
        )
    session_id, messages = document.get("session_id"), document.get("messages")
    if not isinstance(session_id, str) or not isinstance(messages, list):
        raise InvalidMessage("file is no session: no `session_id`, or no list of `messages`")
    if not all(isinstance(message, dict) for message in messages):
        raise InvalidMessage("file is no session: a message is no object")
    created_at, updated_at = _time(document, "created_at"), _time(document, "updated_at")
    usage, rest = _usage(document), {}
    if usage is None:
        rest = without({"token_usage": document.get("token_usage")})
    ours = ("version", "session_id", "created_at", "updated_at", "model", "messages", "token_usage")
    details = {
        "model": text_of(document.get("model")),
        "metadata": {**without(document, *ours), **rest},
    }
    conversation = Conversation(
        session_id,
        DEFAULT_AGENT,
        messages,
        # Messages have no times there: that of the last save is the latest they can be of.
        [updated_at] * len(messages),
        created_at,
        session=details,
        usage_total=usage,
    )
    return ForeignSession(session_id, [conversation], created_at=created_at, details=details)


def _time(document: Mapping[str, Any], name: str) -> datetime | None:
    value = document.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return moment(value)


def _usage(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the usage of the session; None where it is no usage as we count it."""
    usage = document.get("token_usage")
    if not isinstance(usage, Mapping):
        return None
    counted = {name: value for name, value in usage.items() if value is not None}
    try:
        check_usage(counted)
    except InvalidMessage:
        return None
    return counted or None
