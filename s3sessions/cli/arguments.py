"""The command line: commands and their options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, Final

from s3sessions import __version__
from s3sessions.cli.exits import MEANINGS
from s3sessions.cli.lessons import (
    CHECK_EPILOG,
    DEMO_EPILOG,
    DESCRIPTION,
    DOCTOR_EPILOG,
    EPILOG,
    EXPORT_EPILOG,
    IMPORT_EPILOG,
    INFO_EPILOG,
    LS_EPILOG,
    RM_EPILOG,
    SHOW_EPILOG,
    STATS_EPILOG,
)

__all__ = ["SORTS", "build_parser", "parse"]

SORTS: Final = ("active", "id", "messages", "bytes")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; ends the program with code 2 on wrong use, with 0 after help."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.command == "ls" and arguments.after and not arguments.ids:
        parser.error("ls: --after goes with --ids, whose order it follows")
    if arguments.command == "ls" and arguments.sort and arguments.ids:
        parser.error("ls: --ids prints ids as they are listed: --sort cannot order them")
    return arguments


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    codes = "\n".join(f"  {code:<4}{meaning}" for code, meaning in MEANINGS.items())
    parser = argparse.ArgumentParser(
        prog="s3sessions",
        description=DESCRIPTION,
        epilog=f"{EPILOG}{codes}\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"s3sessions {__version__}")
    parser.set_defaults(under_after=[])
    _add_place_options(parser, default=None, under="under")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (_add_import, _add_ls, _add_show, _add_info, _add_export, _add_stats, _add_rm):
        add(commands)
    for add in (_add_check, _add_doctor, _add_demo):
        add(commands)
    return parser


def _add_place_options(parser: argparse.ArgumentParser, *, default: Any, under: str) -> None:
    group = parser.add_argument_group("options of every command, before or after it")
    group.add_argument("--url", default=default, help="where the sessions are (see s3sessions -h)")
    group.add_argument(
        "--under",
        metavar="NAME",
        action="append",
        dest=under,
        default=[] if default is None else default,
        help="work one prefix deeper, in a tenant or an environment; may be repeated",
    )
    group.add_argument("--endpoint-url", default=default, help="of an S3-compatible server")
    group.add_argument("--region", default=default, help="AWS region")
    group.add_argument("--profile", default=default, help="profile of the AWS configuration")
    group.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=default or False,
        help="log every request to standard error, and trace errors",
    )


def _add_command(commands: Any, name: str, summary: str, epilog: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    # Suppressed defaults, so that what stands before the command is not overwritten after it.
    _add_place_options(parser, default=argparse.SUPPRESS, under="under_after")
    return parser


def _add_json(parser: argparse.ArgumentParser, help: str = "print one JSON document") -> None:
    parser.add_argument("--json", action="store_true", help=help)


def _add_width(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--width", type=_count, default=16, metavar="N", help="conversations at a time (16)"
    )


def _add_import(commands: Any) -> None:
    parser = _add_command(
        commands, "import", "take conversations in from JSON Lines", IMPORT_EPILOG
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="JSON Lines; - is standard input")
    parser.add_argument(
        "--session-id", metavar="FIELD", help="the field of a line that holds the session id"
    )
    _add_width(parser)
    _add_json(parser)


def _add_ls(commands: Any) -> None:
    parser = _add_command(commands, "ls", "list sessions", LS_EPILOG)
    parser.add_argument("--ids", action="store_true", help="ids alone, one a line, as they come")
    parser.add_argument(
        "--sort", choices=SORTS, help="order of the table (active: the newest first)"
    )
    parser.add_argument("--limit", type=_count, metavar="N", help="at most so many sessions")
    parser.add_argument("--after", metavar="TOKEN", help="go on after an earlier --ids --limit")
    _add_json(parser, "print one JSON document a line")


def _add_show(commands: Any) -> None:
    parser = _add_command(commands, "show", "read a session", SHOW_EPILOG)
    parser.add_argument("session", metavar="SESSION", help="id, or the beginning of one")
    parser.add_argument("--agent", help="this agent only; else all agents, one after the other")
    parser.add_argument("--last", type=_count, metavar="N", help="the last messages only")
    parser.add_argument("--full", action="store_true", help="fold nothing")
    _add_json(parser, "print one message a line, exactly as stored")


def _add_info(commands: Any) -> None:
    parser = _add_command(commands, "info", "describe a session without reading it", INFO_EPILOG)
    parser.add_argument("session", metavar="SESSION", help="id, or the beginning of one")
    _add_json(parser)


def _add_export(commands: Any) -> None:
    parser = _add_command(commands, "export", "give sessions out as JSON Lines", EXPORT_EPILOG)
    parser.add_argument(
        "sessions", nargs="*", metavar="SESSION", help="ids, or beginnings of them; none: all"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="else standard output")
    _add_width(parser)


def _add_stats(commands: Any) -> None:
    _add_json(_add_command(commands, "stats", "count sessions, messages and bytes", STATS_EPILOG))


def _add_rm(commands: Any) -> None:
    parser = _add_command(commands, "rm", "delete sessions", RM_EPILOG)
    parser.add_argument("sessions", nargs="+", metavar="SESSION", help="exact ids")
    parser.add_argument("--agent", help="delete this agent of the session only")
    parser.add_argument("--purge", action="store_true", help="old versions too, with a receipt")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    _add_json(parser, "print one report or receipt a line")


def _add_check(commands: Any) -> None:
    _add_json(_add_command(commands, "check", "try whether a store is fit", CHECK_EPILOG))


def _add_doctor(commands: Any) -> None:
    parser = _add_command(commands, "doctor", "find what is wrong with sessions", DOCTOR_EPILOG)
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help="exact ids; none: all")
    parser.add_argument(
        "--repair", action="store_true", help="repair what can be repaired without losing a message"
    )
    parser.add_argument("--no-check", action="store_true", help="do not try the store first")
    _add_json(parser, "print one finding a line")


def _add_demo(commands: Any) -> None:
    parser = _add_command(commands, "demo", "see what it does, on real conversations", DEMO_EPILOG)
    parser.add_argument("--keep", action="store_true", help="leave what it wrote where it is")


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return count
