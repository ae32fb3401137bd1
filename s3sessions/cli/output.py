"""Where text goes: results to standard output, everything about them to standard error.

On a terminal with rich installed lines are wrapped and coloured; elsewhere they are plain text,
neither wrapped nor cut, for other programs to read. All text passes `visible` here once more.
"""

from __future__ import annotations

import io
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TextIO

from s3sessions.cli.show import Line
from s3sessions.cli.text import one_line, to_json, visible

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Column", "Output"]

_STYLES: Final = {
    "argument": "cyan",
    "arrow": "yellow",
    "assistant": "bold green",
    "attachment": "blue",
    "call": "bold",
    "developer": "bold magenta",
    "dim": "dim",
    "good": "bold green",
    "heading": "bold underline",
    "name": "bold blue",
    "raw": "dim",
    "system": "bold magenta",
    "thinking": "dim italic",
    "tool": "bold yellow",
    "user": "bold cyan",
    "warning": "bold red",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers stand right."""

    title: str
    is_number: bool = False


class Output:
    """Standard output and standard error of one command."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.out = _whole(out or sys.stdout)
        self.err = err or sys.stderr
        self._console = _console(self.out)
        self.err_console = _console(self.err)

    @property
    def is_pretty(self) -> bool:
        """Whether results go to a terminal and rich is there to draw them."""
        return self._console is not None

    def line(self, text: str = "", style: str = "") -> None:
        """Print one line of a result."""
        self.lines([Line.of(text, style)])

    def spans(self, *spans: tuple[str, str]) -> None:
        """Print one line of a result in several styles."""
        self.lines([Line(spans)])

    def lines(self, lines: Iterable[Line]) -> None:
        """Print lines of a result as they come."""
        for line in lines:
            if self._console is None:
                text = " " * line.indent + visible(line.text)
                self.out.write(text.rstrip() + "\n")
            else:
                _print_styled(self._console, line)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; every cell on one line."""
        cells = [[one_line(cell) for cell in row] for row in rows]
        if self._console is None:
            self.out.writelines(_plain_table(columns, cells))
        else:
            _print_table(self._console, columns, cells)

    def json(self, value: Any) -> None:
        """Print one JSON document on one line."""
        self.out.write(to_json(value) + "\n")

    def stream(self, text: str) -> None:
        """Print a piece of a result at once, within a line."""
        self.out.write(visible(text))
        self.out.flush()

    def note(self, text: str) -> None:
        """Say something about the result, on standard error."""
        self.out.flush()
        self.err.write(visible(text) + "\n")
        self.err.flush()

    def error(self, text: str) -> None:
        """Say what went wrong, on standard error."""
        self.note(f"s3sessions: {text}")

    def ask(self, question: str) -> bool:
        """Ask on standard error and read yes or no; everything but yes is no."""
        self.out.flush()
        self.err.write(f"{visible(question)} [y/N] ")
        self.err.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def flush(self) -> None:
        """Raise here, not at the end of the process, where the reader has gone."""
        self.out.flush()


def _whole(stream: TextIO) -> TextIO:
    """Give a stream that writes all it is given, or raises.

    With PYTHONUNBUFFERED standard output has no buffer, and then Python drops without a word what
    a write that was cut short (the reader went away, a signal came) left over.
    """
    if not isinstance(getattr(stream, "buffer", None), io.RawIOBase):
        return stream
    descriptor, encoding, errors = stream.fileno(), stream.encoding, stream.errors
    return open(descriptor, "w", encoding=encoding, errors=errors, closefd=False)


def _console(stream: TextIO) -> Console | None:
    if not stream.isatty() and "FORCE_COLOR" not in os.environ:
        return None  # Spares every pipe the time that importing rich takes.
    try:
        from rich.console import Console
    except ImportError:
        return None
    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else None


def _print_styled(console: Console, line: Line) -> None:
    from rich.text import Text

    text = Text(tab_size=4)
    for span, style in line.spans:
        text.append(visible(span), _STYLES.get(style, style))
    width = max(console.width - line.indent, 20)
    for piece in text.wrap(console, width, overflow="fold", tab_size=4):
        piece.rstrip()
        piece.pad_left(line.indent)
        console.print(piece, no_wrap=True, overflow="ignore", crop=False)


def _print_table(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]]
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.is_number else "left",
            # Numbers keep their place in a narrow window, names are wrapped instead.
            no_wrap=column.is_number,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _plain_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    lines = [[column.title for column in columns], *rows]
    widths = [max(_width(line[at]) for line in lines) for at in range(len(columns))]
    for line in lines:
        cells = []
        for column, width, cell in zip(columns, widths, line, strict=True):
            room = " " * (width - _width(cell))
            cells.append(room + cell if column.is_number else cell + room)
        yield "  ".join(cells).rstrip() + "\n"


def _width(text: str) -> int:
    """Count the columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
