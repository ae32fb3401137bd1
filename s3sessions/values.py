"""Payload values to what JSON holds and back, and times as text; nothing is ever altered.

`bytes` become Strands' marker `{"__bytes_encoded__": true, "data": "<base64>"}`; a user's own dict
that looks like the marker is escaped by a `~` behind the key and comes back as it was. What JSON
cannot hold is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from s3sessions.errors import InvalidMessage

__all__ = [
    "MARKER",
    "are_same",
    "decode_foreign",
    "decode_value",
    "dump",
    "dumps",
    "encode_value",
    "format_time",
    "parse_time",
]

MARKER: Final = "__bytes_encoded__"
"""What stands in the bytes of every object that holds encoded `bytes`."""

_ESCAPED_MARKER: Final = MARKER + "~"
_MAX_DEPTH: Final = 200


def encode_value(value: Any, *, what: str = "message") -> Any:
    """Turn a payload into what JSON holds: `bytes` into markers, look-alikes escaped.

    Args:
        value: a dict, list, str, int, float, bool, None or bytes, nested as you like.
        what: how an error calls it.

    Raises:
        InvalidMessage: something in it would not come back equal; the text names the place.
    """
    return _encode(value, what, 0)


def _encode(value: Any, path: str, depth: int) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidMessage(f"{path} is {value}: JSON has no such number")
        return value
    if depth >= _MAX_DEPTH:
        raise InvalidMessage(f"payload is nested deeper than {_MAX_DEPTH} levels (a cycle?)")
    if isinstance(value, dict):
        return _encode_dict(value, path, depth)
    if isinstance(value, list):
        return [_encode(item, f"{path}[{at}]", depth + 1) for at, item in enumerate(value)]
    if isinstance(value, bytes):
        return {MARKER: True, "data": _as_base64(value)}
    raise InvalidMessage(
        f"{path} is of type {type(value).__name__}, which JSON cannot hold unaltered: "
        "use dict, list, str, int, float, bool, None or bytes"
    )


def _encode_dict(value: dict[Any, Any], path: str, depth: int) -> dict[str, Any]:
    looks_like_marker = value.get(MARKER) is True and "data" in value
    encoded = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise InvalidMessage(f"{path} has the key {key!r}: keys of a JSON object are strings")
        name = str(key)
        if name.startswith(_ESCAPED_MARKER) or (looks_like_marker and name == MARKER):
            name += "~"
        encoded[name] = _encode(item, f"{path}.{key}", depth + 1)
    return encoded


def decode_value(value: Any) -> Any:
    """Undo `encode_value`.

    Raises:
        ValueError: a marker whose data is no base64.
    """
    if isinstance(value, list):
        return [decode_value(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _is_marker(value):
        return _from_base64(value["data"])
    return {
        key.removesuffix("~") if key.startswith(_ESCAPED_MARKER) else key: decode_value(item)
        for key, item in value.items()
    }


def decode_foreign(value: Any) -> Any:
    """Decode a payload that another writer of the format stored: it escapes nothing.

    So a dict that only looks like the marker (no base64) is what a user or a tool wrote.
    """
    if isinstance(value, list):
        return [decode_foreign(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _is_marker(value):
        try:
            return _from_base64(value["data"])
        except ValueError:
            return value
    return {key: decode_foreign(item) for key, item in value.items()}


def _is_marker(value: dict[str, Any]) -> bool:
    return len(value) == 2 and value.get(MARKER) is True and isinstance(value.get("data"), str)


def _as_base64(data: bytes) -> str:
    from base64 import b64encode  # few payloads have bytes in them

    return b64encode(data).decode("ascii")


def _from_base64(text: str) -> bytes:
    from base64 import b64decode

    return b64decode(text, validate=True)


def are_same(one: Any, other: Any) -> bool:
    """Tell whether two payloads are stored alike: to Python True is 1 and 1 is 1.0, to JSON not."""
    if one is other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(are_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(are_same, one, other))
    is_alike = all(isinstance(one, kind) == isinstance(other, kind) for kind in (bool, float))
    return is_alike and bool(one == other)


def dumps(value: Any) -> str:
    """Write compact JSON text. Raises InvalidMessage for what JSON cannot hold."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidMessage("payload has a lone surrogate: not valid Unicode") from error
    except (ValueError, RecursionError) as error:
        raise InvalidMessage("payload cannot be written as JSON", cause=error) from error
    return text


def dump(document: Mapping[str, Any]) -> bytes:
    """Write a JSON object. Raises InvalidMessage for what JSON cannot hold."""
    return dumps(document).encode()


def format_time(moment: datetime | None) -> str | None:
    """Write a time as Strands does: ISO 8601 in UTC with microseconds."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")


def parse_time(text: object) -> datetime | None:
    """Read a time of any ISO 8601 form, naive ones as UTC; None where it is none."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
