"""What `check` and `doctor` report: whether a store is fit, and what is wrong with its sessions."""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["CheckReport", "Finding", "FindingKind", "Probe"]


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that a store must do, tried on it.

    Attributes:
        name: stable name of what was tried.
        passed: whether the store does it.
        is_fatal: whether sessions are unsafe in a store that does not.
        meaning: what it means for sessions where it fails.
        detail: what was seen.
    """

    name: str
    passed: bool
    is_fatal: bool
    meaning: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a store does of all that sessions rely on.

    Attributes:
        prefix: under which it was tried; nothing is left there but what `left` says.
        probes: in the order in which they were tried.
        requests: how many were made.
        skew: seconds by which the store's clock is ahead of ours, negative where it is behind; 0.0
            below a second; None where it could not be told.
        versioned: whether the bucket keeps old versions; None where the store cannot tell.
        left: what could not be taken away again; empty where nothing is left.
    """

    prefix: str
    probes: tuple[Probe, ...]
    requests: int
    skew: float | None = None
    versioned: bool | None = None
    left: str = ""

    @property
    def ok(self) -> bool:
        """Whether sessions are safe here: nothing fatal has failed."""
        return not any(probe.is_fatal for probe in self.failed)

    @property
    def failed(self) -> tuple[Probe, ...]:
        """The probes that did not pass."""
        return tuple(probe for probe in self.probes if not probe.passed)


class FindingKind(enum.StrEnum):
    """What `doctor` can find; a value never changes once released."""

    ABSURD_INDEX = "absurd_index"
    BACKSLASH_GHOST = "backslash_ghost"
    BATCH_IN_PROGRESS = "batch_in_progress"
    BEGINNING_PAST_END = "beginning_past_end"
    CONFLICTING_COPY = "conflicting_copy"
    CORRUPT_OBJECT = "corrupt_object"
    DEAD_BATCH = "dead_batch"
    DUPLICATE_WRITE_ID = "duplicate_write_id"
    EXPIRED_LEASE = "expired_lease"
    FOREIGN_OBJECT = "foreign_object"
    GHOST = "ghost"
    HOLE = "hole"
    INTERRUPTED_DELETION = "interrupted_deletion"
    MISSING_DOCUMENT = "missing_document"
    NEWER_VERSION = "newer_version"
    STALE_MARKER = "stale_marker"
    STALE_PARTIAL = "stale_partial"
    UNANSWERED_CALL = "unanswered_call"
    UNFINISHED_FORK = "unfinished_fork"
    UNFINISHED_PACKING = "unfinished_packing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        kind: what it is, for programs.
        session: id of the session; None for what stands beside the sessions.
        agent: id of the agent; None where it is no agent's.
        key: of the object, or where it should be; of several, the first.
        meaning: what it means, for people.
        remedy: what a repair does, or what a person can do.
        repairable: whether a repair can do it without losing a message.
        repaired: whether it has.
    """

    kind: FindingKind
    session: str | None
    agent: str | None
    key: str
    meaning: str
    remedy: str
    repairable: bool = False
    repaired: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do: it was repaired, or is work that still goes on."""
        return self.repaired or self.kind is FindingKind.BATCH_IN_PROGRESS
