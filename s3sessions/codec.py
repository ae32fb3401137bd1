"""Messages and documents to bytes and back: compact UTF-8 JSON that never alters a payload.

A message object keeps the fields that Strands writes (`message`, `message_id`, `redact_message`,
`created_at`, `updated_at`) and adds one, `s3sessions`, which Strands ignores. `bytes` become
Strands' marker `{"__bytes_encoded__": true, "data": "<base64>"}`; a user's own dict that looks
like the marker is escaped by a `~` behind the key and comes back as it was. What JSON cannot hold
is refused before it is written.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from s3sessions.errors import CorruptObject, InvalidMessage, UnsupportedVersion
from s3sessions.models import Message

__all__ = [
    "FORMAT_VERSION",
    "STAMP",
    "VOID",
    "Draft",
    "decode_message",
    "decode_value",
    "dump",
    "encode_value",
    "format_time",
    "load_document",
    "parse_time",
]

FORMAT_VERSION: Final = 1
STAMP: Final = "s3sessions"
VOID: Final = "void"
"""The status of a message that readers do not see."""

_MARKER: Final = "__bytes_encoded__"
_ESCAPED_MARKER: Final = _MARKER + "~"
_MAX_DEPTH: Final = 200
_FIELDS: Final = frozenset(
    {"message", "message_id", "redact_message", "created_at", "updated_at", STAMP}
)


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
        return {_MARKER: True, "data": base64.b64encode(value).decode("ascii")}
    raise InvalidMessage(
        f"{path} is of type {type(value).__name__}, which JSON cannot hold unaltered: "
        "use dict, list, str, int, float, bool, None or bytes"
    )


def _encode_dict(value: dict[Any, Any], path: str, depth: int) -> dict[str, Any]:
    looks_like_marker = value.get(_MARKER) is True and "data" in value
    encoded = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise InvalidMessage(f"{path} has the key {key!r}: keys of a JSON object are strings")
        name = str(key)
        if name.startswith(_ESCAPED_MARKER) or (looks_like_marker and name == _MARKER):
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
        return base64.b64decode(value["data"], validate=True)
    return {
        key.removesuffix("~") if key.startswith(_ESCAPED_MARKER) else key: decode_value(item)
        for key, item in value.items()
    }


def _decode_foreign(value: Any) -> Any:
    """Decode a payload that another writer of the format stored: it escapes nothing.

    So a dict that only looks like the marker (no base64) is what a user or a tool wrote.
    """
    if isinstance(value, list):
        return [_decode_foreign(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _is_marker(value):
        try:
            return base64.b64decode(value["data"], validate=True)
        except binascii.Error:
            return value
    return {key: _decode_foreign(item) for key, item in value.items()}


def _is_marker(value: dict[str, Any]) -> bool:
    return len(value) == 2 and value.get(_MARKER) is True and isinstance(value.get("data"), str)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message on its way to its index: encoded once, however often its index changes."""

    payload: dict[str, Any]
    body: str
    write_id: str
    created_at: datetime

    @classmethod
    def of(
        cls, payload: Mapping[str, Any], *, write_id: str, created_at: datetime, limit: int
    ) -> Draft:
        """Check and encode a payload.

        Raises:
            InvalidMessage: no JSON object, not representable, or over `limit` bytes.
        """
        if not isinstance(payload, Mapping):
            raise InvalidMessage(
                f"a message is a mapping, as in {{'role': 'user', 'content': …}}, "
                f"not {type(payload).__name__}"
            )
        plain = dict(payload)
        body = _dumps(encode_value(plain))
        draft = cls(plain, body, write_id, created_at)
        size = len(draft.at(0))
        if size > limit:
            raise InvalidMessage(
                f"message is {size:,} bytes, the limit is {limit:,}: store large content "
                "elsewhere and keep a reference, or raise max_message_bytes"
            )
        return draft

    def at(self, index: int, *, now: datetime | None = None, status: str | None = None) -> bytes:
        """Give the bytes of the object for this index."""
        stamp: dict[str, Any] = {"v": FORMAT_VERSION, "write_id": self.write_id}
        if status is not None:
            stamp["status"] = status
        tail = {
            "message_id": index,
            "redact_message": None,
            "created_at": format_time(self.created_at),
            "updated_at": format_time(now or self.created_at),
            STAMP: stamp,
        }
        # Joined as text, so that a payload of megabytes is encoded once and not once a try.
        return f'{{"message":{self.body},{_dumps(tail)[1:]}'.encode()

    def message(self, index: int) -> Message:
        """Give the value that the caller gets for this index."""
        return Message(
            index=index,
            payload=self.payload,
            write_id=self.write_id,
            created_at=self.created_at,
            updated_at=self.created_at,
        )


def _dumps(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidMessage("payload has a lone surrogate: not valid Unicode") from error
    except (ValueError, RecursionError) as error:
        raise InvalidMessage("payload cannot be written as JSON", cause=error) from error
    return text


def decode_message(key: str, index: int, data: bytes) -> Message:
    """Decode the object under a message's key.

    Raises:
        CorruptObject: no JSON, not a message, or one of another index.
        UnsupportedVersion: written by a newer version.
    """
    document = load_document(key, data)
    payload = document.get("redact_message") or document.get("message")
    if not isinstance(payload, dict):
        raise CorruptObject("no message: the field 'message' is not an object", key=key)
    if document.get("message_id", index) != index:
        raise CorruptObject(f"message_id={document['message_id']!r} is not its key's", key=key)
    stamp = document.get(STAMP, {})
    return Message(
        index=index,
        payload=_decode_payload(key, payload, data, stamped=STAMP in document),
        write_id=stamp.get("write_id"),
        created_at=parse_time(document.get("created_at")),
        updated_at=parse_time(document.get("updated_at")),
        status=stamp.get("status"),
        extra={name: value for name, value in document.items() if name not in _FIELDS},
        stamp={
            name: value for name, value in stamp.items() if name not in ("v", "write_id", "status")
        },
    )


def _decode_payload(
    key: str, payload: dict[str, Any], data: bytes, *, stamped: bool
) -> dict[str, Any]:
    if _MARKER.encode() not in data:
        return payload
    try:
        decoded: dict[str, Any] = (decode_value if stamped else _decode_foreign)(payload)
    except (ValueError, RecursionError) as error:
        raise CorruptObject("encoded bytes are no base64", key=key, cause=error) from error
    return decoded


def load_document(key: str, data: bytes) -> dict[str, Any]:
    """Read a JSON object and check that this version may read it.

    Raises:
        CorruptObject: empty, truncated, no JSON, or JSON of another kind.
        UnsupportedVersion: written by a newer version.
    """
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        what = "object is empty" if not data else "object is not JSON"
        raise CorruptObject(what, key=key, cause=error) from error
    if not isinstance(document, dict):
        raise CorruptObject(f"object is JSON, but no object: {type(document).__name__}", key=key)
    _check_version(key, document.get(STAMP, {}))
    return document


def _check_version(key: str, stamp: Any) -> None:
    if not isinstance(stamp, dict):
        raise CorruptObject(f"the field {STAMP!r} is not an object", key=key)
    version = stamp.get("v", FORMAT_VERSION)
    if not isinstance(version, int):
        raise CorruptObject(f"format version {version!r} is not a number", key=key)
    if version > FORMAT_VERSION:
        raise UnsupportedVersion(
            f"object has format version {version}, this version reads up to {FORMAT_VERSION}: "
            "upgrade s3sessions",
            key=key,
        )


def dump(document: Mapping[str, Any]) -> bytes:
    """Write a JSON object. Raises InvalidMessage for what JSON cannot hold."""
    return _dumps(document).encode()


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
