"""A body of a multi-agent's document: checked and encoded, compared, and decoded again.

It stands in the document field by field, as its framework would write it, beside our stamp with the
id of the write. A document without the stamp is a foreign writer's, which escapes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.dao.documents import Document
from s3sessions.errors import CorruptObject, InvalidMessage
from s3sessions.values import are_same, decode_foreign, decode_value, dump, encode_value


@dataclass(frozen=True, slots=True)
class Revision:
    """A body on its way to the store: encoded once, however often it is sent."""

    fields: dict[str, Any] = field(repr=False)
    data: bytes = field(repr=False)
    write_id: str

    @classmethod
    def of(cls, body: Mapping[str, Any], *, write_id: str, limit: int) -> Revision:
        """Check and encode a body.

        Raises:
            InvalidMessage: no JSON object, not representable, or over `limit` bytes.
        """
        if not isinstance(body, Mapping):
            raise InvalidMessage(f"a body is a mapping, not {type(body).__name__}")
        if STAMP in body:
            raise InvalidMessage(f"body has the field {STAMP!r}, which is ours: rename it")
        fields = encode_value(dict(body), what="body")
        fields[STAMP] = {"v": FORMAT_VERSION, "write_id": write_id}
        data = dump(fields)
        if len(data) > limit:
            raise InvalidMessage(
                f"document is {len(data):,} bytes, the limit is {limit:,}: store large content "
                "elsewhere and keep a reference, or raise max_message_bytes"
            )
        return cls(fields, data, write_id)

    def is_held_by(self, document: Document | None) -> bool:
        """Tell whether a document says the same, whoever wrote it."""
        if document is None:
            return False
        with suppress(InvalidMessage):  # a foreign writer's NaN, say
            return are_same(_encoded(document), _without_stamp(self.fields))
        return False


def write_id_of(document: Document | None) -> str | None:
    """Give the id of the write that a document is; None where it is not ours."""
    return None if document is None else document.text("write_id")


def decode_body(key: str, document: Document) -> dict[str, Any]:
    """Decode what a document says, without our stamp.

    Raises:
        CorruptObject: encoded bytes are no base64, or it is nested too deep.
    """
    decode = decode_value if STAMP in document.body else decode_foreign
    try:
        body: dict[str, Any] = decode(_without_stamp(document.body))
    except (ValueError, RecursionError) as error:
        raise CorruptObject("encoded bytes are no base64", key=key, cause=error) from error
    return body


def _encoded(document: Document) -> dict[str, Any]:
    """Give the fields of a document as this package encodes them."""
    fields = _without_stamp(document.body)
    if STAMP in document.body:
        return fields
    encoded: dict[str, Any] = encode_value(decode_foreign(fields), what="body")
    return encoded


def _without_stamp(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != STAMP}
