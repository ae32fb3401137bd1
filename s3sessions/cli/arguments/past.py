"""Options of the commands for what was said: truncate, clear, replace, compact."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import timedelta
from typing import Any, Final

from s3sessions.cli.arguments.options import add_command, add_json, add_session, whole
from s3sessions.cli.durations import parse_duration
from s3sessions.cli.lessons.past import (
    CLEAR_EPILOG,
    COMPACT_EPILOG,
    REPLACE_EPILOG,
    TRUNCATE_EPILOG,
)

__all__ = ["add_clear", "add_compact", "add_replace", "add_truncate", "what_compact_cannot_do"]

_A_DAY: Final = timedelta(hours=24)


def add_truncate(commands: Any) -> None:
    """Add truncate."""
    parser = add_command(commands, "truncate", "hide old messages", TRUNCATE_EPILOG)
    _add_agent_of_session(parser)
    parser.add_argument(
        "--keep-last", type=whole, required=True, metavar="N", help="how many stay visible"
    )
    parser.add_argument(
        "--summary", metavar="TEXT", help="in place of what is hidden; - is standard input"
    )
    add_json(parser)


def add_clear(commands: Any) -> None:
    """Add clear."""
    parser = add_command(commands, "clear", "hide all messages and the summary", CLEAR_EPILOG)
    _add_agent_of_session(parser)
    add_json(parser)


def add_replace(commands: Any) -> None:
    """Add replace."""
    parser = add_command(commands, "replace", "put other messages in place", REPLACE_EPILOG)
    _add_agent_of_session(parser)
    parser.add_argument(
        "--messages",
        metavar="FILE",
        required=True,
        help="JSON Lines or a JSON array; - is standard input",
    )
    add_json(parser)


def add_compact(commands: Any) -> None:
    """Add compact."""
    parser = add_command(
        commands, "compact", "delete what is hidden, pack what is old", COMPACT_EPILOG
    )
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help="ids, or beginnings of them")
    parser.add_argument("--all", action="store_true", help="all sessions")
    parser.add_argument("--agent", metavar="ID", help="this agent only; else all agents")
    parser.add_argument(
        "--min-age",
        type=parse_duration,
        default=_A_DAY,
        metavar="AGE",
        help="only what is as old (24h)",
    )
    parser.add_argument(
        "--pack", action="store_true", help="rewrite old messages as segments, read in few requests"
    )
    add_json(parser, "print one report a line")


def what_compact_cannot_do(arguments: Namespace) -> str | None:
    """Say what is wrong with the options of compact; None where nothing is."""
    if bool(arguments.sessions) is arguments.all:
        return "name sessions, or give --all"
    return None


def _add_agent_of_session(parser: ArgumentParser) -> None:
    add_session(parser)
    parser.add_argument("--agent", metavar="ID", help="needed where the session has several")
