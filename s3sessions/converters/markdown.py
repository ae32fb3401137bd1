"""A history as Markdown, for people to read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from s3sessions.converters.conversion import read_turn
from s3sessions.converters.fields import json_text
from s3sessions.converters.parts import Call, Media, Other, Part, Reasoning, Result, Text, Turn

__all__ = ["to_markdown"]

_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$", re.MULTILINE)
_TICKS: Final = re.compile(r"`+")


def to_markdown(
    payloads: Iterable[Mapping[str, Any]],
    *,
    title: str | None = None,
    system: str | None = None,
    summary: str | None = None,
) -> str:
    """Write a history as Markdown: a heading for each message, calls and results in code blocks.

    What is said stands there as it is. Media are named and not shown, and so is reasoning that a
    provider keeps to itself; a block or a message of no known shape is JSON. Other fields of a
    message (usage, ids, model) are left out.

    Args:
        payloads: of any of the three shapes.
        title: the heading of the whole.
        system: instructions that stand apart from the payloads.
        summary: of what came before them.
    """
    names: dict[str, str] = {}
    pieces = [] if title is None else [f"# {' '.join(title.split())}"]
    for heading, said in (("System", system), ("Summary", summary)):
        pieces += [f"## {heading}", _closed(said)] if said else []
    for payload in payloads:
        turn = read_turn(payload)
        if turn is None:
            pieces += ["## Message", _fenced("json", _readable(payload))]
        else:
            pieces += _section(turn, names)
    return "\n\n".join(pieces) + "\n"


def _section(turn: Turn, names: dict[str, str]) -> Iterator[str]:
    yield f"## {turn.role.capitalize()}"
    for part in turn.parts:
        if isinstance(part, Call):
            names[part.call_id] = part.name
        yield from _written(part, names)


def _written(part: Part, names: Mapping[str, str]) -> Iterator[str]:
    match part:
        case Text():
            yield _closed(part.text)
        case Reasoning():
            said = part.text or "Reasoning that its provider keeps to itself."
            yield "\n".join(f"> {line}".rstrip() for line in said.splitlines())
        case Call():
            yield f"**Call** {_code(part.name)} {_code(part.call_id)}"
            yield _fenced("json", _readable(part.arguments))
        case Result():
            what = "Failed result" if part.failed else "Result"
            name = names.get(part.call_id)
            whose = f" of {_code(name)}" if name else ""
            yield f"**{what}**{whose} {_code(part.call_id)}"
            for item in part.content:
                if isinstance(item, Text):
                    yield _fenced("", item.text)
                else:
                    yield from _written(item, names)
        case Media():
            yield f"*{_named(part)}*"
        case Other():
            yield _fenced("json", _readable(part.value))


def _named(media: Media) -> str:
    size = None if media.data is None else f"{len(media.data):,} bytes"
    where = None if media.where is None else _code(media.where[:200])
    name = None if media.name is None else _code(media.name)
    details = ", ".join(detail for detail in (name, media.media_type, size, where) if detail)
    return f"{media.kind}: {details}" if details else media.kind


def _readable(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=2, default=_size)
    except (TypeError, ValueError):
        return json_text(str(value))


def _size(value: Any) -> str:
    return f"{len(value):,} bytes" if isinstance(value, bytes) else str(value)


def _code(text: str) -> str:
    """Write text as code within a line."""
    text = " ".join(text.split())
    ticks = "`" * (_longest_run(text) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _fenced(language: str, text: str) -> str:
    """Write text as a code block whose fence is longer than any inside."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)


def _closed(text: str) -> str:
    """Close a code block that is left open, so that it does not swallow what follows."""
    is_open = ""
    for fence, rest in _FENCE.findall(text):
        if not is_open:
            is_open = fence
        elif fence.startswith(is_open) and not rest.strip():
            is_open = ""
    return f"{text}\n{is_open}" if is_open else text
