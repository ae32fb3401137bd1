"""Stored text made fit for a terminal: nothing in it moves the cursor, hides, or floods.

Every text that comes from a store passes `visible` on its way to a terminal; an escape sequence
in a message would otherwise be obeyed by the terminal of whoever reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

__all__ = [
    "Folded",
    "Limit",
    "age",
    "counted",
    "escape_json",
    "fold",
    "one_line",
    "shorten",
    "size",
    "to_json",
    "trim",
    "visible",
    "when",
    "without_binary",
]

# C0 but for tab and newline, DEL, C1, the line separators, the marks that turn the reading
# direction around (they can make a text read as another), what has no width and joins nothing,
# and lone surrogates.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufeff]"
)
_UNSAFE_IN_JSON: Final = re.compile(
    "[\x7f-\x9f\u200b\u2028-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufeff]"
)
_DATA_URL: Final = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=]{64,}")
# One long run, or the lines that encoders wrap it into; begins only where a run begins, so that
# searching stays linear.
_BASE64: Final = re.compile(
    r"(?<![A-Za-z0-9+/_-])"
    r"(?:[A-Za-z0-9+/_-]{300,}={0,2}|(?:[A-Za-z0-9+/]{60,80}\n){4,}[A-Za-z0-9+/]*={0,2})"
)
_DEEPEST: Final = 40


def visible(text: str) -> str:
    """Spell out what a terminal would obey or could not show; tabs and newlines stay."""
    return _INVISIBLE.sub(_spell, text.replace("\r\n", "\n"))


def _spell(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def one_line(text: str) -> str:
    """Make text fit for one line of output: an id cannot forge a second one."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def escape_json(text: str) -> str:
    """Spell the same JSON without characters that a terminal would obey."""
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def to_json(value: Any) -> str:
    """Write one JSON document on one line."""
    return escape_json(json.dumps(value, ensure_ascii=False, default=str))


def without_binary(text: str) -> str:
    """Say how much base64 stands in a text in its place."""
    if len(text) < 64:
        return text
    text = _DATA_URL.sub(_measured, text)
    return _BASE64.sub(_measured, text) if len(text) >= 300 else text


def _measured(match: re.Match[str]) -> str:
    found = match[0]
    head = found[: found.index(",") + 1] if found.startswith("data:") else ""
    # Long runs of one case are words, paths or rulers, not base64.
    if not head and not (re.search("[a-z]", found) and re.search("[A-Z0-9]", found)):
        return found
    return f"{head}‹base64, {len(found) - len(head):,} characters›"


def trim(value: Any, *, depth: int = 0) -> Any:
    """Make a value of a payload fit to print as JSON: binary by its size, bounded depth."""
    if isinstance(value, bytes):
        return f"‹binary, {size(len(value))}›"
    if isinstance(value, str):
        return without_binary(value)
    if depth >= _DEEPEST:
        return "‹nested deeper›" if isinstance(value, (Mapping, list)) else value
    if isinstance(value, Mapping):
        return {name: trim(item, depth=depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [trim(item, depth=depth + 1) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of a text is shown: at most so many lines and so many characters."""

    lines: int
    characters: int


@dataclass(frozen=True, slots=True)
class Folded:
    """The lines to show, and how much was left out."""

    lines: tuple[str, ...]
    lines_left: int = 0
    characters_left: int = 0

    @property
    def note(self) -> str | None:
        """Say what was left out; None where nothing was."""
        if not self.characters_left:
            return None
        more = counted(self.characters_left, "more character")
        if self.lines_left:
            more += f" on {counted(self.lines_left, 'more line')}"
        return f"… {more} (--full)"


def fold(text: str, limit: Limit | None) -> Folded:
    """Make a text visible and keep its beginning; a fold that would save little is not made."""
    text = visible(without_binary(text)).strip("\n")
    lines = text.split("\n")
    if limit is None or _nearly_fits(lines, text, limit):
        return Folded(tuple(lines))
    shown: list[str] = []
    room = limit.characters
    for line in lines[: limit.lines]:
        if len(line) > room:
            if room > limit.characters // 4 or not shown:
                shown.append(line[:room])
            break
        shown.append(line)
        room -= len(line)
    while len(shown) > 1 and not shown[-1].strip():
        shown.pop()
    kept = sum(map(len, shown)) + len(shown) - 1
    return Folded(tuple(shown), len(lines) - len(shown), len(text) - kept)


def _nearly_fits(lines: list[str], text: str, limit: Limit) -> bool:
    return len(lines) <= limit.lines + 2 and len(text) <= limit.characters * 1.2


def shorten(text: str, limit: int) -> str:
    """Cut a text of one line."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write a number of things: `1 file`, `2 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def size(count: int) -> str:
    """Write a number of bytes for people, in units of 1,000 as storage is sold in."""
    unit, scaled = "B", float(count)
    for larger in ("kB", "MB", "GB", "TB"):
        if scaled < 999.5:
            break
        unit, scaled = larger, scaled / 1000
    return f"{scaled:.0f} {unit}" if unit == "B" or scaled >= 99.95 else f"{scaled:.1f} {unit}"


def when(moment: datetime | None) -> str:
    """Write a time to the second, in UTC."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def age(moment: datetime | None, now: datetime) -> str:
    """Write how long ago a time was; of what is older than a month, the day."""
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    if seconds < 60:
        return "just now"
    for unit, length, limit in (("min", 60, 60), ("h", 3600, 24), ("d", 86400, 31)):
        if seconds < length * limit:
            return f"{seconds // length:.0f} {unit} ago"
    return f"{moment.astimezone(UTC):%Y-%m-%d}"
