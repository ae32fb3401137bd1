"""The command that gives sessions out: export."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TextIO

from s3sessions.cli.destination import open_destination
from s3sessions.cli.exits import Exit
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions
from s3sessions.cli.progress import Progress
from s3sessions.cli.text import counted, escape_json, size
from s3sessions.export import ExportProgress, ExportReport, export_conversations

__all__ = ["run_export"]


def run_export(arguments: Namespace, output: Output) -> Exit:
    """Export sessions to a file or to standard output."""
    reached = "0 conversations"

    def follow(progress: ExportProgress) -> None:
        nonlocal reached
        reached = f"{counted(progress.conversations, 'conversation')}, {size(progress.bytes)}"
        bar.update(reached)

    try:
        with (
            open_sessions(arguments) as sessions,
            _destination(arguments.output, output) as write,
            Progress(output, "export") as bar,
        ):
            named = [sessions.resolve(session) for session in arguments.sessions]
            report = export_conversations(
                sessions,
                write,
                session_ids=named or None,
                width=arguments.width,
                on_progress=follow,
            )
    except KeyboardInterrupt:
        kept = "no file was written" if arguments.output else "every line written is whole"
        output.error(f"interrupted after {reached}: {kept}")
        return Exit.INTERRUPTED
    return _conclude(report, output)


@contextmanager
def _destination(name: str | None, output: Output) -> Iterator[Callable[[bytes], object]]:
    if name not in (None, "-"):
        with open_destination(name) as write:
            yield write
        return
    yield partial(_write_line, output.out)
    output.flush()


def _write_line(stream: TextIO, line: bytes) -> None:
    """Write a line of an export as text; on a terminal without what it would obey."""
    text = line.decode("utf-8")
    stream.write(escape_json(text) if stream.isatty() else text)


def _conclude(report: ExportReport, output: Output) -> Exit:
    """Say on standard error what was exported and what was not."""
    output.note(
        f"exported {counted(report.conversations, 'conversation')} with "
        f"{counted(report.messages, 'message')}, {size(report.bytes)}"
    )
    for key, reason in report.corrupt:
        output.error(f"not exported: {reason} | key={key}")
    if report.gone:
        output.error(f"deleted while this ran: {counted(report.gone, 'session')}")
    return Exit.PARTIAL if report.corrupt or report.gone else Exit.DONE
