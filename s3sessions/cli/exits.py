"""What the exit codes mean, and which error ends in which."""

from __future__ import annotations

import enum

from s3sessions.errors import (
    AccessDenied,
    Ambiguous,
    Conflict,
    InvalidId,
    InvalidSettings,
    NotFound,
    PartialDelete,
    S3SessionsError,
)

__all__ = ["MEANINGS", "CommandError", "Exit", "code_of"]


class Exit(enum.IntEnum):
    """Exit codes of every command; stable."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    NOT_FOUND = 3
    PARTIAL = 4
    REFUSED = 5
    INTERRUPTED = 130
    BROKEN_PIPE = 141


MEANINGS = {
    Exit.DONE: "done",
    Exit.ERROR: "an error; the text says what to do",
    Exit.USAGE: "wrong use: arguments, settings, an id that fits several sessions",
    Exit.NOT_FOUND: "no such session or agent",
    Exit.PARTIAL: "done in part: bad lines or files, unreadable objects, objects left; see stderr",
    Exit.REFUSED: "not done: you said no, access was denied, or another writer was first",
    Exit.INTERRUPTED: "interrupted (Ctrl-C); nothing is half-written",
    Exit.BROKEN_PIPE: "whoever read the output stopped reading",
}


class CommandError(Exception):
    """A command cannot go on; the text is for people and ends the program with `code`."""

    def __init__(self, message: str, code: Exit = Exit.ERROR) -> None:
        super().__init__(message)
        self.code = code


def code_of(error: S3SessionsError) -> Exit:
    """Give the exit code for an error of the library."""
    match error:
        case NotFound():
            return Exit.NOT_FOUND
        case PartialDelete():
            return Exit.PARTIAL
        case InvalidSettings() | InvalidId() | Ambiguous():
            return Exit.USAGE
        case AccessDenied() | Conflict():
            return Exit.REFUSED
        case _:
            return Exit.ERROR
