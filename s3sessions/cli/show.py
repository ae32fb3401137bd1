"""How a message reads: parts become lines of styled text, long bodies folded.

Pure: lines name styles, not colours; `output` decides what a style is where it prints. Every text
of a payload has passed `text.visible` when it leaves here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from s3sessions.cli.attachments import Attachment
from s3sessions.cli.parts import Part, Raw, Text, Thinking, ToolCall, ToolResult
from s3sessions.cli.speech import Speech, read_speech
from s3sessions.cli.text import Limit, fold, one_line, shorten, size, trim, visible, when
from s3sessions.models import Message, Summary

__all__ = ["Line", "Transcript"]

_SAID: Final = Limit(lines=24, characters=2000)
_INSTRUCTED: Final = Limit(lines=6, characters=400)
_THOUGHT: Final = Limit(lines=5, characters=400)
_RETURNED: Final = Limit(lines=8, characters=500)
_ARGUED: Final = Limit(lines=6, characters=400)
_RAW: Final = Limit(lines=12, characters=600)

_SHORT_CALL: Final = 90
_BODY: Final = 2
_UNDER_ARROW: Final = 4
_INSTRUCTIONS: Final = frozenset({"system", "developer"})
_SPEAKERS: Final = frozenset({"user", "assistant", "tool", *_INSTRUCTIONS})


@dataclass(frozen=True, slots=True)
class Line:
    """One line: spans of text and the name of a style for each; `indent` in columns."""

    spans: tuple[tuple[str, str], ...]
    indent: int = 0

    @classmethod
    def of(cls, text: str, style: str = "", *, indent: int = 0) -> Line:
        return cls(((text, style),), indent)

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.spans)


class Transcript:
    """Draws the messages of one agent in order; a result is shown with the name of its call.

    Args:
        full: fold nothing.
    """

    def __init__(self, *, full: bool = False) -> None:
        self._full = full
        self._calls: dict[str, str] = {}

    def draw(self, message: Message) -> Iterator[Line]:
        """Give the lines of one message, an empty one at the end."""
        speech = read_speech(message.payload)
        yield self._heading(message, speech)
        if not speech.parts:
            yield Line.of("(nothing said)", "dim", indent=_BODY)
        for part in speech.parts:
            yield from self._draw_part(part, speech)
        yield Line(())

    def draw_summary(self, summary: Summary) -> Iterator[Line]:
        """Give the lines of what stands for earlier messages, an empty one at the end."""
        covered = f"  of what was said before {summary.covers_to}"
        yield Line((("summary", "name"), (covered, "dim")))
        yield from self._body(summary.text, _SAID)
        yield Line(())

    def _heading(self, message: Message, speech: Speech) -> Line:
        speaker = shorten(one_line(speech.speaker), 60)
        spans = [(f"{message.index}  ", "dim"), (speaker, self._speaker_style(speech))]
        if speech.name:
            spans.append((f" {shorten(one_line(speech.name), 60)}", "name"))
        if message.status is not None:
            spans.append((f"  {one_line(message.status)}", "warning"))
        if moment := when(speech.at or message.created_at):
            spans.append((f"  {moment}", "dim"))
        return Line(tuple(spans))

    def _speaker_style(self, speech: Speech) -> str:
        if speech.parts and all(isinstance(part, ToolResult) for part in speech.parts):
            return "tool"
        return speech.speaker if speech.speaker in _SPEAKERS else "name"

    def _draw_part(self, part: Part, speech: Speech) -> Iterator[Line]:
        match part:
            case Text(text):
                is_instruction = speech.speaker in _INSTRUCTIONS
                yield from self._body(text, _INSTRUCTED if is_instruction else _SAID)
            case Thinking(text):
                yield from self._draw_thinking(text)
            case ToolCall():
                yield from self._draw_call(part)
            case ToolResult():
                yield from self._draw_result(part)
            case Attachment():
                yield Line.of(_describe(part), "attachment", indent=_BODY)
            case Raw(label, value):
                yield Line.of(f"{{}} {one_line(label)}", "raw", indent=_BODY)
                yield from self._body(_pretty(value), _RAW, indent=_UNDER_ARROW)

    def _draw_thinking(self, text: str) -> Iterator[Line]:
        yield Line.of("~ thinking" if text else "~ thinking, encrypted", "thinking", indent=_BODY)
        if text:
            yield from self._body(text, _THOUGHT, "thinking", indent=_UNDER_ARROW)

    def _draw_call(self, call: ToolCall) -> Iterator[Line]:
        name = one_line(call.name)
        if call.call_id:
            self._calls[call.call_id] = name
        arguments = trim(call.arguments)
        short = _short_call(arguments)
        if short is not None and len(name) + len(short) <= _SHORT_CALL:
            yield Line((("→ ", "arrow"), (name, "call"), (short, "")), _BODY)
            return
        yield Line((("→ ", "arrow"), (name, "call")), _BODY)
        if not isinstance(arguments, Mapping):
            yield from self._body(_pretty(arguments), _ARGUED, indent=_UNDER_ARROW)
            return
        for key, value in arguments.items():
            yield from self._draw_argument(str(key), value)

    def _draw_argument(self, key: str, value: Any) -> Iterator[Line]:
        text = value if isinstance(value, str) else _compact(value)
        if "\n" not in text and len(text) <= _SHORT_CALL:
            spans = ((f"{one_line(key)}: ", "argument"), (visible(text), ""))
            yield Line(spans, _UNDER_ARROW)
            return
        yield Line.of(f"{one_line(key)}:", "argument", indent=_UNDER_ARROW)
        yield from self._body(text, _ARGUED, indent=_UNDER_ARROW + 2)

    def _draw_result(self, result: ToolResult) -> Iterator[Line]:
        name = result.name or self._calls.get(result.call_id or "") or "result"
        spans = [("← ", "arrow"), (one_line(name), "call")]
        if result.failed:
            spans.append((" failed", "warning"))
        if not result.parts:
            spans.append((" (empty)", "dim"))
        yield Line(tuple(spans), _BODY)
        for part in result.parts:
            match part:
                case Text(text) | Thinking(text):
                    yield from self._body(text, _RETURNED, indent=_UNDER_ARROW)
                case Attachment():
                    yield Line.of(_describe(part), "attachment", indent=_UNDER_ARROW)
                case Raw(_, value):
                    yield from self._body(_compact(value), _RETURNED, indent=_UNDER_ARROW)
                case ToolCall() | ToolResult():
                    yield from self._body(_compact(str(part)), _RETURNED, indent=_UNDER_ARROW)

    def _body(
        self, text: str, limit: Limit, style: str = "", *, indent: int = _BODY
    ) -> Iterator[Line]:
        folded = fold(text, None if self._full else limit)
        for line in folded.lines:
            yield Line.of(line, style, indent=indent)
        if folded.note:
            yield Line.of(folded.note, "dim", indent=indent)


def _short_call(arguments: Any) -> str | None:
    """Write arguments as in code, where each is one line."""
    if not isinstance(arguments, Mapping):
        return None
    if any("\n" in value for value in arguments.values() if isinstance(value, str)):
        return None
    given = ", ".join(f"{key}={_compact(value)}" for key, value in arguments.items())
    return visible(f"({given})")


def _describe(attachment: Attachment) -> str:
    known = [attachment.media or "", "" if attachment.size is None else size(attachment.size)]
    where = shorten(one_line(attachment.where), 100) if attachment.where else ""
    detail = ", ".join(one_line(word) for word in (*known, where) if word)
    return f"[{attachment.kind}: {detail}]" if detail else f"[{attachment.kind}]"


def _compact(value: Any) -> str:
    return json.dumps(trim(value), ensure_ascii=False, default=str)


def _pretty(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(trim(value), ensure_ascii=False, indent=2, default=str)
