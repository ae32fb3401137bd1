"""What a retention function tells: a report as its result, and numbers as metrics."""

from __future__ import annotations

from typing import Any

from s3sessions.retention import SweepReport
from s3sessions.values import format_time

__all__ = ["as_json", "metrics_of"]


def as_json(report: SweepReport) -> dict[str, Any]:
    """Give a report as JSON holds it.

    `kept` are numbers by reason, `failures` the first 100 sessions with the kind of their error,
    and `next_after` is the session behind which the next invocation goes on.
    """
    totals = report.totals
    return {
        "outcome": report.outcome.value,
        "is_complete": report.is_complete,
        "sessions": totals.sessions,
        "deleted": totals.deleted,
        "would_delete": totals.would_delete,
        "kept": {reason.value: count for reason, count in report.kept.items()},
        "failed": totals.failed,
        "failures": [{"id": each.id, "kind": each.kind} for each in report.failures],
        "objects": totals.objects,
        "bytes": totals.bytes,
        "next_after": report.next_after,
        "seconds": round(report.seconds, 3),
        "due_at": format_time(report.due_at),
    }


def metrics_of(report: SweepReport) -> dict[str, tuple[float, str]]:
    """Give the metrics: `SweepSkipped` alone where nothing was done.

    Of a dry run nothing counts as deleted. `SweepComplete` is 1 where the last session was gone
    through and 0 where more is to come.
    """
    if report.is_skipped:
        return {"SweepSkipped": (1, "Count")}
    totals = report.totals
    is_real = not totals.would_delete
    return {
        "SessionsDeleted": (totals.deleted, "Count"),
        "SessionsWouldDelete": (totals.would_delete, "Count"),
        "SessionsKept": (totals.kept, "Count"),
        "SessionsOpen": (totals.skipped_open, "Count"),
        "SessionsFailed": (totals.failed, "Count"),
        "ObjectsDeleted": (totals.objects * is_real, "Count"),
        "BytesDeleted": (totals.bytes * is_real, "Bytes"),
        "SweepSeconds": (report.seconds, "Seconds"),
        "SweepComplete": (int(report.is_complete), "Count"),
    }
