"""Media in a message: what it is, how large and where, never its content."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

__all__ = ["Attachment", "Block", "attachment_reader", "first_text"]

Block: TypeAlias = Mapping[str, Any]

_DATA_URL: Final = re.compile(r"data:([^;,]*)(;[^,]*)?,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """An image, a document or other media: `size` in bytes, `where` a name or an address."""

    kind: str
    media: str | None = None
    size: int | None = None
    where: str | None = None


def first_text(block: Block, *names: str) -> str | None:
    """Give the first of the fields that holds text."""
    return next((block[name] for name in names if isinstance(block.get(name), str)), None)


def attachment_reader(kind: str, *fields: str) -> Callable[[Block], Attachment | None]:
    """Make the reader of an attachment whose content stands in one of the fields."""

    def read(block: Block) -> Attachment | None:
        inner = next((block[name] for name in fields if name in block), None)
        if isinstance(inner, str):
            return _attachment(kind, {"url": inner})
        return _attachment(kind, inner) if isinstance(inner, Mapping) else None

    return read


def _attachment(kind: str, holder: Block) -> Attachment:
    source = holder.get("source")
    source = source if isinstance(source, Mapping) else holder
    name = first_text(holder, "title", "name", "filename")
    media = first_text(source, "media_type", "mimeType", "mime_type", "format")
    media = media or first_text(holder, "format")
    for field in ("bytes", "data", "file_data", "url", "fileUri", "file_id", "file"):
        if isinstance(source.get(field), (str, bytes)):
            return _located(kind, name, media, field, source[field])
    location = source.get("s3Location")
    where = first_text(location, "uri") if isinstance(location, Mapping) else None
    return Attachment(kind, media, None, name or where)


def _located(
    kind: str, name: str | None, media: str | None, field: str, value: str | bytes
) -> Attachment:
    if isinstance(value, bytes):
        return Attachment(kind, media, len(value), name)
    if match := _DATA_URL.match(value):
        return Attachment(kind, match[1] or media, _decoded_size(value[match.end() :]), name)
    if field in ("url", "fileUri", "file_id", "file"):
        return Attachment(kind, media, None, value)
    if media is not None and media.startswith("text/"):
        return Attachment(kind, media, len(value.encode("utf-8", "replace")), name)
    return Attachment(kind, media, _decoded_size(value), name)


def _decoded_size(base64_text: str) -> int:
    return len(base64_text.rstrip("=")) * 3 // 4
