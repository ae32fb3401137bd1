"""How a message of the user begins: enough to know a conversation by.

Pure and total: whatever JSON a payload holds, reading it raises nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from s3sessions.dao.titles import one_line

LONGEST_PREVIEW: Final = 60
"""In characters."""

_USERS: Final = frozenset({"user", "human"})
# Cleaning a text of megabytes for its first words would cost more than reading it did.
_LOOKED_AT: Final = 4_000


def preview(payload: Mapping[str, Any]) -> str | None:
    """Give the beginning of a user's text on one line; None where there is none."""
    inner = payload.get("message")
    said = inner if isinstance(inner, Mapping) and "role" in inner else payload
    if said.get("role", said.get("from")) not in _USERS:
        return None
    for text in _texts(said):
        if beginning := one_line(text[:_LOOKED_AT])[:LONGEST_PREVIEW].rstrip():
            return beginning
    return None


def _texts(said: Mapping[str, Any]) -> Iterator[str]:
    content = next((said[name] for name in ("content", "parts", "value") if name in said), None)
    for block in content if isinstance(content, list) else [content]:
        text = block.get("text") if isinstance(block, Mapping) else block
        if isinstance(text, str):
            yield text
