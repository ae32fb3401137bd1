"""The command that tries a store: check."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, Final

from s3sessions.cli.exits import Exit
from s3sessions.cli.output import Column, Output
from s3sessions.cli.place import open_sessions, place_in_words
from s3sessions.cli.text import counted
from s3sessions.health import CheckReport, Probe

__all__ = ["run_check", "verdict_of"]

_COLUMNS: Final = (Column("probe"), Column("result"), Column("what was seen"))


def run_check(arguments: Namespace, output: Output) -> Exit:
    """Try what sessions rely on and say whether the store is fit for them."""
    with open_sessions(arguments) as sessions:
        output.note(f"checking {place_in_words(arguments)} …")
        report = sessions.check()
    if arguments.json:
        output.json({**_document(report), "transport": sessions.transport})
    else:
        _print(report, output, sessions.transport)
    return Exit.DONE if report.ok else Exit.ERROR


def verdict_of(report: CheckReport) -> str:
    """Say in one sentence what the probes come to."""
    if not report.ok:
        return "not fit: sessions are not safe here"
    if report.failed:
        return f"fit for sessions, with {counted(len(report.failed), 'reservation')}"
    return "fit for sessions"


def _print(report: CheckReport, output: Output, transport: str) -> None:
    rows = [(probe.name, _result(probe), probe.detail) for probe in report.probes]
    output.table(_COLUMNS, rows)
    output.line()
    for probe in report.failed:
        output.spans((f"{_result(probe)}: ", "warning"), (f"{probe.name}: {probe.meaning}", ""))
    output.line(f"asked through {transport}")
    if report.versioned is not None:
        output.line(f"the bucket keeps {'old' if report.versioned else 'no old'} versions")
    if report.left:
        output.line(f"left behind: {report.left}", "warning")
    verdict = f"{verdict_of(report)} ({counted(report.requests, 'request')})"
    output.line(verdict, "good" if report.ok else "warning")


def _result(probe: Probe) -> str:
    if probe.passed:
        return "passed"
    return "FATAL" if probe.is_fatal else "reservation"


def _document(report: CheckReport) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "prefix": report.prefix,
        "requests": report.requests,
        "skew": report.skew,
        "versioned": report.versioned,
        "left": report.left or None,
        "probes": [
            {
                "name": probe.name,
                "passed": probe.passed,
                "fatal": probe.is_fatal,
                "detail": probe.detail,
                "meaning": None if probe.passed else probe.meaning,
            }
            for probe in report.probes
        ],
    }
