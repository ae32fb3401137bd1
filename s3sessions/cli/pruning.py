"""The command that deletes old sessions: prune. It says what would go before it asks."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections import Counter
from datetime import timedelta
from typing import Any, Final

from s3sessions import PruneList, PruneOutcome, PruneReason, PruneResult, PruneTotals, Sessions
from s3sessions.cli.exits import CommandError, Exit
from s3sessions.cli.filters import filters_of
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions
from s3sessions.cli.progress import Progress
from s3sessions.cli.text import counted, one_line, size, when

__all__ = ["run_prune"]

_VERBS: Final = {
    PruneOutcome.DELETED: "deleted",
    PruneOutcome.WOULD_DELETE: "would delete",
    PruneOutcome.FAILED: "failed",
    PruneOutcome.KEPT: "kept",
}
_REASONS: Final = {
    PruneReason.ACTIVE_AGAIN: "active again",
    PruneReason.EMPTY: "without a message",
    PruneReason.FILTERED: "not asked for",
    PruneReason.GONE: "gone meanwhile",
    PruneReason.OPEN: "old but never ended",
    PruneReason.OWN: "in --keep",
    PruneReason.PARENT: "empty with forks",
    PruneReason.TITLED: "empty with a title",
    PruneReason.YOUNG: "young",
}


def run_prune(arguments: Namespace, output: Output) -> Exit:
    """Delete the sessions in which nobody has spoken for long; one that fails stops no other."""
    asks = not (arguments.yes or arguments.dry_run)
    if asks and not sys.stdin.isatty():
        raise CommandError(
            "prune asks before it deletes, and there is no terminal to ask on: give --yes, or "
            "--dry-run",
            Exit.USAGE,
        )
    with open_sessions(arguments) as sessions:
        age = arguments.older_than
        if asks:
            began = time.monotonic()
            found = _Pass(sessions, age, arguments, output, dry_run=True).run()
            if not found.would_delete:
                return _code_of(found)
            if not _confirmed(found, arguments, output):
                return Exit.REFUSED
            # No more is deleted than was shown, however long the answer took.
            age += timedelta(seconds=time.monotonic() - began)
        return _prune(sessions, age, arguments, output)


def _prune(sessions: Sessions, age: timedelta, arguments: Namespace, output: Output) -> Exit:
    try:
        once = _Pass(sessions, age, arguments, output, dry_run=arguments.dry_run)
        return _code_of(once.run())
    except KeyboardInterrupt:
        output.error("interrupted: sessions may be deleted in part, run prune again and it goes on")
        return Exit.INTERRUPTED


def _code_of(totals: PruneTotals) -> Exit:
    return Exit.PARTIAL if totals.failed else Exit.DONE


def _confirmed(found: PruneTotals, arguments: Namespace, output: Output) -> bool:
    verb = "purge" if arguments.purge else "delete"
    what = f"{counted(found.would_delete, 'session')}, {counted(found.objects, 'object')}"
    if output.ask(f"{verb} {what}, {size(found.bytes)}?"):
        return True
    output.note("nothing was deleted")
    return False


class _Pass:
    """One pass over all sessions: what is shown before it asks, and what is done."""

    def __init__(
        self,
        sessions: Sessions,
        age: timedelta,
        arguments: Namespace,
        output: Output,
        *,
        dry_run: bool,
    ) -> None:
        self._output = output
        is_preview = dry_run and not arguments.dry_run
        self._show = self._show_line
        if arguments.json:
            self._show = self._show_nothing if is_preview else self._show_json
        self._kept: Counter[PruneReason] = Counter()
        self._results: PruneList = sessions.prune(
            age,
            **filters_of(arguments),
            empty=arguments.empty,
            keep=arguments.keep,
            purge=arguments.purge,
            dry_run=dry_run,
        )

    def run(self) -> PruneTotals:
        """Show what became of each session, and count them."""
        with Progress(self._output, "prune") as progress:
            held = []
            for result in self._results:
                progress.update(self._progress())
                if result.reason is not None:
                    self._kept[result.reason] += 1
                # A bar on a terminal would draw over the line.
                if self._output.err_console is None:
                    self._show(result)
                else:
                    held.append(result)
        for result in held:
            self._show(result)
        self._conclude()
        return self._results.totals

    def _progress(self) -> str:
        totals = self._results.totals
        return f"{counted(totals.sessions, 'session')}, {totals.deleted:,} deleted"

    def _show_line(self, result: PruneResult) -> None:
        """Print a line for a session with which something was done, or was to be."""
        if result.outcome is PruneOutcome.KEPT and result.reason is not PruneReason.ACTIVE_AGAIN:
            return
        what = f"{_VERBS[result.outcome]} session {one_line(repr(result.id))}"
        if result.outcome is PruneOutcome.FAILED:
            self._output.error(f"{what}: {result.error}")
            return
        why = "" if result.reason is None else f": {_REASONS[result.reason]}"
        much = f"{counted(result.objects, 'object')}, {size(result.bytes)}"
        active = f", last active {when(result.last_active)}"
        self._output.line(f"{what}{why}: {much}{active}")

    def _show_json(self, result: PruneResult) -> None:
        self._output.json(_document(result))

    def _show_nothing(self, result: PruneResult) -> None:
        """Leave standard output to what is done."""

    def _conclude(self) -> None:
        totals = self._results.totals
        done = f"{totals.deleted:,} deleted"
        if totals.would_delete:
            done = f"{totals.would_delete:,} would be deleted"
        parts = [done, f"{size(totals.bytes)}"]
        if totals.failed:
            parts.append(f"{totals.failed:,} failed")
        reasons = ", ".join(
            f"{count:,} {_REASONS[why]}" for why, count in sorted(self._kept.items())
        )
        parts.append(f"{totals.kept:,} kept" + (f" ({reasons})" if reasons else ""))
        self._output.note(f"looked at {counted(totals.sessions, 'session')}: {', '.join(parts)}")


def _document(result: PruneResult) -> dict[str, Any]:
    active, receipt = result.last_active, result.receipt
    return {
        "session_id": result.id,
        "outcome": result.outcome,
        "reason": result.reason,
        "last_active": None if active is None else active.isoformat(),
        "objects": result.objects,
        "bytes": result.bytes,
        "error": None if result.error is None else str(result.error),
        "receipt": None if receipt is None else receipt.as_dict(),
    }
