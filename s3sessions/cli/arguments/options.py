"""How a command is added, and the options that several have."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = [
    "add_command",
    "add_json",
    "add_place_options",
    "add_session",
    "add_width",
    "pair",
    "positive",
    "whole",
]


def add_command(commands: Any, name: str, summary: str, epilog: str) -> argparse.ArgumentParser:
    """Add a command with the options of the place, and give its parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    # Suppressed defaults, so that what stands before the command is not overwritten after it.
    add_place_options(parser, default=argparse.SUPPRESS, under="under_after")
    return parser


def add_place_options(parser: argparse.ArgumentParser, *, default: Any, under: str) -> None:
    """Add the options that say where the sessions are."""
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


def add_session(parser: argparse.ArgumentParser) -> None:
    """Add the session that the command works on."""
    parser.add_argument("session", metavar="SESSION", help="id, or the beginning of one")


def add_json(parser: argparse.ArgumentParser, help: str = "print one JSON document") -> None:
    """Add the option that makes the output one for programs."""
    parser.add_argument("--json", action="store_true", help=help)


def add_width(parser: argparse.ArgumentParser) -> None:
    """Add how much is done at a time."""
    parser.add_argument(
        "--width", type=positive, default=16, metavar="N", help="conversations at a time (16)"
    )


def positive(text: str) -> int:
    """Read a number of 1 or more; for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def whole(text: str) -> int:
    """Read a number of 0 or more; for argparse."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than 0")
    return number


def pair(text: str) -> tuple[str, str]:
    """Read KEY=TEXT; for argparse."""
    key, found, value = text.partition("=")
    if not found or not key:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=TEXT")
    return key, value
