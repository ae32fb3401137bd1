"""Options of the commands that change what a session is: describe, end, reopen, fork."""

from __future__ import annotations

from typing import Any, get_args

from s3sessions.cli.arguments.options import add_command, add_json, add_session, pair
from s3sessions.cli.lessons.describing import (
    DESCRIBE_EPILOG,
    END_EPILOG,
    FORK_EPILOG,
    REOPEN_EPILOG,
)
from s3sessions.models import ForkKind

__all__ = ["add_describe", "add_end", "add_fork", "add_reopen"]


def add_describe(commands: Any) -> None:
    """Add describe."""
    parser = add_command(commands, "describe", "change what is said of it", DESCRIBE_EPILOG)
    add_session(parser)
    for name in ("title", "user", "model", "source"):
        parser.add_argument(f"--{name}", metavar="TEXT", help=f"its {name}")
    parser.add_argument(
        "--tag", action="append", dest="tags", metavar="TAG", help="all its tags; may be repeated"
    )
    parser.add_argument(
        "--metadata", type=pair, action="append", metavar="KEY=TEXT", help="may be repeated"
    )
    parser.add_argument(
        "--clear", action="append", default=[], metavar="FIELD", help="take away; may be repeated"
    )
    parser.add_argument("--only-unset", action="store_true", help="change nothing that is said")
    add_json(parser)


def add_end(commands: Any) -> None:
    """Add end."""
    parser = add_command(commands, "end", "say that it has ended", END_EPILOG)
    add_session(parser)
    parser.add_argument("--reason", metavar="TEXT", help="why; the first one stays")
    add_json(parser)


def add_reopen(commands: Any) -> None:
    """Add reopen."""
    parser = add_command(commands, "reopen", "take back that it has ended", REOPEN_EPILOG)
    add_session(parser)
    add_json(parser)


def add_fork(commands: Any) -> None:
    """Add fork."""
    parser = add_command(commands, "fork", "make a session out of another one", FORK_EPILOG)
    add_session(parser)
    parser.add_argument("--as", dest="child", metavar="ID", help="id of the new one; else made")
    parser.add_argument(
        "--kind", choices=get_args(ForkKind), default="branch", help="what it is for (branch)"
    )
    parser.add_argument("--agent", help="the only agent of a branch, or the one that is meant")
    parser.add_argument(
        "--until", type=int, metavar="N", help="of a branch: only messages below this index"
    )
    parser.add_argument(
        "--messages",
        metavar="FILE",
        help="what it begins with: JSON Lines or a JSON array; - is standard input",
    )
    parser.add_argument("--title", metavar="TEXT", help="instead of the title that it has")
    add_json(parser)
