"""Messages that are nothing but a model's thoughts: what a provider streams before its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["is_transient_thought"]

_THOUGHTS: Final = ("reasoning_content", "reasoning", "reasoning_details")
_VISIBLE: Final = ("tool_calls", "function_call", "refusal", "audio", "media", "attachments")
_THINKING: Final = frozenset({"thinking", "redacted_thinking", "reasoning"})


def is_transient_thought(message: Mapping[str, Any]) -> bool:
    """Tell whether an assistant's message holds reasoning and nothing that anybody sees.

    Such a message is of use to nobody who reads the history, and some providers refuse it. One
    with a text, a tool call or any other block beside the reasoning is not meant, nor is one that
    is just empty. For all shapes of messages; whatever JSON it is given, it raises nothing.
    """
    if message.get("role") != "assistant" or any(message.get(name) for name in _VISIBLE):
        return False
    content = message.get("content")
    blocks = content if isinstance(content, list) else [content]
    if not all(_is_thought(block) or _is_blank(block) for block in blocks):
        return False
    return any(map(_is_thought, blocks)) or any(_is_said(message.get(name)) for name in _THOUGHTS)


def _is_thought(block: object) -> bool:
    if not isinstance(block, Mapping):
        return False
    kind = block.get("type")
    return "reasoningContent" in block or (isinstance(kind, str) and kind in _THINKING)


def _is_blank(block: object) -> bool:
    if isinstance(block, Mapping) and block.get("type", "text") == "text":
        return set(block) <= {"type", "text"} and not _is_said(block.get("text"))
    return block is None or (isinstance(block, str) and not _is_said(block))


def _is_said(value: object) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)
