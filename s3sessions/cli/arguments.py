"""The command line: commands, their options, and the help that teaches them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, Final

from s3sessions import __version__
from s3sessions.cli.exits import MEANINGS

__all__ = ["SORTS", "build_parser", "parse"]

SORTS: Final = ("active", "id", "messages", "bytes")

_DESCRIPTION: Final = "Durable sessions for AI agents on plain object storage."

_EPILOG: Final = """\
examples:
  s3sessions demo                                  see what it does, in a temporary folder
  s3sessions import conversations.jsonl.gz         take conversations in, one a line
  s3sessions ls                                    list sessions, newest first
  s3sessions show order-42 --last 10               read the end of a conversation
  s3sessions --url s3://bucket/prod stats          the same commands on a bucket
  s3sessions ls --ids | head -3 | xargs s3sessions export -o some.jsonl.gz

where the sessions are (--url, else S3SESSIONS_URL, else a folder in your data directory):
  s3://bucket/prefix    Amazon S3, or a compatible server with --endpoint-url
  file:///var/sessions  a folder; the same keys as files

environment:
  S3SESSIONS_URL, S3SESSIONS_ENDPOINT_URL, S3SESSIONS_REGION, S3SESSIONS_PROFILE
                        what the options of the same names say; an option wins
  S3SESSIONS_WIDTH, S3SESSIONS_PUT_ARGS, S3SESSIONS_READ_TIMEOUT, …
                        every other setting of the library
  AWS_…                 credentials, as for every AWS tool
  NO_COLOR              no colours on a terminal

Wrapped and coloured text, progress bars and .zst files need rich and zstandard, which
pip install 's3sessions[cli]' brings; everything else works without them.

exit codes:
"""

_IMPORT_EPILOG: Final = """\
A line is a JSON object with `messages`, a list of objects of any shape, and `session_id` or
`id`. Lines that share a session id are agents of one session, told apart by `agent_id`. Other
fields are kept with the agent. Files are plain, gzip or zstd; - is standard input.

Importing twice changes nothing, and an import that was cut off goes on when it is run again. A
bad line is named with its file and line number, does not stop the rest, and makes exit code 4.

example:
  s3sessions import *.jsonl.gz --session-id conversation_id
"""

_LS_EPILOG: Final = """\
The table lists every object once and reads none: one request for each 1,000 objects. --ids asks
for ids alone, one request for each 1,000 sessions, and prints them as they come.

An id with control characters is shown with \\x escapes; --json gives it exactly.

examples:
  s3sessions ls --sort bytes --limit 20
  s3sessions ls --ids --limit 100            says at the end how to go on
  s3sessions ls --json | jq -r 'select(.messages > 100) | .id'
"""

_SHOW_EPILOG: Final = """\
Long texts are folded, with what was left out; binary content is never printed. Objects that
cannot be read are passed over, named at the end, and make exit code 4.

examples:
  s3sessions show order-42
  s3sessions show ord --agent support --last 20 --full | less
  s3sessions show order-42 --json | jq .payload
"""

_INFO_EPILOG: Final = """\
example:
  s3sessions info order-42
"""

_EXPORT_EPILOG: Final = """\
JSON Lines, one agent of one session a line, in the order of the list; import takes them back.
A file is written under a temporary name and gets its own when it is whole; .gz and .zst
compress. Sessions that went away meanwhile and objects that cannot be read are named on standard
error and make exit code 4.

examples:
  s3sessions export -o all.jsonl.zst
  s3sessions export order-42 | jq -c '.messages[]'
"""

_STATS_EPILOG: Final = """\
Lists every object once and reads none: one request for each 1,000 objects.

example:
  s3sessions stats --url s3://bucket/prod
"""

_RM_EPILOG: Final = """\
Says what would go and asks; without a terminal it refuses unless --yes is given. Ids are exact
here: a prefix names nothing. A deletion that was cut off goes on when it is run again.

examples:
  s3sessions rm order-41
  s3sessions rm order-41 --agent support --yes
"""

_DEMO_EPILOG: Final = """\
Runs in a temporary folder, or with --url in a bucket of yours, under a fresh name beginning with
demo-. What it claims it checks: exit code 1 if a claim does not hold.

examples:
  s3sessions demo
  s3sessions demo --url s3://bucket --keep
"""


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
        description=_DESCRIPTION,
        epilog=f"{_EPILOG}{codes}\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"s3sessions {__version__}")
    parser.set_defaults(under_after=[])
    _add_place_options(parser, default=None, under="under")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (_add_import, _add_ls, _add_show, _add_info, _add_export, _add_stats, _add_rm):
        add(commands)
    _add_demo(commands)
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
        commands, "import", "take conversations in from JSON Lines", _IMPORT_EPILOG
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="JSON Lines; - is standard input")
    parser.add_argument(
        "--session-id", metavar="FIELD", help="the field of a line that holds the session id"
    )
    _add_width(parser)
    _add_json(parser)


def _add_ls(commands: Any) -> None:
    parser = _add_command(commands, "ls", "list sessions", _LS_EPILOG)
    parser.add_argument("--ids", action="store_true", help="ids alone, one a line, as they come")
    parser.add_argument(
        "--sort", choices=SORTS, help="order of the table (active: the newest first)"
    )
    parser.add_argument("--limit", type=_count, metavar="N", help="at most so many sessions")
    parser.add_argument("--after", metavar="TOKEN", help="go on after an earlier --ids --limit")
    _add_json(parser, "print one JSON document a line")


def _add_show(commands: Any) -> None:
    parser = _add_command(commands, "show", "read a session", _SHOW_EPILOG)
    parser.add_argument("session", metavar="SESSION", help="id, or the beginning of one")
    parser.add_argument("--agent", help="this agent only; else all agents, one after the other")
    parser.add_argument("--last", type=_count, metavar="N", help="the last messages only")
    parser.add_argument("--full", action="store_true", help="fold nothing")
    _add_json(parser, "print one message a line, exactly as stored")


def _add_info(commands: Any) -> None:
    parser = _add_command(commands, "info", "describe a session without reading it", _INFO_EPILOG)
    parser.add_argument("session", metavar="SESSION", help="id, or the beginning of one")
    _add_json(parser)


def _add_export(commands: Any) -> None:
    parser = _add_command(commands, "export", "give sessions out as JSON Lines", _EXPORT_EPILOG)
    parser.add_argument(
        "sessions", nargs="*", metavar="SESSION", help="ids, or beginnings of them; none: all"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="else standard output")
    _add_width(parser)


def _add_stats(commands: Any) -> None:
    _add_json(_add_command(commands, "stats", "count sessions, messages and bytes", _STATS_EPILOG))


def _add_rm(commands: Any) -> None:
    parser = _add_command(commands, "rm", "delete sessions", _RM_EPILOG)
    parser.add_argument("sessions", nargs="+", metavar="SESSION", help="exact ids")
    parser.add_argument("--agent", help="delete this agent of the session only")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def _add_demo(commands: Any) -> None:
    parser = _add_command(commands, "demo", "see what it does, on real conversations", _DEMO_EPILOG)
    parser.add_argument("--keep", action="store_true", help="leave what it wrote where it is")


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return count
