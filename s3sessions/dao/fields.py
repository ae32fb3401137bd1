"""Which fields a document must have for being what its key says, and of which kind.

A document of which a field is not what it should be is reported, used as far as it goes, and never
written again: a change would make of the damage what somebody meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from s3sessions.codec import STAMP
from s3sessions.errors import CorruptObject, InvalidMessage
from s3sessions.keys import Kind
from s3sessions.usage import check_usage
from s3sessions.values import MARKER, decode_value, dump

_ID: Final = {Kind.SESSION: "session_id", Kind.AGENT: "agent_id"}
_THEIRS: Final[Mapping[Kind, Mapping[str, type]]] = {Kind.AGENT: {"state": dict}}
_OURS: Final[Mapping[Kind, Mapping[str, type]]] = {
    Kind.SESSION: {
        **dict.fromkeys(("title", "user", "model", "source", "parent", "deleted_at"), str),
        **dict.fromkeys(("ended_at", "end_reason"), str),
        "tags": list,
        "metadata": dict,
        "deleted_agents": dict,
        "agent_lives": dict,
        "fork": dict,
        "unfinished": dict,
    },
    Kind.AGENT: {"metadata": dict},
}
# What Python's reader of JSON takes and no writer of JSON may write: NaN, lone surrogates.
_UNLIKE_JSON: Final = re.compile(rb"NaN|Infinity|\\u[dD]")


def check_fields(key: str, kind: Kind, body: Mapping[str, Any], data: bytes) -> None:
    """Check what stands under the key of a session's or an agent's document, read from `data`.

    Raises:
        CorruptObject: it is another kind of object, or a field of it is of another kind.
    """
    if kind is Kind.HISTORY:
        _check_beginning(key, body)
    if kind not in _ID:
        return
    if not isinstance(body.get(_ID[kind]), str):
        raise CorruptObject(f"no {kind} document: the field {_ID[kind]!r} is not text", key=key)
    ours = body.get(STAMP, {})
    _check_kinds(key, _THEIRS.get(kind, {}), body)
    _check_kinds(key, _OURS[kind], ours)
    # Encoding or decoding everything again to no end would double what a large state costs.
    if MARKER.encode() in data:
        _check_decodes(key, [body.get("state"), ours.get("metadata")])
    if _UNLIKE_JSON.search(data):
        _check_encodes(key, body)


def _check_kinds(key: str, kinds: Mapping[str, type], fields: Mapping[str, Any]) -> None:
    for name, kind in kinds.items():
        value = fields.get(name)
        if value is not None and not isinstance(value, kind):
            raise CorruptObject(f"the field {name!r} is of the wrong kind", key=key)


def _check_beginning(key: str, body: Mapping[str, Any]) -> None:
    replaced_by, summary = body.get("replaced_by"), body.get("summary")
    is_one = _is_index(body.get("first")) and isinstance(replaced_by, str | None)
    if not is_one or not (summary is None or _is_summary(summary)):
        raise CorruptObject("no history document: it does not say where it begins", key=key)
    try:
        check_usage(body.get("usage") or {})
    except InvalidMessage as error:
        raise CorruptObject("the field 'usage' is not numbers by name", key=key) from error


def _is_index(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_summary(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    return isinstance(value.get("text"), str) and _is_index(value.get("covers_to"))


def _check_decodes(key: str, parts: Sequence[Any]) -> None:
    try:
        decode_value(list(parts))
    except (ValueError, RecursionError) as error:
        raise CorruptObject("encoded bytes are no base64", key=key, cause=error) from error


def _check_encodes(key: str, body: Mapping[str, Any]) -> None:
    try:
        dump(body)
    except InvalidMessage as error:
        raise CorruptObject("document holds what JSON cannot", key=key, cause=error) from error
