"""The chart: a panel for each of some groups, two in a row, and in it a bar for each peer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from xml.sax.saxutils import escape

from tests.benchmarks.speed.report import Result, amount_of, label

PANELS: Final = (
    *("append", "append-large", "restore-small", "restore-large"),
    *("last", "delete", "cold"),
)
SKIPPED: Final = frozenset({"python", "import"})

COLUMN: Final = 460
LABELS: Final = 225
BARS: Final = 175
LINE: Final = 19
TITLE: Final = 48
OURS: Final = "#0f766e"
OTHERS: Final = "#94a3b8"
FONT: Final = "font-family='system-ui, sans-serif' font-size='12'"


def chart(results: Mapping[str, Result]) -> str:
    """Give the SVG."""
    shown = [name for name in PANELS if name in results and results[name].rounds]
    parts: list[str] = []
    top = 8
    for start in range(0, len(shown), 2):
        row = shown[start : start + 2]
        amounts = [_amounts(name, results[name]) for name in row]
        for column, (name, found) in enumerate(zip(row, amounts, strict=True)):
            parts += _panel(_title(name, results[name]), found, column * COLUMN, top)
        top += TITLE + LINE * max(map(len, amounts))
    size = f"width='{2 * COLUMN}' height='{top}' viewBox='0 0 {2 * COLUMN} {top}'"
    head = f"<svg xmlns='http://www.w3.org/2000/svg' {size}>"
    ground = f"<rect width='{2 * COLUMN}' height='{top}' fill='#ffffff'/>"
    return "\n".join([head, ground, *parts, "</svg>", ""])


def _title(name: str, result: Result) -> str:
    return f"{result.title}: ms of {'CPU' if name == 'cold' else 'time'}"


def _amounts(name: str, result: Result) -> dict[str, float]:
    """Give what the bars show, the least first."""
    # What a fresh process takes of time depends on the disk; what it computes does not.
    measure = result.cpu if name == "cold" else result.wall
    amounts = {who: measure(who) or 0.0 for who in result.names() if who not in SKIPPED}
    return dict(sorted(amounts.items(), key=lambda pair: pair[1]))


def _panel(title: str, amounts: Mapping[str, float], left: int, top: int) -> Iterator[str]:
    yield _text(left + 8, top + 18, title, "font-weight='600'")
    most = max(amounts.values(), default=0.0) or 1.0
    bars = left + LABELS
    for place, (who, amount) in enumerate(amounts.items()):
        y = top + 28 + place * LINE
        width = max(1, round(amount / most * BARS))
        colour = OURS if who.startswith("ours") else OTHERS
        yield _text(bars - 6, y + 12, label(who).replace("`", ""), "text-anchor='end'")
        yield f"<rect x='{bars}' y='{y + 1}' width='{width}' height='14' fill='{colour}'/>"
        yield _text(bars + width + 5, y + 12, amount_of(amount), "")


def _text(x: int, y: int, text: str, style: str) -> str:
    return f"<text x='{x}' y='{y}' {FONT} {style}>{escape(text)}</text>"
