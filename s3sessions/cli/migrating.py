"""Sessions of other programs on the command line: what `import` does with their files."""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Final

from s3sessions import Sessions
from s3sessions.cli.exits import Exit
from s3sessions.cli.output import Output
from s3sessions.cli.place import options_of
from s3sessions.cli.progress import Progress
from s3sessions.cli.text import counted, one_line
from s3sessions.migration import MigrationProgress, MigrationReport, detect, migrate
from s3sessions.migration.picoclaw import META
from s3sessions.migration.sources import is_put_away

__all__ = ["is_foreign", "run_migration"]

_MOST_NAMED: Final = 50


def is_foreign(path: str) -> bool:
    """Tell what another program has written from JSON Lines of conversations."""
    if "://" in path or Path(path).is_dir():
        return True
    # Those that a pattern of the shell brings along; a migration says why it passes over them.
    is_beside = path.endswith(META) or is_put_away(Path(path))
    return is_beside or detect(path) is not None


def run_migration(
    arguments: Namespace, paths: list[str], sessions: Sessions, output: Output
) -> Exit:
    """Migrate sessions; says at the end, or when interrupted, how far it came."""
    reached = "0 sessions"
    began = time.monotonic()

    def follow(progress: MigrationProgress) -> None:
        nonlocal reached
        stored = counted(progress.sessions, "session")
        reached = f"{stored}, {counted(progress.written, 'message')} written"
        bar.update(reached, done=progress.done, total=progress.total)

    try:
        with ExitStack() as opened, Progress(output, "import") as bar:
            report = migrate(
                [_source(path, arguments, opened) for path in paths],
                sessions,
                format=None if arguments.format == "auto" else arguments.format,
                keep=arguments.keep,
                width=arguments.width,
                on_progress=follow,
            )
    except KeyboardInterrupt:
        output.error(
            f"interrupted after {reached}: no source is lost, "
            "run the same command again and it goes on"
        )
        return Exit.INTERRUPTED
    _name_failures(report, output)
    if arguments.json:
        output.json(asdict(report))
    else:
        _print_summary(report, time.monotonic() - began, output)
    return Exit.PARTIAL if report.failed or report.damaged else Exit.DONE


def _source(path: str, arguments: Namespace, opened: ExitStack) -> str | Sessions:
    """Open a store with the options of the command line; anything else is a path."""
    if "://" not in path or path.startswith("file:"):
        return path
    return opened.enter_context(Sessions(path, **options_of(arguments)))


def _name_failures(report: MigrationReport, output: Output) -> None:
    failures = [*report.failed, *report.damaged]
    for file, line, reason in failures[:_MOST_NAMED]:
        place = f"{file}:{line}" if line else file
        output.note(one_line(f"{place}: {reason}"))
    if (more := len(failures) - _MOST_NAMED) > 0:
        output.note(f"and {more:,} more: --json names them all")


def _print_summary(report: MigrationReport, seconds: float, output: Output) -> None:
    stored = len(report.migrated) + len(report.unchanged)
    output.line(
        f"{counted(stored, 'session')}, {counted(report.messages, 'message')}: "
        f"{report.written:,} written in {seconds:.1f} s"
    )
    counts = (
        (len(report.migrated), "migrated and read back"),
        (len(report.unchanged), "there already, read back"),
        (len(report.failed), "not migrated, see above"),
        (len(report.damaged), "lines or objects could not be read, see above"),
    )
    for count, what in counts:
        if count:
            output.line(f"  {count:,} {what}")
    for source, reason in report.skipped[:_MOST_NAMED]:
        output.line(one_line(f"  skipped {source}: {reason}"))
    if (more := len(report.skipped) - _MOST_NAMED) > 0:
        output.line(f"  {more:,} more skipped: --json names them all")
    for session_id, agent_id, stored_as in report.renamed[:_MOST_NAMED]:
        output.line(
            f"  session {session_id!r} has another agent {agent_id!r}: stored as {stored_as!r}"
        )
