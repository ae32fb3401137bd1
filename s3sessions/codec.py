"""Messages and documents to bytes and back: compact UTF-8 JSON that never alters a payload.

A message object keeps the fields that Strands writes (`message`, `message_id`, `redact_message`,
`created_at`, `updated_at`) and adds one, `s3sessions`, which Strands ignores: the format version,
the write id and, where they apply, the batch, the status and the time of a redaction.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeGuard

from s3sessions.errors import CorruptObject, InvalidMessage, UnsupportedVersion
from s3sessions.keys import MAX_INDEX
from s3sessions.models import Batch, Message
from s3sessions.record import Record
from s3sessions.usage import Usage, check_usage, plain_usage
from s3sessions.values import (
    MARKER,
    decode_foreign,
    decode_value,
    dumps,
    encode_value,
    format_time,
    parse_time,
)

__all__ = [
    "FORMAT_VERSION",
    "PARTIAL",
    "STAMP",
    "VOID",
    "Draft",
    "batch_fields",
    "decode_message",
    "load_document",
    "usage_fields",
]

FORMAT_VERSION: Final = 1
STAMP: Final = "s3sessions"
VOID: Final = "void"
"""The status of a message that readers do not see."""

PARTIAL: Final = "partial"
"""The status of a message whose end is still to come."""

_FIELDS: Final = frozenset(
    {"message", "message_id", "redact_message", "created_at", "updated_at", STAMP}
)
_STAMPED: Final = frozenset(
    {"v", "write_id", "batch", "status", "redacted_at", "usage", "usage_total"}
)


class Draft(Record):
    """A message on its way to its index: encoded once, however often its index changes."""

    payload: dict[str, Any]
    body: str
    write_id: str
    created_at: datetime
    status: str | None = None
    usage: Usage | None = None
    usage_total: Usage | None = None

    @classmethod
    def of(
        cls,
        payload: Mapping[str, Any],
        *,
        write_id: str,
        created_at: datetime,
        limit: int,
        status: str | None = None,
        usage: Usage | None = None,
        usage_total: Usage | None = None,
    ) -> Draft:
        """Check and encode a payload.

        Raises:
            InvalidMessage: no JSON object, not representable, or over `limit` bytes; or a usage
                that is not numbers by name.
        """
        if not isinstance(payload, Mapping):
            raise InvalidMessage(
                f"a message is a mapping, as in {{'role': 'user', 'content': …}}, "
                f"not {type(payload).__name__}"
            )
        plain = dict(payload)
        body = dumps(encode_value(plain))
        usage, usage_total = _plain_usage("usage", usage), _plain_usage("usage_total", usage_total)
        draft = cls(plain, body, write_id, created_at, status, usage, usage_total)
        size = len(draft.at(0))
        if size > limit:
            raise InvalidMessage(
                f"message is {size:,} bytes, the limit is {limit:,}: store large content "
                "elsewhere and keep a reference, or raise max_message_bytes"
            )
        return draft

    def at(self, index: int, batch: Batch | None = None) -> bytes:
        """Give the bytes of the object for this index."""
        stamp: dict[str, Any] = {"v": FORMAT_VERSION, "write_id": self.write_id}
        if batch is not None:
            stamp["batch"] = batch_fields(batch)
        if self.status is not None:
            stamp["status"] = self.status
        stamp |= usage_fields(self.usage, self.usage_total)
        tail = {
            "message_id": index,
            "redact_message": None,
            "created_at": format_time(self.created_at),
            "updated_at": format_time(self.created_at),
            STAMP: stamp,
        }
        # Joined as text, so that a payload of megabytes is encoded once and not once a try.
        return f'{{"message":{self.body},{dumps(tail)[1:]}'.encode()

    def message(self, index: int, etag: str, batch: Batch | None = None) -> Message:
        """Give the value that the caller gets for this index."""
        return Message(
            index=index,
            payload=self.payload,
            write_id=self.write_id,
            created_at=self.created_at,
            updated_at=self.created_at,
            status=self.status,
            usage=self.usage,
            usage_total=self.usage_total,
            batch=batch,
            etag=etag,
        )


def _plain_usage(what: str, usage: Usage | None) -> dict[str, Any] | None:
    if usage is None:
        return None
    check_usage(usage, what=what)
    return plain_usage(usage)


def usage_fields(usage: Usage | None, usage_total: Usage | None) -> dict[str, Any]:
    """Give what an object says of usage."""
    fields = {"usage": usage, "usage_total": usage_total}
    return {name: value for name, value in fields.items() if value is not None}


def batch_fields(batch: Batch) -> dict[str, Any]:
    """Give what an object says of its batch."""
    fields: dict[str, Any] = {
        "id": batch.id,
        "commit": batch.commit,
        "position": batch.position,
    }
    if batch.indexes is not None:
        fields["indexes"] = list(batch.indexes)
    if batch.replaces:
        fields["replaces"] = True
    return fields


def decode_message(key: str, index: int, data: bytes, *, etag: str | None = None) -> Message:
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
        write_id=_text(key, stamp, "write_id"),
        created_at=parse_time(document.get("created_at")),
        updated_at=parse_time(document.get("updated_at")),
        status=_text(key, stamp, "status"),
        batch=_decode_batch(key, index, stamp.get("batch")),
        redacted_at=parse_time(stamp.get("redacted_at")),
        usage=_usage(key, stamp, "usage"),
        usage_total=_usage(key, stamp, "usage_total"),
        etag=etag,
        extra={name: value for name, value in document.items() if name not in _FIELDS},
        stamp={name: value for name, value in stamp.items() if name not in _STAMPED},
    )


def _text(key: str, stamp: Mapping[str, Any], name: str) -> str | None:
    value = stamp.get(name)
    if value is not None and not isinstance(value, str):
        raise CorruptObject(f"the field {name!r} is not text", key=key)
    return value


def _usage(key: str, stamp: Mapping[str, Any], name: str) -> Usage | None:
    usage = stamp.get(name)
    if usage is None:
        return None
    try:
        check_usage(usage)
    except InvalidMessage as error:
        raise CorruptObject(f"the field {name!r} is not numbers by name", key=key) from error
    found: Usage = usage
    return found


def _decode_batch(key: str, index: int, fields: Any) -> Batch | None:
    """Read what an object says of its batch: whether it is visible hangs on it."""
    if fields is None:
        return None
    if isinstance(fields, dict):
        batch_id, listed = fields.get("id"), fields.get("indexes")
        commit, position = fields.get("commit"), fields.get("position")
        if isinstance(batch_id, str) and _is_index(commit) and _is_index(position):
            if position > 0 and commit < index and listed is None:
                return Batch(batch_id, commit, position)
            if position == 0 and commit == index and _is_ascending(listed, index):
                replaces = fields.get("replaces") is True
                return Batch(batch_id, commit, position, tuple(listed), replaces)
    raise CorruptObject("the field 'batch' contradicts itself or its key", key=key)


def _is_index(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INDEX


def _is_ascending(listed: Any, first: int) -> TypeGuard[list[int]]:
    if not isinstance(listed, list) or not all(map(_is_index, listed)) or listed[:1] != [first]:
        return False
    return all(a < b for a, b in itertools.pairwise(listed))


def _decode_payload(
    key: str, payload: dict[str, Any], data: bytes, *, stamped: bool
) -> dict[str, Any]:
    if MARKER.encode() not in data:
        return payload
    try:
        decoded: dict[str, Any] = (decode_value if stamped else decode_foreign)(payload)
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
