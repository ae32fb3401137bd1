"""Options of the commands that show what this is: chat, demo."""

from __future__ import annotations

from typing import Any

from s3sessions.cli.arguments.options import add_command
from s3sessions.cli.lessons.trying import CHAT_EPILOG, DEMO_EPILOG

__all__ = ["add_chat", "add_demo"]


def add_chat(commands: Any) -> None:
    """Add chat."""
    parser = add_command(commands, "chat", "talk, and store what is said", CHAT_EPILOG)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--session", metavar="ID", help="id, or the beginning of one; may be new")
    which.add_argument("--resume", action="store_true", help="the latest session of this folder")
    parser.add_argument("--agent", metavar="ID", help="default, or the only one of the session")
    parser.add_argument("--model", metavar="MODULE:NAME", help="a function or a Strands agent")


def add_demo(commands: Any) -> None:
    """Add demo."""
    parser = add_command(commands, "demo", "see what it does, on real conversations", DEMO_EPILOG)
    parser.add_argument("--keep", action="store_true", help="leave what it wrote where it is")
