"""Options of the commands that delete sessions: rm, prune."""

from __future__ import annotations

from typing import Any

from s3sessions.cli.arguments.options import add_command, add_json
from s3sessions.cli.durations import parse_duration
from s3sessions.cli.filters import add_filters
from s3sessions.cli.lessons.deleting import PRUNE_EPILOG, RM_EPILOG

__all__ = ["add_prune", "add_rm"]


def add_rm(commands: Any) -> None:
    """Add rm."""
    parser = add_command(commands, "rm", "delete sessions", RM_EPILOG)
    parser.add_argument("sessions", nargs="+", metavar="SESSION", help="exact ids")
    parser.add_argument("--agent", help="delete this agent of the session only")
    parser.add_argument("--purge", action="store_true", help="old versions too, with a receipt")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    add_json(parser, "print one report or receipt a line")


def add_prune(commands: Any) -> None:
    """Add prune."""
    parser = add_command(commands, "prune", "delete old sessions", PRUNE_EPILOG)
    parser.add_argument(
        "--older-than", type=parse_duration, required=True, metavar="AGE", help="such as 90d or 36h"
    )
    add_filters(parser)
    parser.add_argument("--empty", action="store_true", help="those without a message, too")
    parser.add_argument(
        "--keep", action="append", default=[], metavar="ID", help="keep it; may be repeated"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
    parser.add_argument("--purge", action="store_true", help="old versions too, with receipts")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    add_json(parser, "print one result a line")
