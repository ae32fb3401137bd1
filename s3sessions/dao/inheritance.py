"""Inheritance: what a fork takes over from its parent, field by field.

Everything here is made of what was read and of nothing else (no clock, no new id), so that a fork
that is run again writes the same bytes. Each object names the life of the child that it was written
for: another fork, to a child with the same id, does not take it for its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.dao.details import TEXTS
from s3sessions.dao.documents import Document
from s3sessions.dao.origin import FORK
from s3sessions.models import Message
from s3sessions.values import dumps, encode_value, format_time

_INHERITED: Final = (*TEXTS, "tags", "metadata")
_TIMES: Final = frozenset({"created_at", "updated_at"})
_CONVERSATION: Final = "conversation_manager_state"
_REMOVED: Final = "removed_message_count"


def with_inherited(
    body: Mapping[str, Any], parent: Document, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Add to a new session.json what its parent's says and nobody has said otherwise."""
    taken = {
        name: parent.stamp[name]
        for name in _INHERITED
        if name in parent.stamp and name not in given and name not in body[STAMP]
    }
    return {**body, STAMP: {**body[STAMP], **taken}}


def message_body(message: Message, index: int, life: str) -> bytes:
    """Give the object of a message at the index where it stands in this life of the child.

    What was said, when and by which write, stays; what was used was used in the parent, and a batch
    has long become visible there.
    """
    ours = {
        "write_id": message.write_id,
        "status": message.status,
        "redacted_at": format_time(message.redacted_at),
    }
    kept = {name: value for name, value in ours.items() if value is not None}
    document = {
        "message": encode_value(message.payload),
        **message.extra,
        "message_id": index,
        "redact_message": None,
        "created_at": format_time(message.created_at),
        "updated_at": format_time(message.updated_at),
        STAMP: {**message.stamp, **kept, FORK: life, "v": FORMAT_VERSION},
    }
    return dumps(document).encode()


def removed_before(document: Document | None) -> int:
    """Give the index before which Strands' conversation manager reads no message; 0 without one."""
    state = None if document is None else document.body.get(_CONVERSATION)
    removed = state.get(_REMOVED) if isinstance(state, dict) else None
    return removed if isinstance(removed, int) and not isinstance(removed, bool) else 0


def new_agent_body(body: Mapping[str, Any], life: str) -> dict[str, Any]:
    """Give the agent.json of an agent that begins in the child."""
    return {**body, STAMP: {**body[STAMP], FORK: life}}


def agent_document_body(document: Document, life: str, *, removed: int) -> dict[str, Any]:
    """Give the agent.json of the child; `removed` counts among the child's own messages."""
    body = {**document.body, STAMP: {**document.stamp, FORK: life, "v": FORMAT_VERSION}}
    if removed_before(document):
        body[_CONVERSATION] = {**body[_CONVERSATION], _REMOVED: removed}
    return body


def say_the_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two documents agree in all but their times."""
    return _timeless(one) == _timeless(other)


def _timeless(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _TIMES}
