"""What a prune is asked, and what it and a sweep say of each session and of all of them."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from s3sessions.errors import S3SessionsError
from s3sessions.receipts import PurgeReceipt

__all__ = [
    "PruneFilters",
    "PruneOutcome",
    "PruneReason",
    "PruneResult",
    "PruneTotals",
    "SweepFailure",
    "SweepOutcome",
    "SweepReport",
]


class PruneFilters(TypedDict, total=False):
    """Which sessions are meant, beside their age; see `Sessions.prune` for what each means."""

    ended: bool | None
    user: str | None
    source: str | None
    model: str | None
    tag: str | None
    title: str | None
    empty: bool
    keep: Collection[str]


class PruneOutcome(enum.StrEnum):
    """What became of a session; a value never changes once released."""

    DELETED = "deleted"
    FAILED = "failed"
    KEPT = "kept"
    WOULD_DELETE = "would_delete"


class PruneReason(enum.StrEnum):
    """Why a session was kept; a value never changes once released."""

    ACTIVE_AGAIN = "active_again"
    """Somebody spoke in it, or changed what is said of it, while it was about to be deleted."""

    EMPTY = "empty"
    """It has no message, and those were not asked for."""

    FILTERED = "filtered"
    """It is not one of those that were asked for."""

    GONE = "gone"
    """Somebody else deleted it meanwhile."""

    OPEN = "open"
    """It is old enough and was never ended, and only ended ones were asked for."""

    OWN = "own"
    """This `Sessions` object has a handle on it, or `keep` names it."""

    PARENT = "parent"
    """It has no message, but forks."""

    TITLED = "titled"
    """It has no message, but a title that somebody gave it."""

    YOUNG = "young"
    """It is not old enough."""


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What became of one session.

    Attributes:
        id: of the session.
        outcome: what became of it.
        reason: why it was kept; None where it was not.
        last_active: when somebody last spoke in it (store's clock, UTC): the newest message, state
            of a graph or swarm, or claim of a turn; of a session without one the newest object.
        objects: that were deleted; of one that was not, those that the list showed.
        bytes: of these objects; of a purge those that are gone for good.
        error: why it could not be deleted, or not all of it; None where nothing failed.
        receipt: of the purge, where one was asked for and made.
    """

    id: str
    outcome: PruneOutcome
    reason: PruneReason | None = None
    last_active: datetime | None = None
    objects: int = 0
    bytes: int = 0
    error: S3SessionsError | None = None
    receipt: PurgeReceipt | None = None


@dataclass(frozen=True, slots=True)
class PruneTotals:
    """Counts over the sessions that a prune has looked at so far.

    Attributes:
        sessions: all of them.
        deleted: that are gone.
        would_delete: that would be gone without `dry_run`.
        kept: for whatever reason.
        skipped_open: of the kept, those that are old enough but were never ended.
        failed: that could not be deleted, or not all of them.
        objects: that were deleted, or would be.
        bytes: likewise.
    """

    sessions: int = 0
    deleted: int = 0
    would_delete: int = 0
    kept: int = 0
    skipped_open: int = 0
    failed: int = 0
    objects: int = 0
    bytes: int = 0


class SweepOutcome(enum.StrEnum):
    """What a sweep came to; a value never changes once released."""

    COMPLETED = "completed"
    """It has gone through the last session."""

    UNFINISHED = "unfinished"
    """The time was over, or it failed; the next one goes on behind `next_after`."""

    LOST = "lost"
    """It stood still for so long that another has taken over, and left the rest to that one."""

    BUSY = "busy"
    """Another is under way: nothing was done."""

    NOT_DUE = "not_due"
    """The last one began less than `every` ago: nothing was done."""

    REPEATED = "repeated"
    """The last one was begun by the same event and is complete: nothing was done."""


@dataclass(frozen=True, slots=True)
class SweepFailure:
    """A session that could not be deleted, or not all of it.

    Attributes:
        id: of the session.
        kind: of the error.
    """

    id: str
    kind: str


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one call of a sweep has done.

    Attributes:
        outcome: what it came to.
        totals: counts over the sessions that this call has gone through.
        kept: of those that were kept, how many for which reason.
        failures: the first 100 of those that failed; `totals.failed` counts all of them.
        next_after: id of the session behind which the next call goes on; None for the first.
        seconds: that it took.
        due_at: when a call may do something again, of one that did nothing; None if that is not
            known.
    """

    outcome: SweepOutcome
    totals: PruneTotals = PruneTotals()
    kept: Mapping[PruneReason, int] = field(default_factory=dict)
    failures: tuple[SweepFailure, ...] = ()
    next_after: str | None = None
    seconds: float = 0.0
    due_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the last session was gone through."""
        return self.outcome is SweepOutcome.COMPLETED

    @property
    def is_skipped(self) -> bool:
        """Whether nothing was done."""
        return self.outcome in (SweepOutcome.BUSY, SweepOutcome.NOT_DUE, SweepOutcome.REPEATED)
