"""Which sessions a prune is to delete: by what a list shows of them and what session.json says."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from s3sessions.dao.documents import Document
from s3sessions.dao.filters import SessionFilter, is_ended
from s3sessions.dao.footprint import Footprint
from s3sessions.errors import InvalidSettings
from s3sessions.retention import PruneFilters, PruneReason


@dataclass(frozen=True, slots=True)
class PruneRule:
    """What is to be deleted.

    Attributes:
        seconds: in which nobody has spoken.
        among: what a session must say of itself, but for whether it was ended.
        ended: True for those that were ended, False for the others, None for both.
        empty: whether sessions without a message go too.
        keep: ids of sessions that stay.

    Raises:
        InvalidSettings: a value that cannot be meant.
    """

    seconds: float
    among: SessionFilter
    ended: bool | None = None
    empty: bool = False
    keep: frozenset[str] = frozenset()

    @classmethod
    def of(cls, older_than: object, which: PruneFilters) -> PruneRule:
        """Make one of what a caller gives. Raises InvalidSettings."""
        asked: dict[str, Any] = {**which}
        own = {name: asked.pop(name) for name in ("ended", "empty") if name in asked}
        keep = ids_of(asked.pop("keep", ()))
        return cls(seconds_of(older_than), SessionFilter(**asked), keep=keep, **own)

    def __post_init__(self) -> None:
        if not 0 < self.seconds < math.inf:
            raise InvalidSettings(f"older_than={self.seconds:g} seconds: give more than 0")
        if not isinstance(self.ended, bool | None):
            raise InvalidSettings(f"ended={self.ended!r} is a {type(self.ended).__name__}")

    def needs_document(self, footprint: Footprint) -> bool:
        """Tell whether a list alone cannot say what is to become of a session that is due."""
        return self.among.is_asked or self.ended is not None or footprint.spoken is None

    def is_old(self, footprint: Footprint, now: datetime) -> bool:
        """Tell whether nobody has spoken in it for long enough."""
        return footprint.is_older_than(self.seconds, now)

    def why_kept(
        self, footprint: Footprint, document: Document | None, now: datetime
    ) -> PruneReason | None:
        """Say why a session is to be kept, by its session.json; None where it is to go.

        One whose deletion was cut off goes on at once. One that a fork has left unfinished is
        nobody's yet: neither a title nor an end is asked of it, but its age.
        """
        if not self.among.matches(document):
            return PruneReason.FILTERED
        if document is not None and document.text("deleted_at"):
            return None
        is_unfinished = document is not None and "unfinished" in document.stamp
        if footprint.spoken is None and not is_unfinished:
            reason = self._why_kept_empty(footprint, document)
            if reason is not None:
                return reason
        if not self.is_old(footprint, now):
            return PruneReason.YOUNG
        return None if is_unfinished else self._why_kept_by_end(document)

    def _why_kept_empty(
        self, footprint: Footprint, document: Document | None
    ) -> PruneReason | None:
        if not self.empty:
            return PruneReason.EMPTY
        if document is not None and document.text("title"):
            return PruneReason.TITLED
        return PruneReason.PARENT if footprint.has_children else None

    def _why_kept_by_end(self, document: Document | None) -> PruneReason | None:
        if self.ended is None or self.ended == is_ended(document):
            return None
        return PruneReason.OPEN if self.ended else PruneReason.FILTERED


def seconds_of(span: object, name: str = "older_than") -> float:
    """Give a span of time in seconds. Raises InvalidSettings for what is none."""
    if isinstance(span, timedelta):
        return span.total_seconds()
    if isinstance(span, bool) or not isinstance(span, (int, float)):
        raise InvalidSettings(f"{name} is a {type(span).__name__}: give a timedelta or seconds")
    return float(span)


def ids_of(keep: Any) -> frozenset[str]:
    """Give the ids of sessions that are to stay. Raises InvalidSettings for what are none."""
    if isinstance(keep, (str, bytes)) or not isinstance(keep, Collection):
        raise InvalidSettings("keep is one value: give a list of session ids")
    if not all(isinstance(session_id, str) for session_id in keep):
        raise InvalidSettings("keep holds what is no session id")
    return frozenset(keep)
