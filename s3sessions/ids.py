"""How an id is spelled as one segment of a key.

It stands there as it is but for three things, written `%XX` per UTF-8 byte: `/`, control
characters, and a `%` that two hex digits follow. So no two ids share a key, and no id leaves its
prefix.
"""

from __future__ import annotations

import re
from typing import Final

from s3sessions.errors import InvalidId

__all__ = ["MAX_ID_BYTES", "decode_id", "encode_id", "listable"]

MAX_ID_BYTES: Final = 240
"""Longest encoded id: with `session_` before it, it is a file name on every POSIX file system."""

_ESCAPED = re.compile(r"%(?=[0-9A-Fa-f]{2})|[/\x00-\x1f\x7f-\x9f]")
_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_CUT_ESCAPE = re.compile(r"%[0-9A-Fa-f]?$")


def encode_id(value: str, *, what: str = "id") -> str:
    """Spell an id as one key segment.

    Raises:
        InvalidId: no text, empty, not valid Unicode, or over `MAX_ID_BYTES` once encoded.
    """
    if not isinstance(value, str):
        raise InvalidId(f"{what} must be a string, not {type(value).__name__}")
    if not value:
        raise InvalidId(f"{what} is empty: give at least one character")
    try:
        encoded = _ESCAPED.sub(_escape, value)
        size = len(encoded.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise InvalidId(f"{what} is not valid Unicode: {value!r}", cause=error) from error
    if size > MAX_ID_BYTES:
        raise InvalidId(
            f"{what} is {size} bytes long in a key, the limit is {MAX_ID_BYTES}: "
            f"{value[:40]!r}… shorten it or use a hash of it"
        )
    return encoded


def decode_id(segment: str) -> str | None:
    """Read an id back from a key segment; None where `encode_id` would not have written it."""
    try:
        value = _ESCAPE.sub(
            lambda match: bytes.fromhex(match[0].replace("%", "")).decode(), segment
        )
        return value if encode_id(value) == segment else None
    except (UnicodeDecodeError, InvalidId):
        return None


def listable(id_prefix: str) -> str:
    """Give the longest text that the encoding of every id beginning with `id_prefix` begins with.

    A `%` near the end is left out: whether it is escaped depends on what follows it.
    """
    return _ESCAPED.sub(_escape, _CUT_ESCAPE.sub("", id_prefix))


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8"))
