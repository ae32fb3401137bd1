"""A sweep: one prune of all sessions, made by as many calls as it takes, one at a time.

Each call claims it, goes on behind the session that the last one has reached, and writes down how
far it came: at its end, when its time is over, and where it fails as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from s3sessions.dao.pruning import Pruning
from s3sessions.dao.scope import Scope
from s3sessions.dao.sweep_claim import Claim
from s3sessions.deadline import deadline_in
from s3sessions.errors import DeadlineExceeded, S3SessionsError
from s3sessions.log import INFO, emit
from s3sessions.retention import (
    PruneReason,
    PruneResult,
    SweepFailure,
    SweepOutcome,
    SweepReport,
)

_MOST_FAILURES: Final = 100


class Sweep:
    """One call.

    Args:
        scope: where.
        claim: to be the one that sweeps.
        prune: makes the prune of what comes behind a session.
        seconds: after which nothing more is begun; None for no end.
    """

    def __init__(
        self,
        scope: Scope,
        claim: Claim,
        prune: Callable[[str | None], Pruning],
        seconds: float | None,
    ) -> None:
        self._scope = scope
        self._claim = claim
        self._prune = prune
        self._seconds = seconds
        self._began = scope.clock()
        self._kept: Counter[PruneReason] = Counter()
        self._failures: list[SweepFailure] = []

    async def run(self) -> SweepReport:
        """Go through the sessions until all are done or the time is over.

        Raises:
            AccessDenied, StoreUnavailable, InvalidSettings: the sessions cannot be listed. What
                was reached before is written down.
        """
        report = await self._claim.begin()
        if report is None:
            report = await self._go_through()
        emit(
            INFO,
            "sweep_ended",
            outcome=report.outcome,
            sessions=report.totals.sessions,
            deleted=report.totals.deleted,
            failed=report.totals.failed,
            next_after=report.next_after,
        )
        return report

    async def _go_through(self) -> SweepReport:
        pruning = self._prune(self._claim.reached)
        try:
            with deadline_in(self._scope.clock, self._left):
                outcome = await self._prune_all(pruning)
        except DeadlineExceeded:
            outcome = SweepOutcome.UNFINISHED
        except S3SessionsError:
            await self._claim.end(pruning.reached, is_complete=False)
            raise
        is_complete = outcome is SweepOutcome.COMPLETED
        if outcome is not SweepOutcome.LOST:
            await self._claim.end(pruning.reached, is_complete=is_complete)
        return SweepReport(
            outcome=outcome,
            totals=pruning.totals,
            kept=dict(self._kept),
            failures=tuple(self._failures),
            next_after=None if is_complete else pruning.reached,
            seconds=self._scope.clock() - self._began,
        )

    @property
    def _left(self) -> float | None:
        if self._seconds is None:
            return None
        return max(0.0, self._seconds - (self._scope.clock() - self._began))

    async def _prune_all(self, pruning: Pruning) -> SweepOutcome:
        async for result in pruning:
            self._take(result)
            if not await self._claim.keep(pruning.reached):
                await pruning.aclose()
                return SweepOutcome.LOST
        return SweepOutcome.COMPLETED

    def _take(self, result: PruneResult) -> None:
        if result.reason is not None:
            self._kept[result.reason] += 1
        if result.error is not None and len(self._failures) < _MOST_FAILURES:
            self._failures.append(SweepFailure(result.id, result.error.kind))
