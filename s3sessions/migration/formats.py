"""Which program has written a file: told by what is in it, for names say little."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final

from s3sessions.errors import InvalidMessage
from s3sessions.export.lines import UnreadableFile
from s3sessions.migration import claude_code, picoclaw, session_file
from s3sessions.migration.records import read_object

__all__ = ["DOCUMENTS", "LINES", "Format", "detect", "document_format"]


class Format(enum.StrEnum):
    """Whose sessions they are; a value never changes once released."""

    PICOCLAW = "picoclaw"
    """A JSON file for each session, or JSON Lines with a `.meta.json` beside them."""
    STRANDS = "strands"
    """The layout of Strands' `FileSessionManager` and `S3SessionManager`, and our own."""
    CLAUDE_CODE = "claude-code"
    """JSON Lines of log records, a file for each session or sub-agent."""
    SESSION_FILE = "session-file"
    """A JSON file for each session: version, id, model, workspace, messages, token usage."""


DOCUMENTS: Final[Mapping[Format, Callable[[Mapping[str, Any]], bool]]] = {
    Format.SESSION_FILE: session_file.is_session,
    Format.PICOCLAW: picoclaw.is_session,
}
"""Formats of which a file is one JSON object, with what tells it."""

LINES: Final = frozenset({Format.PICOCLAW, Format.CLAUDE_CODE})
"""Formats of which a file is JSON Lines."""


def document_format(document: Mapping[str, Any]) -> Format | None:
    """Tell the format of a JSON object; None of one that is no session."""
    return next((format for format, is_one in DOCUMENTS.items() if is_one(document)), None)


def detect(path: str | PathLike[str]) -> Format | None:
    """Tell the format of a file; None of one that is no session of another program.

    A folder is None too: it may hold several formats.
    """
    path = Path(path)
    try:
        if not path.is_file():
            return None
        if path.suffix == ".json":
            return document_format(read_object(path))
        if path.with_suffix(picoclaw.META).is_file():
            return Format.PICOCLAW
        return Format.CLAUDE_CODE if claude_code.head_of(path) else None
    except (OSError, UnreadableFile, InvalidMessage):
        return None
