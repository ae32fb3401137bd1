"""Options of the commands that look: ls, show, info, stats."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, Final

from s3sessions.cli.arguments.options import add_command, add_json, add_session, positive
from s3sessions.cli.filters import add_filters, add_times
from s3sessions.cli.lessons.browsing import INFO_EPILOG, LS_EPILOG, SHOW_EPILOG, STATS_EPILOG
from s3sessions.cli.summaries import asks_for_summaries

__all__ = ["add_info", "add_ls", "add_show", "add_stats", "what_ls_cannot_do"]

_SORTS: Final = ("active", "id", "messages", "bytes")


def add_ls(commands: Any) -> None:
    """Add ls."""
    parser = add_command(commands, "ls", "list sessions", LS_EPILOG)
    parser.add_argument("--ids", action="store_true", help="ids alone, one a line, as they come")
    parser.add_argument(
        "--sort", choices=_SORTS, help="order of the table (active: the newest first)"
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="at most so many sessions")
    parser.add_argument("--after", metavar="TOKEN", help="go on after an earlier --ids --limit")
    parser.add_argument("-l", "--long", action="store_true", help="titles and beginnings, too")
    parser.add_argument("--children", action="store_true", help="delegated sessions, too")
    add_filters(parser)
    add_times(parser)
    add_json(parser, "print one JSON document a line")


def add_show(commands: Any) -> None:
    """Add show."""
    parser = add_command(commands, "show", "read a session", SHOW_EPILOG)
    add_session(parser)
    parser.add_argument("--agent", help="this agent only; else all agents, one after the other")
    parser.add_argument("--last", type=positive, metavar="N", help="the last messages only")
    parser.add_argument("--full", action="store_true", help="fold nothing")
    add_json(parser, "print one message a line, exactly as stored")


def add_info(commands: Any) -> None:
    """Add info."""
    parser = add_command(commands, "info", "describe a session without reading it", INFO_EPILOG)
    add_session(parser)
    add_json(parser)


def add_stats(commands: Any) -> None:
    """Add stats."""
    add_json(add_command(commands, "stats", "count sessions, messages and bytes", STATS_EPILOG))


def what_ls_cannot_do(arguments: Namespace) -> str | None:
    """Say what is wrong with the options of ls; None where nothing is."""
    if arguments.after and not arguments.ids:
        return "--after goes with --ids, whose order it follows"
    if arguments.sort and arguments.ids:
        return "--ids prints ids as they are listed: --sort cannot order them"
    if asks_for_summaries(arguments):
        if arguments.ids:
            return "--ids reads nothing: leave it out, or take the ids from --json"
        if arguments.sort not in (None, "active"):
            return "--long and filters give the newest first: leave --sort out"
    return None
