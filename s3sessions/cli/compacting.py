"""The command that deletes what is hidden and packs what is old: compact."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from s3sessions import CompactReport, Sessions
from s3sessions.cli.agents import all_agents
from s3sessions.cli.exits import Exit, code_of
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions
from s3sessions.cli.progress import Progress
from s3sessions.cli.text import counted, one_line, size
from s3sessions.errors import NotFound, S3SessionsError

__all__ = ["run_compact"]


@dataclass(frozen=True, slots=True)
class _Failure:
    """A session, or one agent of it, of which not all could be deleted."""

    session_id: str
    agent_id: str | None
    error: S3SessionsError


_Result: TypeAlias = CompactReport | _Failure


def run_compact(arguments: Namespace, output: Output) -> Exit:
    """Delete what is hidden in sessions, and pack the rest; one that fails stops no other."""
    compaction = _Compaction(arguments, output)
    try:
        with open_sessions(arguments) as sessions:
            compaction.run(sessions)
    except KeyboardInterrupt:
        output.error(f"interrupted: {compaction.text}; run it again and it goes on")
        return Exit.INTERRUPTED
    return compaction.code


class _Compaction:
    """One pass over agents, and what it did so far."""

    def __init__(self, arguments: Namespace, output: Output) -> None:
        self._arguments = arguments
        self._output = output
        self._reports = self._objects = self._bytes = self._young = self._packed = 0
        self._is_whole = True
        self._failures: list[_Failure] = []

    def run(self, sessions: Sessions) -> None:
        """Compact, and say what became of each agent."""
        held: list[_Result] = []
        try:
            with Progress(self._output, "compact") as progress:
                for result in self._results(sessions):
                    self._count(result)
                    progress.update(self.text)
                    # A bar on a terminal would draw over the line.
                    if self._output.err_console is None:
                        self._show(result)
                    else:
                        held.append(result)
        finally:
            for result in held:
                self._show(result)
        if self._arguments.all or self._reports + len(self._failures) > 1:
            self._output.note(self.text)

    @property
    def text(self) -> str:
        """What was done so far, in words."""
        objects = counted(self._objects, "object")
        parts = [f"{objects} deleted", size(self._bytes), f"{self._young:,} too young"]
        if self._arguments.pack:
            parts.append(f"{counted(self._packed, 'message')} packed")
        if self._failures:
            parts.append(f"{len(self._failures):,} failed")
        return f"looked at {counted(self._reports, 'agent')}: {', '.join(parts)}"

    @property
    def code(self) -> Exit:
        """How the program ends."""
        if not self._failures:
            return Exit.DONE if self._is_whole else Exit.PARTIAL
        if len(self._arguments.sessions) == 1 and not self._reports:
            return code_of(self._failures[0].error)
        return Exit.PARTIAL

    def _results(self, sessions: Sessions) -> Iterator[_Result]:
        if self._arguments.all:
            for ref in sessions.list():
                yield from self._compact(sessions, ref.id)
            return
        for named in self._arguments.sessions:
            try:
                session_id = sessions.resolve(named)
            except S3SessionsError as error:
                yield _Failure(named, None, error)
            else:
                yield from self._compact(sessions, session_id)

    def _compact(self, sessions: Sessions, session_id: str) -> Iterator[_Result]:
        try:
            agents = all_agents(sessions, session_id, self._arguments.agent)
        except S3SessionsError as error:
            yield from self._failed(session_id, None, error)
            return
        how = {"min_age": self._arguments.min_age.total_seconds(), "pack": self._arguments.pack}
        for agent_id in agents:
            try:
                report = sessions.open(session_id, agent_id).compact(**how)
            except S3SessionsError as error:
                yield from self._failed(session_id, agent_id, error)
            else:
                yield report

    def _failed(
        self, session_id: str, agent_id: str | None, error: S3SessionsError
    ) -> Iterator[_Result]:
        # Of all sessions one may go away meanwhile, and not each has the agent that was named.
        if not (self._arguments.all and isinstance(error, NotFound)):
            yield _Failure(session_id, agent_id, error)

    def _count(self, result: _Result) -> None:
        if isinstance(result, _Failure):
            self._failures.append(result)
            return
        self._reports += 1
        self._objects += result.objects
        self._bytes += result.bytes
        self._young += result.young
        self._packed += result.packed
        self._is_whole = self._is_whole and not result.corrupt

    def _show(self, result: _Result) -> None:
        if isinstance(result, _Failure):
            self._output.error(
                f"failed session {one_line(repr(result.session_id))}: {result.error}"
            )
        else:
            for error in result.corrupt:
                self._output.error(str(error))
        if self._arguments.json:
            self._output.json(_document(result))
        elif isinstance(result, CompactReport) and self._is_told(result):
            owner = one_line(f"session {result.session_id!r}, agent {result.agent_id!r}")
            much = f"{counted(result.objects, 'object')}, {size(result.bytes)}"
            young = f"; {result.young:,} too young" if result.young else ""
            packed = f"; packed {counted(result.packed, 'message')}" if result.packed else ""
            into = f" into {counted(result.segments, 'segment')}" if result.segments else ""
            self._output.line(f"deleted {much} of {owner}{young}{packed}{into}")

    def _is_told(self, report: CompactReport) -> bool:
        """Of all sessions those are told in which something is hidden, or was packed."""
        done = report.objects or report.young or report.packed or report.segments
        return not self._arguments.all or bool(done)


def _document(result: _Result) -> dict[str, Any]:
    counts = ("objects", "bytes", "young", "packed", "segments")
    is_failed = isinstance(result, _Failure)
    return {
        "session_id": result.session_id,
        "agent_id": result.agent_id,
        **{name: 0 if is_failed else getattr(result, name) for name in counts},
        "corrupt": [] if isinstance(result, _Failure) else [error.key for error in result.corrupt],
        "error": str(result.error) if isinstance(result, _Failure) else None,
    }
