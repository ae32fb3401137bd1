"""Who speaks in a payload, and what: the shapes that whole messages come in.

Chat messages of any provider, ShareGPT turns, events of agent frameworks, records of session
logs that wrap a message. Pure and total, as `parts` is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from s3sessions.cli.attachments import first_text
from s3sessions.cli.parts import (
    Part,
    Raw,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    is_block,
    read_block,
    read_call,
    read_content,
    read_result,
)

__all__ = ["Speech", "read_speech"]

_SHAREGPT_SPEAKERS: Final = {"human": "user", "gpt": "assistant"}
_RESULT_ROLES: Final = frozenset({"tool", "function", "toolResult"})
_LATEST_SECOND: Final = 253_402_300_799  # the end of the year 9999: a greater number is no second


@dataclass(frozen=True, slots=True)
class Speech:
    """One message, read.

    Attributes:
        speaker: the role, or what stands for one.
        name: the speaker's own name, where the payload has one.
        at: the time that the payload itself carries.
    """

    speaker: str
    parts: tuple[Part, ...]
    name: str | None = None
    at: datetime | None = None


def read_speech(payload: Mapping[str, Any]) -> Speech:
    """Read a payload of any shape."""
    inner = payload.get("message")
    if isinstance(inner, Mapping) and isinstance(inner.get("role"), str):
        speech = _read_chat(inner)
        return replace(speech, at=_time(payload) or speech.at)
    if isinstance(payload.get("role"), str):
        return _read_chat(payload)
    if isinstance(payload.get("from"), str) and isinstance(payload.get("value"), str):
        return _read_sharegpt(payload)
    if isinstance(payload.get("action"), str) or isinstance(payload.get("observation"), str):
        return _read_event(payload)
    if is_block(payload):
        return _read_bare_block(payload)
    speaker = first_text(payload, "type", "source", "kind") or "event"
    return Speech(speaker, (Raw("payload", payload),), at=_time(payload))


def _read_chat(payload: Mapping[str, Any]) -> Speech:
    role, name = payload["role"], first_text(payload, "name")
    at = _time(payload)
    if role in _RESULT_ROLES:
        result = read_result(payload, payload.get("content"))
        return Speech("tool", (result,), at=at)
    if role == "bashExecution":
        return Speech("tool", _read_shell(payload), at=at)
    thinking = first_text(payload, "reasoning_content", "reasoning")
    parts: list[Part] = [Thinking(thinking)] if thinking else []
    parts += read_content(payload["content"] if "content" in payload else payload.get("parts"))
    parts += _read_openai_calls(payload)
    for field in ("refusal", "errorMessage"):
        if text := first_text(payload, field):
            parts.append(Raw(field, text))
    return Speech(role, tuple(parts), name, at)


def _read_openai_calls(payload: Mapping[str, Any]) -> list[Part]:
    calls = payload.get("tool_calls")
    parts = [_read_openai_call(call) for call in calls] if isinstance(calls, list) else []
    if isinstance(call := payload.get("function_call"), Mapping):
        parts.append(read_call(call))
    return parts


def _read_openai_call(call: Any) -> Part:
    if not isinstance(call, Mapping):
        return Raw("tool call", call)
    function = call.get("function")
    inner = function if isinstance(function, Mapping) else call
    return replace(read_call(inner), call_id=first_text(call, "id"))


def _read_shell(payload: Mapping[str, Any]) -> tuple[Part, ...]:
    call = ToolCall("bash", {"command": payload.get("command")})
    failed = payload.get("exitCode") not in (0, None)
    return call, ToolResult(read_content(payload.get("output")), name="bash", failed=failed)


def _read_sharegpt(payload: Mapping[str, Any]) -> Speech:
    speaker, value = payload["from"], payload["value"]
    if speaker == "function_call":
        part = read_block({"type": "tool_call", "value": value})
        return Speech("assistant", (Text(value) if isinstance(part, Raw) else part,))
    if speaker == "observation":
        return Speech("tool", (ToolResult(read_content(value)),))
    return Speech(_SHAREGPT_SPEAKERS.get(speaker, speaker), read_content(value))


def _read_event(payload: Mapping[str, Any]) -> Speech:
    speaker, at = first_text(payload, "source") or "agent", _time(payload)
    if isinstance(observed := payload.get("observation"), str):
        result = read_result({**payload, "name": observed}, payload.get("content"))
        return Speech("tool", (result,), at=at)
    action = payload["action"]
    given = payload.get("args")
    arguments = dict(given) if isinstance(given, Mapping) else _plain_arguments(payload)
    said = arguments.get("content") if action in ("message", "system") else None
    if isinstance(said, str):
        return Speech("system" if action == "system" else speaker, (Text(said),), at=at)
    thought = arguments.pop("thought", None)
    parts: list[Part] = [Thinking(thought)] if isinstance(thought, str) and thought else []
    return Speech(speaker, (*parts, ToolCall(action, arguments)), at=at)


def _plain_arguments(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in ("action", "source")}


def _read_bare_block(payload: Mapping[str, Any]) -> Speech:
    part = read_block(payload)
    speaker = "tool" if isinstance(part, ToolResult) else "assistant"
    return Speech(speaker, (part,), at=_time(payload))


def _time(payload: Mapping[str, Any]) -> datetime | None:
    stamp = payload.get("timestamp")
    try:
        if isinstance(stamp, str):
            moment = datetime.fromisoformat(stamp)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(stamp, (int, float)) and not isinstance(stamp, bool):
            seconds = stamp / 1000 if stamp > _LATEST_SECOND else stamp
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
