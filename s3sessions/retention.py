"""What a prune says of each session, and of all of them together."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from s3sessions.errors import S3SessionsError
from s3sessions.receipts import PurgeReceipt

__all__ = ["PruneOutcome", "PruneReason", "PruneResult", "PruneTotals"]


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
