"""What a prune says of a session, put together, and counted."""

from __future__ import annotations

from dataclasses import replace

from s3sessions.dao.footprint import Footprint
from s3sessions.errors import PartialDelete, S3SessionsError
from s3sessions.receipts import PurgeReceipt
from s3sessions.retention import PruneOutcome, PruneReason, PruneResult, PruneTotals


def result_of(
    session_id: str,
    footprint: Footprint,
    outcome: PruneOutcome,
    *,
    error: S3SessionsError | None = None,
) -> PruneResult:
    """Give what became of a session, as it was listed or as it went."""
    return PruneResult(
        id=session_id,
        outcome=outcome,
        last_active=footprint.last_active,
        objects=footprint.objects,
        bytes=footprint.bytes,
        error=error,
    )


def kept(session_id: str, footprint: Footprint, reason: PruneReason) -> PruneResult:
    """Give what is said of one that stays."""
    return replace(result_of(session_id, footprint, PruneOutcome.KEPT), reason=reason)


def purged(receipt: PurgeReceipt) -> PruneResult:
    """Give what a purge comes to; what it had to leave is not gone."""
    left = [(key, reason) for key, _, reason in receipt.left]
    error = None
    if left:
        error = PartialDelete(
            f"{len(left)} versions are left: mend the cause, then purge the session",
            key=left[0][0],
            cause="; ".join(sorted({reason for _, reason in left})),
            left=left,
        )
    return PruneResult(
        id=receipt.session_id,
        outcome=PruneOutcome.FAILED if left else PruneOutcome.DELETED,
        objects=receipt.objects,
        bytes=receipt.bytes,
        error=error,
        receipt=receipt,
    )


def count(totals: PruneTotals, result: PruneResult) -> PruneTotals:
    """Give the counts with one result more."""
    outcome = result.outcome
    is_gone = outcome in (PruneOutcome.DELETED, PruneOutcome.WOULD_DELETE)
    return PruneTotals(
        sessions=totals.sessions + 1,
        deleted=totals.deleted + (outcome is PruneOutcome.DELETED),
        would_delete=totals.would_delete + (outcome is PruneOutcome.WOULD_DELETE),
        kept=totals.kept + (outcome is PruneOutcome.KEPT),
        skipped_open=totals.skipped_open + (result.reason is PruneReason.OPEN),
        failed=totals.failed + (outcome is PruneOutcome.FAILED),
        objects=totals.objects + is_gone * result.objects,
        bytes=totals.bytes + is_gone * result.bytes,
    )
