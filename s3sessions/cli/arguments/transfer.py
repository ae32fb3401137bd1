"""Options of the commands that take conversations in and give them out: import, export."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, Final

from s3sessions.cli.arguments.options import add_command, add_json, add_width
from s3sessions.cli.lessons.transfer import EXPORT_EPILOG, IMPORT_EPILOG
from s3sessions.migration.formats import Format

__all__ = ["AUTO", "LINES", "add_export", "add_import", "what_export_cannot_do"]

AUTO: Final = "auto"
LINES: Final = "lines"
_TARGETS: Final = ("openai", "anthropic", "markdown", "strands")
_FOLDERS: Final = ("markdown", "strands")


def add_import(commands: Any) -> None:
    """Add import."""
    parser = add_command(
        commands, "import", "take conversations in, of other programs too", IMPORT_EPILOG
    )
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="a file, a folder or a URL; - is standard input"
    )
    parser.add_argument(
        "--from",
        choices=(AUTO, LINES, *Format),
        default=AUTO,
        dest="format",
        help="what the paths hold, instead of what is found in them",
    )
    parser.add_argument(
        "--session-id", metavar="FIELD", help="the field of a line that holds the session id"
    )
    parser.add_argument(
        "--keep", action="store_true", help="do not rename what was migrated to ….migrated"
    )
    add_width(parser)
    add_json(parser)


def add_export(commands: Any) -> None:
    """Add export."""
    parser = add_command(commands, "export", "give sessions out, as lines or files", EXPORT_EPILOG)
    parser.add_argument(
        "sessions", nargs="*", metavar="SESSION", help="ids, or beginnings of them; none: all"
    )
    parser.add_argument(
        "--to", choices=_TARGETS, help="for other programs, instead of lines that import takes back"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="or a folder or a URL; else standard output"
    )
    add_width(parser)


def what_export_cannot_do(arguments: Namespace) -> str | None:
    """Say what is wrong with the options of export; None where nothing is."""
    if arguments.to in _FOLDERS and not arguments.output:
        return f"--to {arguments.to} writes no lines: say where to with --output"
    return None
