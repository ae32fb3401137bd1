"""Options of the commands that look after a store: check, doctor."""

from __future__ import annotations

from typing import Any

from s3sessions.cli.arguments.options import add_command, add_json
from s3sessions.cli.lessons.care import CHECK_EPILOG, DOCTOR_EPILOG

__all__ = ["add_check", "add_doctor"]


def add_check(commands: Any) -> None:
    """Add check."""
    add_json(add_command(commands, "check", "try whether a store is fit", CHECK_EPILOG))


def add_doctor(commands: Any) -> None:
    """Add doctor."""
    parser = add_command(commands, "doctor", "find what is wrong with sessions", DOCTOR_EPILOG)
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help="exact ids; none: all")
    parser.add_argument(
        "--repair", action="store_true", help="repair what can be repaired without losing a message"
    )
    parser.add_argument("--no-check", action="store_true", help="do not try the store first")
    add_json(parser, "print one finding a line")
