"""The command line: commands and their options."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from s3sessions import __version__
from s3sessions.cli.arguments.browsing import (
    add_info,
    add_ls,
    add_show,
    add_stats,
    what_ls_cannot_do,
)
from s3sessions.cli.arguments.care import add_check, add_doctor
from s3sessions.cli.arguments.costing import add_cost
from s3sessions.cli.arguments.deleting import add_prune, add_rm
from s3sessions.cli.arguments.describing import add_describe, add_end, add_fork, add_reopen
from s3sessions.cli.arguments.options import add_place_options
from s3sessions.cli.arguments.past import (
    add_clear,
    add_compact,
    add_replace,
    add_truncate,
    what_compact_cannot_do,
)
from s3sessions.cli.arguments.permitting import add_policy, what_policy_cannot_do
from s3sessions.cli.arguments.transfer import add_export, add_import, what_export_cannot_do
from s3sessions.cli.arguments.trying import add_chat, add_demo
from s3sessions.cli.exits import MEANINGS
from s3sessions.cli.lessons.program import DESCRIPTION, EPILOG

__all__ = ["build_parser", "parse"]

_COMMANDS: Final[Sequence[Callable[[Any], None]]] = (
    *(add_import, add_ls, add_show, add_info, add_export, add_stats, add_rm, add_prune),
    *(add_describe, add_end, add_reopen, add_fork),
    *(add_truncate, add_clear, add_replace, add_compact),
    *(add_chat, add_check, add_doctor, add_policy, add_cost, add_demo),
)

# What no single option tells: options that do not go together, or that need another.
_WRONG_USE: Final[Mapping[str, Callable[[argparse.Namespace], str | None]]] = {
    "compact": what_compact_cannot_do,
    "export": what_export_cannot_do,
    "ls": what_ls_cannot_do,
    "policy": what_policy_cannot_do,
}


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; ends the program with code 2 on wrong use, with 0 after help."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    command = arguments.command
    wrong = _WRONG_USE[command](arguments) if command in _WRONG_USE else None
    if wrong is not None:
        parser.error(f"{command}: {wrong}")
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
    add_place_options(parser, default=None, under="under")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in _COMMANDS:
        add(commands)
    return parser
