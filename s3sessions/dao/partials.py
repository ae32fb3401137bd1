"""Partial messages in a history that is restored: as they are, marked, or left out."""

from __future__ import annotations

from typing import Any, Final, Literal

from s3sessions.codec import PARTIAL
from s3sessions.models import Message
from s3sessions.record import replace

Partial = Literal["keep", "mark", "drop"]

INTERRUPTED: Final = "[interrupted]"
"""What is added to the text of a partial message that is marked."""


def marked(message: Message) -> Message:
    """Say in the payload of a partial message that it is one; others are given as they are."""
    if message.status != PARTIAL:
        return message
    payload = message.payload
    return replace(message, payload={**payload, "content": _marked(payload.get("content"))})


def _marked(content: Any) -> Any:
    if isinstance(content, str):
        return f"{content} {INTERRUPTED}".lstrip()
    if not isinstance(content, list):
        return INTERRUPTED if content is None else content
    is_typed = any(isinstance(block, dict) and "type" in block for block in content)
    return [*content, {**({"type": "text"} if is_typed else {}), "text": INTERRUPTED}]
