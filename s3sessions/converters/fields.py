"""Fields of JSON of any shape, read without an error."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

__all__ = ["as_object", "blocks", "field", "json_text", "text", "unread"]


def field(item: Any, name: str) -> Any:
    """Give a field; None where there is none."""
    return item.get(name) if isinstance(item, Mapping) else None


def text(item: Any, name: str) -> str:
    """Give a field that is text; nothing where it is none."""
    value = field(item, name)
    return value if isinstance(value, str) else ""


def blocks(content: Any) -> Sequence[Any]:
    """Give the blocks of a content: a list of them, one alone, or none."""
    if isinstance(content, list):
        return content
    return () if content is None or content == "" else (content,)


def unread(item: Any, known: Collection[str]) -> Iterator[str]:
    """Name the fields that hold something and that nobody reads."""
    if isinstance(item, Mapping):
        for name, value in item.items():
            if name not in known and not _is_empty(value):
                yield str(name)


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {})


def as_object(arguments: Any) -> Any:
    """Give the object that a JSON text holds; what holds none as it is."""
    if not isinstance(arguments, str):
        return arguments
    try:
        value = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return arguments
    return value if isinstance(value, dict) else arguments


def json_text(value: Any) -> str:
    """Write a value as compact JSON; bytes as base64."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_as_text)


def _as_text(value: Any) -> str:
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else str(value)
