"""What a chat shows and reads: answers on standard output, everything about them on the other.

Without a terminal there is no prompt, so that answers can be piped on as they are.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from s3sessions import Message
from s3sessions.cli.output import Output
from s3sessions.cli.show import Transcript
from s3sessions.cli.text import one_line

__all__ = ["Screen"]


class Screen:
    """A terminal, or the two ends of a pipe."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.is_terminal = sys.stdin.isatty() and output.out.isatty()
        self._aside = Output(output.err, output.err)
        self._is_in_line = False
        if isinstance(sys.stdin, io.TextIOWrapper):
            # What is no text is refused where it would be stored, not with a traceback here.
            sys.stdin.reconfigure(errors="surrogateescape")
        if self.is_terminal:
            _edit_lines()

    def read(self) -> str | None:
        """Read a line; None at the end of the input."""
        if not self.is_terminal:
            line = sys.stdin.readline()
            return line.removesuffix("\n") if line else None
        try:
            return input("> ")
        except EOFError:
            return None

    def piece(self, text: str) -> None:
        """Show a piece of an answer, now."""
        self.output.stream(text)
        self._is_in_line = not text.endswith("\n")

    def end_line(self) -> None:
        """End what was shown in pieces."""
        if self._is_in_line:
            self.output.stream("\n")
            self._is_in_line = False

    def result(self, text: str) -> None:
        """Print what a command was asked for."""
        self.output.line(one_line(text))
        self.output.flush()

    def note(self, text: str) -> None:
        """Say something about the conversation."""
        self.end_line()
        self.output.note(one_line(text))

    def error(self, text: str) -> None:
        """Say what went wrong."""
        self.end_line()
        self.output.error(one_line(text))

    def transcript(self, messages: Iterable[Message]) -> None:
        """Show messages, as a result."""
        _draw(self.output, messages)
        self.output.flush()

    def recall(self, messages: Iterable[Message]) -> None:
        """Show messages, as something about the conversation."""
        self.end_line()
        _draw(self._aside, messages)
        self._aside.flush()

    def tools(self, payload: Mapping[str, Any]) -> None:
        """Show what of a message is no text: that has been shown as it came."""
        content = payload.get("content")
        blocks = content if isinstance(content, list) else []
        rest = [
            b for b in blocks if not (isinstance(b, Mapping) and isinstance(b.get("text"), str))
        ]
        if not rest:
            return
        self.end_line()
        shown = Message(0, {**payload, "content": rest}, created_at=datetime.now(UTC))
        # Without the heading and the empty line: it stands within an answer.
        self._aside.lines(list(Transcript().draw(shown))[1:-1])
        self._aside.flush()


def _draw(output: Output, messages: Iterable[Message]) -> None:
    transcript = Transcript()
    for message in messages:
        output.lines(transcript.draw(message))


def _edit_lines() -> None:
    """Let input() edit its line and remember those before, where this Python can."""
    try:
        import readline  # noqa: F401
    except ImportError:
        return
