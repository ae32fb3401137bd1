"""Bedrock's Converse, which is what Strands Agents keeps: how its messages are read and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final

from s3sessions.converters.fields import blocks, field, json_text, text, unread
from s3sessions.converters.media import base64_text, bytes_of, format_of, media_type_of
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

__all__ = ["Converse"]

_ROLES: Final[Mapping[str, Role]] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
}
_READ: Final = frozenset({"role", "content"})
_MEDIA: Final = ("image", "document", "video", "audio")
_KINDS: Final = frozenset(
    {
        *("text", "toolUse", "toolResult", "reasoningContent", "citationsContent", *_MEDIA),
        *("cachePoint", "guardContent", "searchResult"),
    }
)
_INNER: Final = {
    "toolUse": {"toolUseId", "name", "input", "type"},
    "toolResult": {"toolUseId", "content", "status", "type"},
    "citationsContent": {"content"},
    "document": {"format", "name", "source"},
}
_NO_NAME_OF_A_DOCUMENT: Final = re.compile(r"[^0-9A-Za-z()\[\]-]+")


class Converse:
    """Instructions stand apart, blocks have no type but a name, and bytes are bytes."""

    keeps_instructions_apart: ClassVar[bool] = True

    def wrote(self, message: Mapping[str, Any]) -> bool:
        """Tell whether a message can be nobody else's."""
        content = message.get("content")
        if text(message, "role") not in _ROLES:
            return False
        return isinstance(content, list) and any(_kind(block) for block in content)

    def read(self, message: Mapping[str, Any]) -> Turn:
        """Read a message."""
        role = _ROLES[message["role"]]
        content = blocks(message.get("content"))
        left = [*unread(message, _READ)]
        for block in content:
            kind = _kind(block)
            left += unread(block, {kind})
            left += unread(field(block, kind), _INNER.get(kind, ())) if kind in _INNER else ()
        parts = tuple(part for block in content for part in _read_block(block, role))
        return Turn(role, parts, tuple(left))

    def write(self, turn: Turn, omit: Callable[[str], None]) -> list[dict[str, Any]]:
        """Write a turn as a message."""
        content = list(_write_blocks(turn, omit))
        role = "assistant" if turn.role == "assistant" else "user"
        return [{"role": role, "content": content}] if content else []


def _kind(block: Any) -> str:
    """Give the name of a block; nothing where it is none of Converse."""
    if not isinstance(block, Mapping) or "type" in block:
        return ""
    return next((name for name in block if name in _KINDS), "")


def _read_block(block: Any, role: str) -> Iterator[Part]:
    kind = _kind(block)
    inner = field(block, kind)
    if kind == "text" and isinstance(inner, str):
        yield Text(inner)
    elif kind == "toolUse" and role == "assistant" and _is_for_the_caller(inner):
        yield Call(inner["toolUseId"], text(inner, "name"), field(inner, "input"))
    elif kind == "toolResult" and role == "user" and text(inner, "toolUseId"):
        yield _read_result(inner)
    elif kind == "reasoningContent":
        yield _read_reasoning(inner) or Other(kind, block)
    elif kind == "citationsContent":
        cited = (_read_block(item, role) for item in blocks(field(inner, "content")))
        yield from (part for parts in cited for part in parts)
    elif kind in _MEDIA:
        yield _read_media(kind, inner) or Other(kind, block)
    else:
        yield Other(kind or "content of no known shape", block)


def _is_for_the_caller(call: Any) -> bool:
    return bool(text(call, "toolUseId")) and text(call, "type") != "server_tool_use"


def _read_result(inner: Mapping[str, Any]) -> Result:
    content: list[Content] = []
    for item in blocks(inner.get("content")):
        if isinstance(item, Mapping) and "json" in item:
            content.append(Text(json_text(item["json"])))
        else:
            parts = _read_block(item, "tool")
            content += [part for part in parts if isinstance(part, Content)]
    return Result(inner["toolUseId"], tuple(content), failed=inner.get("status") == "error")


def _read_reasoning(inner: Any) -> Reasoning | None:
    readable = field(inner, "reasoningText")
    if isinstance(readable, Mapping):
        return Reasoning(text(readable, "text"), text(readable, "signature") or None)
    sealed = bytes_of(field(inner, "redactedContent"))
    if sealed is None:
        return None
    # Of a model of Anthropic the bytes are its own base64 text; others' may be any.
    is_text = bytes_of(sealed.decode("ascii", "replace")) is not None
    return Reasoning("", sealed=sealed.decode("ascii") if is_text else base64_text(sealed))


def _read_media(kind: str, inner: Any) -> Media | None:
    source, name = field(inner, "source"), text(inner, "name") or None
    media_type = media_type_of(kind, text(inner, "format"))
    # Bedrock calls it by the one name, Strands by the other.
    places = (text(field(source, each), "uri") for each in ("s3Location", "location"))
    if where := next(filter(None, places), ""):
        return Media(kind, media_type, where=where, name=name)
    said = text(source, "text")
    data = said.encode("utf-8", "replace") if said else bytes_of(field(source, "bytes"))
    return Media(kind, media_type, data, name=name) if data else None


def _write_blocks(turn: Turn, omit: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    for part in turn.parts:
        match part:
            case Call():
                yield _write_call(part, omit)
            case Result():
                yield _write_result(part, omit)
            case Reasoning():
                yield {"reasoningContent": _write_reasoning(part)}
            case Text() | Media() | Other():
                yield from _write_content(part, omit, takes_media=turn.role == "user")


def _write_content(
    part: Content, omit: Callable[[str], None], *, takes_media: bool
) -> Iterator[dict[str, Any]]:
    match part:
        case Text():
            # No provider takes a block of no text.
            yield from [{"text": part.text}] if part.text else []
        case Media():
            block = _write_media(part) if takes_media else None
            if block is None:
                omit(part.kind)
            else:
                yield {part.kind: block}
        case Other():
            omit(part.label)


def _write_call(call: Call, omit: Callable[[str], None]) -> dict[str, Any]:
    arguments = call.arguments
    if not isinstance(arguments, Mapping):
        omit("arguments that are no object")
        arguments = {"arguments": arguments}
    return {"toolUse": {"toolUseId": call.call_id, "name": call.name, "input": arguments}}


def _write_result(result: Result, omit: Callable[[str], None]) -> dict[str, Any]:
    content = [
        block for part in result.content for block in _write_content(part, omit, takes_media=True)
    ]
    status = "error" if result.failed else "success"
    return {"toolResult": {"toolUseId": result.call_id, "status": status, "content": content}}


def _write_reasoning(part: Reasoning) -> dict[str, Any]:
    if part.sealed is not None:
        return {"redactedContent": part.sealed.encode("utf-8", "replace")}
    signed = {} if part.signature is None else {"signature": part.signature}
    return {"reasoningText": {"text": part.text, **signed}}


def _write_media(media: Media) -> dict[str, Any] | None:
    name = format_of(media)
    where = media.where or ""
    if name is None:
        return None
    source: dict[str, Any] = {}
    if media.data is not None:
        source = {"bytes": media.data}
    elif where.startswith("s3://"):
        source = {"location": {"type": "s3", "uri": where}}
    else:
        return None
    block: dict[str, Any] = {"format": name, "source": source}
    return {"name": _document_name(media.name), **block} if media.kind == "document" else block


def _document_name(name: str | None) -> str:
    """Give a name without what Bedrock refuses in one."""
    stem = (name or "").rpartition(".")[0] or name or ""
    return _NO_NAME_OF_A_DOCUMENT.sub(" ", stem).strip() or "document"
