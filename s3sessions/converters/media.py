"""Media types, formats and base64: how each provider's media become one kind of value, and back."""

from __future__ import annotations

import base64
import re
from typing import Any, Final

from s3sessions.converters.parts import Media

__all__ = ["base64_text", "bytes_of", "data_url", "format_of", "from_url", "media_type_of"]

_FORMATS: Final = {
    ("image", "png"): "image/png",
    ("image", "jpeg"): "image/jpeg",
    ("image", "gif"): "image/gif",
    ("image", "webp"): "image/webp",
    ("document", "pdf"): "application/pdf",
    ("document", "csv"): "text/csv",
    ("document", "doc"): "application/msword",
    ("document", "docx"): "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ("document", "xls"): "application/vnd.ms-excel",
    ("document", "xlsx"): "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ("document", "html"): "text/html",
    ("document", "txt"): "text/plain",
    ("document", "md"): "text/markdown",
    ("audio", "mp3"): "audio/mpeg",
    ("audio", "wav"): "audio/wav",
    ("video", "mp4"): "video/mp4",
    ("video", "mov"): "video/quicktime",
    ("video", "mkv"): "video/x-matroska",
    ("video", "webm"): "video/webm",
    ("video", "flv"): "video/x-flv",
    ("video", "mpeg"): "video/mpeg",
    ("video", "wmv"): "video/x-ms-wmv",
    ("video", "three_gp"): "video/3gpp",
}
"""The formats of Bedrock, by kind; those of audio are OpenAI's too."""

_NAMES: Final = {(kind, media_type): name for (kind, name), media_type in _FORMATS.items()}
_DATA_URL: Final = re.compile(r"data:([^;,]*)(?:;[^;,]*)*;base64,", re.IGNORECASE)


def media_type_of(kind: str, name: str) -> str | None:
    """Give the media type of a format; None where there is no such format."""
    return _FORMATS.get((kind, name))


def format_of(media: Media) -> str | None:
    """Give the format of media; None where it has none."""
    return _NAMES.get((media.kind, media.media_type or ""))


def bytes_of(data: Any) -> bytes | None:
    """Give the bytes of base64 text, or of bytes; None where it is neither."""
    if isinstance(data, bytes):
        return data
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) else None
    except ValueError:
        return None


def base64_text(data: bytes) -> str:
    """Write bytes as base64."""
    return base64.b64encode(data).decode("ascii")


def from_url(kind: str, url: str, name: str | None = None) -> Media:
    """Make media of a URL: of what a data URL holds, of the address of any other."""
    if (match := _DATA_URL.match(url)) and (data := bytes_of(url[match.end() :])) is not None:
        return Media(kind, match[1].lower() or None, data, name=name)
    return Media(kind, where=url, name=name)


def data_url(media: Media) -> str | None:
    """Give a URL of media; None where there is neither data nor an address of the web."""
    if media.data is not None:
        media_type = media.media_type or "application/octet-stream"
        return f"data:{media_type};base64,{base64_text(media.data)}"
    where = media.where or ""
    return where if where.startswith(("https://", "http://", "data:")) else None
