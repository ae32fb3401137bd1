"""Anthropic's Messages: how they are read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from s3sessions.converters.fields import blocks, field, text, unread
from s3sessions.converters.media import base64_text, bytes_of, data_url
from s3sessions.converters.parts import (
    Call,
    Content,
    Media,
    Other,
    Part,
    Reasoning,
    Result,
    Role,
    Text,
    Turn,
)

__all__ = ["Anthropic"]

_ANSWER_FIELDS: Final = ("stop_reason", "stop_sequence", "usage", "model")
_ROLES: Final[Mapping[str, Role]] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
}
_READ: Final = frozenset({"role", "content", "type"})
_BLOCKS: Final = {
    "text": {"type", "text"},
    "thinking": {"type", "thinking", "signature"},
    "redacted_thinking": {"type", "data"},
    "tool_use": {"type", "id", "name", "input"},
    "tool_result": {"type", "tool_use_id", "content", "is_error"},
    "image": {"type", "source"},
    "document": {"type", "source", "title"},
}
_IMAGES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")


class Anthropic:
    """Instructions stand apart, a result is a block, and arguments are an object."""

    keeps_instructions_apart: ClassVar[bool] = True

    def wrote(self, message: Mapping[str, Any]) -> bool:
        """Tell whether a message can be nobody else's."""
        if text(message, "role") not in _ROLES:
            return False
        if any(name in message for name in _ANSWER_FIELDS):
            return True
        return any(
            text(block, "type") not in ("", "text") or "citations" in block
            for block in blocks(message.get("content"))
            if isinstance(block, Mapping)
        )

    def read(self, message: Mapping[str, Any]) -> Turn:
        """Read a message."""
        role = _ROLES[message["role"]]
        content = blocks(message.get("content"))
        left = [*unread(message, _READ)]
        for block in content:
            if known := _BLOCKS.get(text(block, "type")):
                left += unread(block, known)
        return Turn(role, tuple(_read_block(block, role) for block in content), tuple(left))

    def write(self, turn: Turn, omit: Callable[[str], None]) -> list[dict[str, Any]]:
        """Write a turn as a message; text alone as text."""
        content = list(_write_blocks(turn, omit))
        role = "assistant" if turn.role == "assistant" else "user"
        return [{"role": role, "content": _content(content)}] if content else []


def _read_block(block: Any, role: str) -> Part:
    if isinstance(block, str):
        return Text(block)
    kind = text(block, "type")
    part: Part | None = None
    if kind == "text" and isinstance(field(block, "text"), str):
        part = Text(block["text"])
    elif kind == "thinking":
        part = Reasoning(text(block, "thinking"), text(block, "signature") or None)
    elif kind == "redacted_thinking":
        part = Reasoning("", sealed=text(block, "data"))
    elif kind == "tool_use" and role == "assistant" and text(block, "id"):
        part = Call(block["id"], text(block, "name"), field(block, "input"))
    elif kind == "tool_result" and role == "user" and text(block, "tool_use_id"):
        part = _read_result(block)
    elif kind in ("image", "document"):
        part = _read_media(kind, block)
    return part or Other(kind or "content of no known shape", block)


def _read_result(block: Mapping[str, Any]) -> Result:
    parts = (_read_block(item, "tool") for item in blocks(block.get("content")))
    content = tuple(part for part in parts if isinstance(part, Content))
    return Result(block["tool_use_id"], content, failed=block.get("is_error") is True)


def _read_media(kind: str, block: Mapping[str, Any]) -> Media | None:
    source, name = block.get("source"), text(block, "title") or None
    media_type = text(source, "media_type") or None
    if text(source, "type") == "url" and text(source, "url"):
        return Media(kind, where=text(source, "url"), name=name)
    data = text(source, "data")
    if text(source, "type") == "text" and data:
        return Media(kind, media_type, data.encode("utf-8", "replace"), name=name)
    held = bytes_of(field(source, "data"))
    return Media(kind, media_type, held, name=name) if held else None


def _content(content: Sequence[dict[str, Any]]) -> Any:
    is_text = len(content) == 1 and content[0]["type"] == "text"
    return content[0]["text"] if is_text else list(content)


def _write_blocks(turn: Turn, omit: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    for part in turn.parts:
        match part:
            case Call():
                yield _write_call(part, omit)
            case Result():
                yield _write_result(part, omit)
            case Reasoning():
                yield from _write_reasoning(part, omit)
            case Text() | Media() | Other():
                yield from _write_content(part, omit, takes_media=turn.role == "user")


def _write_content(
    part: Content, omit: Callable[[str], None], *, takes_media: bool
) -> Iterator[dict[str, Any]]:
    match part:
        case Text():
            # No provider takes a block of no text.
            yield from [{"type": "text", "text": part.text}] if part.text else []
        case Media():
            block = _write_media(part) if takes_media else None
            if block is None:
                omit(part.kind)
            else:
                yield block
        case Other():
            omit(part.label)


def _write_call(call: Call, omit: Callable[[str], None]) -> dict[str, Any]:
    arguments = call.arguments
    if not isinstance(arguments, Mapping):
        omit("arguments that are no object")
        arguments = {"arguments": arguments}
    return {"type": "tool_use", "id": call.call_id, "name": call.name, "input": arguments}


def _write_result(result: Result, omit: Callable[[str], None]) -> dict[str, Any]:
    content = [
        block for part in result.content for block in _write_content(part, omit, takes_media=True)
    ]
    block = {"type": "tool_result", "tool_use_id": result.call_id, "content": _content(content)}
    return {**block, "is_error": True} if result.failed else block


def _write_reasoning(part: Reasoning, omit: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    if part.sealed is not None:
        yield {"type": "redacted_thinking", "data": part.sealed}
    elif part.signature is not None:
        yield {"type": "thinking", "thinking": part.text, "signature": part.signature}
    else:
        # Anthropic takes back only what it has signed.
        omit("reasoning")


def _write_media(media: Media) -> dict[str, Any] | None:
    if media.kind not in ("image", "document"):
        return None
    source = _source(media)
    if source is None:
        return None
    block = {"type": media.kind, "source": source}
    return {**block, "title": media.name} if media.kind == "document" and media.name else block


def _source(media: Media) -> dict[str, Any] | None:
    media_type = media.media_type or ""
    if media.data is None:
        url = data_url(media)
        return {"type": "url", "url": url} if url else None
    if media.kind == "document" and media_type.startswith("text/"):
        try:
            said = media.data.decode("utf-8")
        except UnicodeDecodeError:
            return None
        return {"type": "text", "media_type": "text/plain", "data": said}
    if media_type in _IMAGES or media_type == "application/pdf":
        return {"type": "base64", "media_type": media_type, "data": base64_text(media.data)}
    return None
