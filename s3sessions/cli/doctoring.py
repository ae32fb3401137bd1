"""The command that looks for what is wrong with stored sessions: doctor."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from s3sessions import Sessions
from s3sessions.cli.checking import verdict_of
from s3sessions.cli.exits import Exit
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions
from s3sessions.cli.progress import Progress
from s3sessions.cli.text import counted, one_line
from s3sessions.errors import SessionNotFound
from s3sessions.health import Finding

__all__ = ["run_doctor"]


@dataclass
class _Tally:
    """What was looked at and found so far."""

    sessions: int = 0
    found: int = 0
    left: int = 0
    repairable: int = 0
    not_found: list[SessionNotFound] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        self.found += 1
        self.left += not finding.is_settled
        self.repairable += finding.repairable and not finding.repaired

    @property
    def text(self) -> str:
        return f"{counted(self.sessions, 'session')}, {counted(self.found, 'finding')}"

    @property
    def code(self) -> Exit:
        if self.left:
            return Exit.PARTIAL
        return Exit.NOT_FOUND if self.not_found else Exit.DONE


def run_doctor(arguments: Namespace, output: Output) -> Exit:
    """Check the store, then look at sessions; repair what it can, if asked to."""
    tally = _Tally()
    show = _show_json if arguments.json else _show
    with Progress(output, "doctor") as progress:
        sessions = open_sessions(arguments, lambda _: progress.update(tally.text))
        with sessions:
            is_fit = arguments.no_check or _is_fit(sessions, output)
            # A repair is a conditional write: where those are ignored, it would do harm.
            repair = arguments.repair and is_fit
            findings = _findings(sessions, arguments.sessions, repair, tally)
            held = _shown(findings, output, show)
    for finding in held:
        show(finding, output)
    _conclude(tally, output, repair=arguments.repair, is_fit=is_fit)
    return tally.code if is_fit else Exit.ERROR


def _is_fit(sessions: Sessions, output: Output) -> bool:
    report = sessions.check()
    output.note(f"store: {verdict_of(report)}")
    for probe in report.failed:
        output.note(f"  {probe.name}: {probe.meaning}")
    return report.ok


def _findings(sessions: Sessions, ids: list[str], repair: bool, tally: _Tally) -> Iterator[Finding]:
    names: Sequence[str | None] = ids or [None]
    for session_id in names:
        before = tally.sessions
        diagnosis = sessions.doctor(session_id, repair=repair)
        try:
            for finding in diagnosis:
                tally.sessions = before + diagnosis.sessions
                tally.add(finding)
                yield finding
        except SessionNotFound as error:
            tally.not_found.append(error)
        tally.sessions = before + diagnosis.sessions


def _shown(
    findings: Iterator[Finding], output: Output, show: Callable[[Finding, Output], None]
) -> list[Finding]:
    """Show findings as they come, or give them back: a bar on a terminal would draw over them."""
    if output.err_console is not None:
        return list(findings)
    for finding in findings:
        show(finding, output)
    return []


def _show(finding: Finding, output: Output) -> None:
    owner = "beside the sessions" if finding.session is None else f"session {finding.session!r}"
    if finding.agent is not None:
        owner += f", agent {finding.agent!r}"
    output.spans((finding.kind.replace("_", " "), "warning"), (f"  {one_line(owner)}", "heading"))
    output.line(f"  {one_line(finding.key)}")
    output.line(f"  {finding.meaning}")
    if finding.repaired:
        output.line(f"  repaired: {finding.remedy}", "good")
    else:
        label = "with --repair" if finding.repairable else "what to do"
        output.line(f"  {label}: {finding.remedy}")
    output.line()


def _show_json(finding: Finding, output: Output) -> None:
    document: dict[str, Any] = asdict(finding)
    output.json(document)


def _conclude(tally: _Tally, output: Output, *, repair: bool, is_fit: bool) -> None:
    for error in tally.not_found:
        output.error(str(error))
    if repair and not is_fit:
        output.error("nothing was repaired: the store is not fit for sessions")
    text = f"looked at {tally.text}"
    if tally.found:
        text += f", {tally.found - tally.left:,} of them settled"
    if tally.repairable and not repair:
        text += f"; --repair would repair {tally.repairable:,}"
    output.note(text)
