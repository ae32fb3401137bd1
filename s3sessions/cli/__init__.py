"""The command line `s3sessions`: reads arguments, runs a command, turns errors into exit codes."""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from s3sessions.cli.arguments import parse
from s3sessions.cli.browsing import run_info, run_ls, run_stats
from s3sessions.cli.chatting import run_chat
from s3sessions.cli.checking import run_check
from s3sessions.cli.compacting import run_compact
from s3sessions.cli.costing import run_cost
from s3sessions.cli.deleting import run_rm
from s3sessions.cli.demonstration import run_demo
from s3sessions.cli.describing import run_describe, run_end, run_reopen
from s3sessions.cli.doctoring import run_doctor
from s3sessions.cli.exits import CommandError, Exit, code_of
from s3sessions.cli.exporting import run_export
from s3sessions.cli.forking import run_fork
from s3sessions.cli.hiding import run_clear, run_replace, run_truncate
from s3sessions.cli.importing import run_import
from s3sessions.cli.output import Output
from s3sessions.cli.permitting import run_policy
from s3sessions.cli.pruning import run_prune
from s3sessions.cli.reading import run_show
from s3sessions.errors import S3SessionsError

__all__ = ["main"]

_COMMANDS: dict[str, Callable[[Namespace, Output], Exit]] = {
    "import": run_import,
    "ls": run_ls,
    "show": run_show,
    "info": run_info,
    "describe": run_describe,
    "end": run_end,
    "reopen": run_reopen,
    "fork": run_fork,
    "truncate": run_truncate,
    "clear": run_clear,
    "replace": run_replace,
    "compact": run_compact,
    "chat": run_chat,
    "export": run_export,
    "stats": run_stats,
    "cost": run_cost,
    "rm": run_rm,
    "prune": run_prune,
    "check": run_check,
    "doctor": run_doctor,
    "policy": run_policy,
    "demo": run_demo,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; prints errors, raises none of them."""
    try:
        arguments = parse(argv)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else Exit.DONE
    _prepare_streams(is_json=arguments.command == "export" or getattr(arguments, "json", False))
    with _logging(arguments.verbose):
        return _run(arguments, Output())


def _prepare_streams(*, is_json: bool) -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal of another encoding shows an escape instead of ending the program.
            stream.reconfigure(errors="backslashreplace")
    if is_json and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON has no other, whatever the locale.


def _run(arguments: Namespace, output: Output) -> int:
    try:
        code = _COMMANDS[arguments.command](arguments, output)
        output.flush()
        return code
    except BrokenPipeError:
        # The interpreter flushes standard output once more at its end; give it somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), output.out.fileno())
        return Exit.BROKEN_PIPE
    except KeyboardInterrupt:
        output.error("interrupted")
        return Exit.INTERRUPTED
    except CommandError as error:
        output.error(str(error))
        return error.code
    except S3SessionsError as error:
        if arguments.verbose:
            output.note(traceback.format_exc().rstrip())
        output.error(str(error))
        return code_of(error)


@contextmanager
def _logging(is_verbose: bool) -> Iterator[None]:
    if not is_verbose:
        yield
        return
    logger, handler = logging.getLogger("s3sessions"), logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
