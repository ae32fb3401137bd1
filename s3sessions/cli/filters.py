"""Which sessions a command is to work on, by what is said of them: options, and what they ask."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser, Namespace
from datetime import datetime
from typing import Any, Final

from s3sessions.values import parse_time

__all__ = ["add_filters", "add_times", "filters_of"]

_NAMES: Final = ("user", "source", "model", "tag", "title", "ended", "since", "before")


def add_filters(parser: ArgumentParser) -> None:
    """Add the options that ask what session.json says."""
    group = parser.add_argument_group("which sessions")
    group.add_argument("--user", metavar="USER", help="of this user")
    group.add_argument("--source", metavar="SOURCE", help="from this source")
    group.add_argument("--model", metavar="MODEL", help="with this model")
    group.add_argument("--tag", metavar="TAG", help="with this tag")
    group.add_argument("--title", metavar="TEXT", help="with this in the title, in any case")
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--ended", action="store_true", default=None, dest="ended", help="that were ended"
    )
    either.add_argument(
        "--open", action="store_false", default=None, dest="ended", help="that were not ended"
    )


def add_times(parser: ArgumentParser) -> None:
    """Add the options that ask when somebody spoke last."""
    help_since = "last active then or later: 2026-11-21, or with a time"
    parser.add_argument("--since", type=_moment, metavar="TIME", help=help_since)
    parser.add_argument("--before", type=_moment, metavar="TIME", help="last active before then")


def filters_of(arguments: Namespace) -> dict[str, Any]:
    """Give what was asked, by the names that the library has for it."""
    asked = {name: getattr(arguments, name, None) for name in _NAMES}
    return {name: value for name, value in asked.items() if value is not None}


def _moment(text: str) -> datetime:
    """Read a time of ISO 8601; one without a zone is UTC."""
    found = parse_time(text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time like 2026-11-21 or 2026-11-21T09:00Z"
        )
    return found
