"""Sessions of picoclaw: one JSON file each, or JSON Lines beside a `.meta.json`.

The key stands in the file; its name has lost what no file name can hold. Messages are OpenAI's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from s3sessions.errors import InvalidMessage
from s3sessions.export.conversation import DEFAULT_AGENT, Conversation
from s3sessions.migration.foreign import (
    Damage,
    ForeignSession,
    begun_at,
    moment,
    without,
)
from s3sessions.migration.records import Records

__all__ = ["META", "is_session", "read_document", "read_lines"]

META: Final = ".meta.json"
_SOURCE: Final = "picoclaw"


def is_session(document: Mapping[str, Any]) -> bool:
    """Tell a session from another JSON object."""
    is_theirs = isinstance(document.get("key"), str) and "session_id" not in document
    return is_theirs and isinstance(document.get("messages", ""), list | None)


def read_document(document: Mapping[str, Any]) -> ForeignSession:
    """Read a session of one JSON file. Raises InvalidMessage."""
    if not is_session(document):
        raise InvalidMessage("file is no session of picoclaw: no `key`, or no list of `messages`")
    messages = document["messages"] or []
    if not all(isinstance(message, dict) for message in messages):
        raise InvalidMessage("file is no session of picoclaw: a message is no object")
    times = {"created_at": document.get("created"), "updated_at": document.get("updated")}
    rest = without(document, "key", "messages", "summary", "created", "updated")
    meta = {**times, **rest, "key": document["key"], "summary": document.get("summary")}
    return _session(meta, messages)


def read_lines(path: Path, meta: Mapping[str, Any]) -> ForeignSession:
    """Read a session of JSON Lines; the first `skip` lines are hidden there and are left out.

    Args:
        path: of the lines.
        meta: what the file beside it says.

    Raises:
        InvalidMessage: the meta file has no key.
        UnreadableFile: the lines cannot be read.
    """
    if not isinstance(meta.get("key"), str):
        raise InvalidMessage(f"no `key` in {path.stem}{META}: is it a session of picoclaw?")
    skip = meta.get("skip")
    records = Records(path)
    messages = list(records.after(skip if isinstance(skip, int) else 0))
    return _session(meta, messages, records.damaged)


def _session(
    meta: Mapping[str, Any], messages: list[dict[str, Any]], damaged: Sequence[Damage] = ()
) -> ForeignSession:
    updated_at = moment(meta.get("updated_at"))
    # Of a message that has no time of its own it is the latest that it can have been made at.
    times = [moment(message.get("created_at")) or updated_at for message in messages]
    created_at = moment(meta.get("created_at")) or begun_at(times)
    ours = ("key", "summary", "skip", "count", "created_at", "updated_at")
    details = {"source": _SOURCE, "metadata": without(meta, *ours)}
    summary = meta.get("summary")
    conversation = Conversation(
        meta["key"],
        DEFAULT_AGENT,
        messages,
        times,
        created_at,
        session=details,
        summary=summary if isinstance(summary, str) else None,
    )
    return ForeignSession(
        meta["key"], [conversation], created_at=created_at, details=details, damaged=damaged
    )
