"""OpenAI's chat completions: how its messages are read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from s3sessions.converters.fields import as_object, blocks, field, json_text, text, unread
from s3sessions.converters.media import (
    base64_text,
    bytes_of,
    data_url,
    format_of,
    from_url,
    media_type_of,
)
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

__all__ = ["OpenAI"]

_MESSAGE_FIELDS: Final = (
    *("tool_calls", "tool_call_id", "function_call", "refusal", "annotations", "audio"),
    *("reasoning", "reasoning_content", "reasoning_details"),
)
_READ: Final = frozenset({"role", "content", "tool_calls", "tool_call_id", "refusal"})
_ROLES: Final[Mapping[str, Role]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_OWN_ROLES: Final = ("developer", "tool", "function")
_REASONING: Final = ("reasoning_content", "reasoning")
_BLOCKS: Final = {
    "text": {"type", "text"},
    "refusal": {"type", "refusal"},
    "image_url": {"type", "image_url"},
    "input_audio": {"type", "input_audio"},
    "file": {"type", "file"},
}
_OWN_BLOCKS: Final = _BLOCKS.keys() - {"text"}


class OpenAI:
    """Instructions are messages, a result is a message, and arguments are JSON as text."""

    keeps_instructions_apart: ClassVar[bool] = False

    def wrote(self, message: Mapping[str, Any]) -> bool:
        """Tell whether a message can be nobody else's."""
        role = text(message, "role")
        if role not in _ROLES or role in _OWN_ROLES:
            return role in _ROLES
        if any(name in message for name in _MESSAGE_FIELDS) or message.get("content", "") is None:
            return True
        types = {text(block, "type") for block in blocks(message.get("content"))}
        return any(name in _OWN_BLOCKS or name.endswith("_url") for name in types)

    def read(self, message: Mapping[str, Any]) -> Turn:
        """Read a message; a result of the older calls without ids is nothing known."""
        role = _ROLES[message["role"]]
        content = tuple(_read_block(block) for block in blocks(message.get("content")))
        left = (*unread(message, _READ), *_unread_in(message))
        if role == "assistant":
            return _read_answer(message, content, left)
        if role == "tool":
            call_id = text(message, "tool_call_id")
            result = Result(call_id, content) if call_id else Other("result of no call", message)
            return Turn(role, (result,), left if call_id else ())
        return Turn(role, content, left)

    def write(self, turn: Turn, omit: Callable[[str], None]) -> list[dict[str, Any]]:
        """Write a turn as messages: results first, each in one of its own."""
        results = [part for part in turn.parts if isinstance(part, Result)]
        calls = [_write_call(part) for part in turn.parts if isinstance(part, Call)]
        content = list(_write_blocks(turn, omit))
        messages = [_write_result(result, omit) for result in results]
        if content or calls:
            message = {"role": turn.role, "content": _content(content)}
            messages.append({**message, "tool_calls": calls} if calls else message)
        return messages


def _read_answer(
    message: Mapping[str, Any], content: tuple[Content, ...], left: tuple[str, ...]
) -> Turn:
    """Read what a model said: beside the content stand its reasoning, a refusal and its calls."""
    thought = next((name for name in _REASONING if text(message, name)), "")
    refusal = text(message, "refusal")
    calls = (_read_call(call) for call in blocks(message.get("tool_calls")))
    parts: list[Part] = [
        *([Reasoning(text(message, thought))] if thought else ()),
        *content,
        *([Text(refusal)] if refusal else ()),
        *calls,
    ]
    return Turn("assistant", tuple(parts), tuple(name for name in left if name != thought))


def _read_block(block: Any) -> Content:
    if isinstance(block, str):
        return Text(block)
    kind = text(block, "type")
    media: Media | None = None
    if kind in ("text", "refusal") and isinstance(field(block, kind), str):
        return Text(block[kind])
    if kind == "image_url":
        inner = field(block, "image_url")
        url = inner if isinstance(inner, str) else text(inner, "url")
        media = from_url("image", url) if url else None
    elif kind == "input_audio":
        media = _read_audio(field(block, "input_audio"))
    elif kind == "file":
        inner = field(block, "file")
        data = text(inner, "file_data")
        media = from_url("document", data, text(inner, "filename") or None) if data else None
    return media or Other(kind or "content of no known shape", block)


def _read_audio(audio: Any) -> Media | None:
    data = bytes_of(field(audio, "data"))
    return Media("audio", media_type_of("audio", text(audio, "format")), data) if data else None


def _read_call(call: Any) -> Part:
    function = field(call, "function")
    if not text(call, "id") or not text(function, "name"):
        return Other(text(call, "type") or "tool call", call)
    arguments = as_object(field(function, "arguments"))
    return Call(call["id"], function["name"], {} if arguments is None else arguments)


def _unread_in(message: Mapping[str, Any]) -> Iterator[str]:
    for block in blocks(message.get("content")):
        if known := _BLOCKS.get(text(block, "type")):
            yield from unread(block, known)
        yield from unread(field(block, "image_url"), {"url"})
    for call in blocks(message.get("tool_calls")):
        yield from unread(call, {"id", "type", "index", "function"})
        yield from unread(field(call, "function"), {"name", "arguments"})


def _write_call(call: Call) -> dict[str, Any]:
    arguments = call.arguments if isinstance(call.arguments, str) else json_text(call.arguments)
    function = {"name": call.name, "arguments": arguments}
    return {"id": call.call_id, "type": "function", "function": function}


def _write_result(result: Result, omit: Callable[[str], None]) -> dict[str, Any]:
    if result.failed:
        omit("error status")
    content: list[dict[str, Any]] = []
    for part in result.content:
        match part:
            case Text():
                content += _write_text(part)
            case Media():
                omit(part.kind)
            case Other():
                omit(part.label)
    return {"role": "tool", "tool_call_id": result.call_id, "content": _content(content) or ""}


def _content(content: Sequence[dict[str, Any]]) -> Any:
    """Give blocks as a message holds them: text alone as text, nothing as null."""
    if len(content) == 1 and content[0]["type"] == "text":
        return content[0]["text"]
    return list(content) or None


def _write_blocks(turn: Turn, omit: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    for part in turn.parts:
        match part:
            case Text():
                yield from _write_text(part)
            case Media():
                block = _write_media(part) if turn.role == "user" else None
                if block is None:
                    omit(part.kind)
                else:
                    yield block
            case Reasoning():
                omit("reasoning")
            case Other():
                omit(part.label)


def _write_text(part: Text) -> list[dict[str, Any]]:
    """Write text as a block; nothing of no text, which no provider takes."""
    return [{"type": "text", "text": part.text}] if part.text else []


def _write_media(media: Media) -> dict[str, Any] | None:
    url = data_url(media)
    if media.kind == "image" and url:
        return {"type": "image_url", "image_url": {"url": url}}
    if media.data is None:
        return None
    name = format_of(media)
    if media.kind == "audio" and name:
        audio = {"data": base64_text(media.data), "format": name}
        return {"type": "input_audio", "input_audio": audio}
    if media.kind == "document":
        filename = media.name or "document"
        if name and "." not in filename:
            filename = f"{filename}.{name}"
        return {"type": "file", "file": {"filename": filename, "file_data": url}}
    return None
