"""What a message consists of: content blocks of any provider, read as one small set of parts.

Pure and total: whatever JSON a payload holds, reading it raises nothing and loses nothing; a
block of an unknown shape becomes `Raw`. Nothing here draws.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from s3sessions.cli.attachments import Attachment, Block, attachment_reader, first_text

__all__ = [
    "Part",
    "Raw",
    "Text",
    "Thinking",
    "ToolCall",
    "ToolResult",
    "is_block",
    "read_block",
    "read_call",
    "read_content",
    "read_result",
]


@dataclass(frozen=True, slots=True)
class Text:
    """What was said."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """A model's reasoning; empty where the provider keeps it encrypted."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that is to be run; `arguments` parsed where they are JSON."""

    name: str
    arguments: Any
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back; `name` where the block says it, else `call_id` leads to the call."""

    parts: tuple[Part, ...]
    call_id: str | None = None
    name: str | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """A value of no known shape."""

    label: str
    value: Any


Part: TypeAlias = Text | Thinking | ToolCall | ToolResult | Attachment | Raw


def read_content(content: Any) -> tuple[Part, ...]:
    """Read a message's content: nothing, text, one block or a list of them."""
    if content is None or content == "":
        return ()
    items = content if isinstance(content, list) else [content]
    return tuple(read_block(item) for item in items)


def read_block(block: Any) -> Part:
    """Read one content block."""
    if isinstance(block, str):
        return Text(block)
    if not isinstance(block, Mapping):
        return Raw("content", block)
    reader = _reader(block)
    part = reader(block) if reader else None
    return (
        Raw(str(block.get("type") or next(iter(block), "empty")), block) if part is None else part
    )


def is_block(block: Block) -> bool:
    """Tell whether the shape of a block is known."""
    return _reader(block) is not None


def read_call(block: Block) -> ToolCall:
    """Read a tool call; providers differ in the names of its fields only."""
    given: Any = next((block[name] for name in ("input", "arguments", "args") if name in block), {})
    name = first_text(block, "name") or "unnamed tool"
    return ToolCall(name, _parsed(given), first_text(block, "id", "toolUseId", "call_id"))


def read_result(block: Block, content: Any) -> ToolResult:
    """Read a tool's result whose content stands where the caller says."""
    items = content if isinstance(content, list) else [] if content in (None, "") else [content]
    return ToolResult(
        parts=tuple(_read_result_item(item) for item in items),
        call_id=first_text(
            block, "tool_use_id", "toolUseId", "tool_call_id", "toolCallId", "call_id"
        ),
        name=first_text(block, "name", "toolName"),
        failed=bool(
            block.get("is_error") or block.get("isError") or block.get("status") == "error"
        ),
    )


def _read_result_item(item: Any) -> Part:
    # No provider nests results; not following such input keeps the depth of reading bounded.
    part = Raw("result", item) if _is_result(item) else read_block(item)
    if isinstance(part, Raw) and isinstance(item, Mapping) and set(item) == {"json"}:
        return Raw("json", item["json"])
    return part


def _is_result(item: Any) -> bool:
    return isinstance(item, Mapping) and _reader(item) in (
        _tool_result,
        _bedrock_result,
        _response_output,
        _gemini_response,
    )


def _parsed(arguments: Any) -> Any:
    if arguments == "":
        return {}
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments


def _text(block: Block) -> Part | None:
    text = first_text(block, "text", "content", "value", "refusal")
    return None if text is None else Text(text)


def _thinking(block: Block) -> Part | None:
    inner = next((block[n] for n in ("thinking", "text", "value", "summary") if block.get(n)), "")
    if isinstance(inner, list):
        texts = [first_text(item, "text") for item in inner if isinstance(item, Mapping)]
        return Thinking("\n".join(text for text in texts if text))
    return Thinking(inner) if isinstance(inner, str) else None


def _redacted_thinking(_: Block) -> Part:
    return Thinking("")


def _bedrock_thinking(block: Block) -> Part | None:
    inner = block["reasoningContent"]
    if not isinstance(inner, Mapping):
        return None
    text = inner.get("reasoningText")
    return Thinking(first_text(text, "text") or "" if isinstance(text, Mapping) else "")


def _bedrock_call(block: Block) -> Part | None:
    inner = block["toolUse"]
    return read_call(inner) if isinstance(inner, Mapping) else None


def _bedrock_result(block: Block) -> Part | None:
    inner = block["toolResult"]
    return read_result(inner, inner.get("content")) if isinstance(inner, Mapping) else None


def _encoded_call(block: Block) -> Part | None:
    inner = _parsed(block.get("value"))
    return read_call(inner) if isinstance(inner, Mapping) else None


def _gemini_call(block: Block) -> Part | None:
    inner = block["functionCall"]
    return read_call(inner) if isinstance(inner, Mapping) else None


def _gemini_response(block: Block) -> Part | None:
    inner = block["functionResponse"]
    return read_result(inner, inner.get("response")) if isinstance(inner, Mapping) else None


def _tool_result(block: Block) -> Part:
    content = block.get("content")
    if isinstance(content, Mapping) and isinstance(content.get("stdout"), str):
        return read_result(block, f"{content['stdout']}{content.get('stderr') or ''}")
    return read_result(block, content)


def _response_output(block: Block) -> Part:
    return read_result(block, block.get("output"))


_TAGGED: Final[Mapping[str, Callable[[Block], Part | None]]] = {
    **dict.fromkeys(("text", "input_text", "output_text", "refusal", "compaction"), _text),
    **dict.fromkeys(("thinking", "reasoning"), _thinking),
    "redacted_thinking": _redacted_thinking,
    **dict.fromkeys(
        ("tool_use", "server_tool_use", "mcp_tool_use", "toolCall", "function_call"), read_call
    ),
    "tool_call": _encoded_call,
    "function_call_output": _response_output,
    **dict.fromkeys(
        ("image", "input_image"), attachment_reader("image", "source", "image_url", "data")
    ),
    "image_url": attachment_reader("image", "image_url"),
    "document": attachment_reader("document", "source"),
    "document_url": attachment_reader("document", "document_url"),
    "video_url": attachment_reader("video", "video_url"),
    "input_audio": attachment_reader("audio", "input_audio"),
    **dict.fromkeys(
        ("file", "input_file"), attachment_reader("file", "file", "file_data", "file_id")
    ),
    "container_upload": attachment_reader("file", "file_id"),
}

_UNTAGGED: Final[Mapping[str, Callable[[Block], Part | None]]] = {
    "text": _text,
    "toolUse": _bedrock_call,
    "toolResult": _bedrock_result,
    "reasoningContent": _bedrock_thinking,
    "image": attachment_reader("image", "image"),
    "document": attachment_reader("document", "document"),
    "video": attachment_reader("video", "video"),
    "audio": attachment_reader("audio", "audio"),
    "functionCall": _gemini_call,
    "functionResponse": _gemini_response,
    "inlineData": attachment_reader("file", "inlineData"),
    "fileData": attachment_reader("file", "fileData"),
}


def _reader(block: Block) -> Callable[[Block], Part | None] | None:
    tag = block.get("type")
    if isinstance(tag, str):
        return _tool_result if tag.endswith("tool_result") else _TAGGED.get(tag)
    return next((reader for name, reader in _UNTAGGED.items() if name in block), None)
