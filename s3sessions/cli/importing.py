"""The command that takes conversations in: import."""

from __future__ import annotations

import time
from argparse import Namespace
from dataclasses import asdict
from typing import Final

from s3sessions import Sessions
from s3sessions.cli.arguments.transfer import AUTO, LINES
from s3sessions.cli.exits import Exit
from s3sessions.cli.migrating import is_foreign, run_migration
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions
from s3sessions.cli.progress import Progress
from s3sessions.cli.text import counted, one_line, size
from s3sessions.export import ImportProgress, ImportReport, import_conversations
from s3sessions.export.lines import STANDARD_INPUT

__all__ = ["run_import"]

_MOST_FAILURES_NAMED: Final = 50


def run_import(arguments: Namespace, output: Output) -> Exit:
    """Import conversations and sessions of other programs; gives the worse of two codes."""
    lines, foreign = _divided(arguments)
    code = Exit.DONE
    with open_sessions(arguments) as sessions:
        if lines:
            code = _import_lines(arguments, lines, sessions, output)
        if foreign and code is not Exit.INTERRUPTED:
            code = max(code, run_migration(arguments, foreign, sessions, output))
    return code


def _divided(arguments: Namespace) -> tuple[list[str], list[str]]:
    """Tell the paths of JSON Lines from those of sessions of other programs."""
    if arguments.format == LINES:
        return arguments.paths, []
    if arguments.format != AUTO:
        return [], arguments.paths
    foreign = [path for path in arguments.paths if path != STANDARD_INPUT and is_foreign(path)]
    return [path for path in arguments.paths if path not in foreign], foreign


def _import_lines(
    arguments: Namespace, files: list[str], sessions: Sessions, output: Output
) -> Exit:
    """Import files; says at the end, or when interrupted, how far it came."""
    reached = "0 conversations"
    began = time.monotonic()

    def follow(progress: ImportProgress) -> None:
        nonlocal reached
        reached = _reached(progress)
        bar.update(reached, done=progress.bytes_read, total=progress.bytes_total)

    try:
        with Progress(output, "import") as bar:
            report = import_conversations(
                sessions,
                files,
                session_id_field=arguments.session_id,
                width=arguments.width,
                on_progress=follow,
            )
    except KeyboardInterrupt:
        output.error(
            f"interrupted after {reached}: nothing is half-written, "
            "run the same command again and it goes on"
        )
        return Exit.INTERRUPTED
    _name_failures(report, output)
    if arguments.json:
        output.json(asdict(report))
    else:
        _print_summary(report, time.monotonic() - began, output)
    return Exit.PARTIAL if report.failures else Exit.DONE


def _reached(progress: ImportProgress) -> str:
    conversations = counted(progress.conversations, "conversation")
    written = counted(progress.written, "message")
    return f"{conversations}, {written} written, {size(progress.bytes_read)} read"


def _name_failures(report: ImportReport, output: Output) -> None:
    for file, line, reason in report.failures[:_MOST_FAILURES_NAMED]:
        place = f"{file}:{line}" if line else file
        output.note(one_line(f"{place}: {reason}"))
    if (more := len(report.failures) - _MOST_FAILURES_NAMED) > 0:
        output.note(f"and {more:,} more bad lines: --json names them all")


def _print_summary(report: ImportReport, seconds: float, output: Output) -> None:
    output.line(
        f"{counted(report.conversations, 'conversation')} in {counted(report.files, 'file')}, "
        f"{counted(report.messages, 'message')}: {report.written:,} written in {seconds:.1f} s"
    )
    counts = (
        (report.imported, "imported"),
        (report.unchanged, "there already"),
        (report.skipped_empty, "skipped, without a message"),
        (len(report.failures), "not imported, see above"),
    )
    for count, what in counts:
        if count:
            output.line(f"  {count:,} {what}")
    for session_id, agent_id, stored_as in report.renamed[:_MOST_FAILURES_NAMED]:
        output.line(
            f"  session {session_id!r} has another agent {agent_id!r}: stored as {stored_as!r}"
        )
