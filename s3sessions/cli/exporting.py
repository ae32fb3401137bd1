"""The command that gives sessions out: export."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TextIO

from s3sessions import Sessions
from s3sessions.cli.destination import open_destination
from s3sessions.cli.exits import CommandError, Exit
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions, options_of
from s3sessions.cli.progress import Progress
from s3sessions.cli.text import counted, escape_json, one_line, size
from s3sessions.export import (
    ExportProgress,
    ExportReport,
    export_anthropic,
    export_conversations,
    export_markdown,
    export_openai,
    export_strands,
)
from s3sessions.settings import Settings

__all__ = ["run_export"]

_MOST_NAMED: Final = 12
_LINES: Final = {
    None: export_conversations,
    "openai": export_openai,
    "anthropic": export_anthropic,
}


def run_export(arguments: Namespace, output: Output) -> Exit:
    """Export sessions to a file, a folder, a store or standard output."""
    reached = "0 conversations"

    def follow(progress: ExportProgress) -> None:
        nonlocal reached
        reached = f"{counted(progress.conversations, 'conversation')}, {size(progress.bytes)}"
        bar.update(reached)

    try:
        with (
            open_sessions(arguments) as sessions,
            _export_to(arguments, output) as export,
            Progress(output, "export") as bar,
        ):
            named = [sessions.resolve(session) for session in arguments.sessions]
            report = export(
                sessions, session_ids=named or None, width=arguments.width, on_progress=follow
            )
    except KeyboardInterrupt:
        output.error(f"interrupted after {reached}: {_kept(arguments)}")
        return Exit.INTERRUPTED
    return _conclude(report, output)


@contextmanager
def _export_to(arguments: Namespace, output: Output) -> Iterator[Callable[..., ExportReport]]:
    """Give the export that was asked for, with where it goes."""
    if arguments.to == "strands":
        yield partial(export_strands, settings=_settings(arguments))
    elif arguments.to == "markdown":
        with _written(arguments.output):
            yield partial(_export_markdown, arguments.output)
    else:
        with _destination(arguments.output, output) as write:
            yield partial(_export_lines, _LINES[arguments.to], write)


def _export_markdown(folder: str, sessions: Sessions, **options: Any) -> ExportReport:
    return export_markdown(sessions, folder, **options)


def _export_lines(
    export: Callable[..., ExportReport],
    write: Callable[[bytes], object],
    sessions: Sessions,
    **options: Any,
) -> ExportReport:
    return export(sessions, write, **options)


def _settings(arguments: Namespace) -> Settings:
    """Give where Strands is to find the sessions; the options of the source are its own too."""
    name: str = arguments.output
    url = name if "://" in name else Path(name).absolute().as_uri()
    return Settings.load(**options_of(arguments), url=url)


@contextmanager
def _written(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CommandError(f"cannot write {name}: {error.strerror or error}") from error


def _kept(arguments: Namespace) -> str:
    if arguments.to in ("markdown", "strands"):
        return "what is written is whole, run the same command again and it goes on"
    return "no file was written" if arguments.output else "every line written is whole"


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
    if report.dropped:
        named = list(report.dropped.items())[:_MOST_NAMED]
        shown = ", ".join(f"{what} {count:,}" for what, count in named)
        more = len(report.dropped) - len(named)
        output.note(one_line(f"no place for: {shown}" + (f" and {more} more" if more else "")))
    for key, reason in (*report.corrupt, *report.refused):
        output.error(f"not exported: {reason} | key={key}")
    if report.gone:
        output.error(f"deleted while this ran: {counted(report.gone, 'session')}")
    is_whole = not (report.corrupt or report.refused or report.gone)
    return Exit.DONE if is_whole else Exit.PARTIAL
