"""agent.json: what a new one holds, and which of its fields callers give and get.

Strands reads and writes fields in it, and so may whoever integrates another framework. A field of
theirs is one JSON value, replaced whole; the state alone is merged key by key. The names that every
agent.json has are nobody's to give.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.dao.details import Details
from s3sessions.dao.documents import Document, decode_field
from s3sessions.dao.scope import Scope
from s3sessions.errors import InvalidMessage, InvalidSettings
from s3sessions.keys import AgentKeys
from s3sessions.values import MARKER, dump, encode_value, format_time

_STATE: Final = "state"
_RESERVED: Final = frozenset({"agent_id", _STATE, "created_at", "updated_at", STAMP})


def agent_body(scope: Scope, agent: AgentKeys, details: Details) -> dict[str, Any]:
    """Make a new agent.json as Strands would for its default conversation manager.

    What `agent_fields` of the details gives stands over that.

    Raises:
        InvalidSettings: it gives no mapping, or a field that is not its own.
        InvalidMessage: JSON cannot hold what it gives, or the state is no JSON object.
    """
    state, fields = _given(details)
    created = format_time(scope.now())
    metadata = encode_value(dict(details.agent_metadata))
    return {
        "agent_id": agent.agent_id,
        _STATE: state,
        # Strands refuses to restore an agent whose conversation manager is not named here.
        "conversation_manager_state": {
            "__name__": "SlidingWindowConversationManager",
            "removed_message_count": 0,
        },
        "_internal_state": {},
        **fields,
        "created_at": created,
        "updated_at": created,
        STAMP: {"v": FORMAT_VERSION, **({"metadata": metadata} if metadata else {})},
    }


def _given(details: Details) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ask the caller for the state and the fields to begin with; both are encoded."""
    given = {} if details.agent_fields is None else details.agent_fields()
    _check_mapping("agent_fields", given)
    state = given.get(_STATE, {})
    if not isinstance(state, Mapping):
        raise InvalidMessage(f"state is of type {type(state).__name__}: give a JSON object")
    encoded = {_STATE: encode_value(dict(state), what=_STATE)}
    dump(encoded)
    fields = {name: value for name, value in given.items() if name != _STATE}
    return encoded[_STATE], encode_fields(fields, "agent_fields")


def encode_fields(fields: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Check fields that a caller gives, and encode their values.

    Args:
        fields: by name.
        what: how an error calls them.

    Raises:
        InvalidSettings: no mapping, or one of the names is not the caller's to give.
        InvalidMessage: JSON cannot hold a value unaltered.
    """
    _check_mapping(what, fields)
    for name in fields:
        # Strands would take the document for encoded bytes.
        if name in _RESERVED or str(name).startswith(MARKER):
            raise InvalidSettings(f"{what} gives {name!r}, which is reserved: take another name")
    encoded: dict[str, Any] = encode_value(dict(fields), what=what)
    dump(encoded)
    return encoded


def _check_mapping(what: str, given: object) -> None:
    if not isinstance(given, Mapping):
        raise InvalidSettings(f"{what} must give a mapping, not {type(given).__name__}")


def fields_of(document: Document | None) -> dict[str, Any]:
    """Give the fields of an agent.json as far as it could be read, decoded; not our own part."""
    body = {} if document is None else document.body
    return {name: decode_field(value) for name, value in body.items() if name != STAMP}
