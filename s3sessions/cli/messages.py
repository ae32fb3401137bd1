"""Messages that a command is given: JSON Lines or one JSON array, in a file or standard input."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any, Final

from s3sessions.cli.exits import CommandError

__all__ = ["STANDARD_INPUT", "read_messages"]

STANDARD_INPUT: Final = "-"


def read_messages(path: str) -> list[Any]:
    """Read messages in UTF-8; the library says which of them cannot be stored.

    Raises:
        CommandError: it cannot be read, or is no JSON; says the line.
    """
    text = _read(path)
    if text.lstrip().startswith("["):
        return _array(path, text)
    messages = []
    # Not splitlines, which takes a line separator within a text for the end of a line.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            messages.append(_parsed(f"{path}, line {number}", line))
    return messages


def _read(path: str) -> str:
    try:
        if path != STANDARD_INPUT:
            return Path(path).read_text("utf-8")
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="strict")  # JSON, whatever the locale.
        return sys.stdin.read()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error


def _array(path: str, text: str) -> list[Any]:
    messages: list[Any] = _parsed(path, text)
    return messages


def _parsed(place: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{place}: no JSON: {error}") from error
