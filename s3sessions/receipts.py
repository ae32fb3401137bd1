"""The receipt of a purge: what was erased for good, what was not, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["PurgeReceipt"]


@dataclass(frozen=True, slots=True)
class PurgeReceipt:
    """What one purge did; a purge that was cut off and run again counts only its own part.

    It speaks of this one bucket, folder or store: replicas, backups and exports are elsewhere.

    Attributes:
        session_id: of the session.
        agent_id: of the agent, where one agent of it was purged.
        objects: current objects that were deleted.
        versions: versions that were erased; in a bucket that keeps them, those of `objects` too.
        markers: delete markers that were erased.
        uploads: unfinished uploads that were aborted.
        bytes: of what is gone for good: the versions, or the objects where none are kept.
        left: key, version id (or upload id) and the reason, for each that is there still.
        began_at: in UTC.
        ended_at: in UTC, after the list that showed that nothing but `left` is there.
        versioned: whether versions or markers were found; None where the store can list none.
        unlisted: what the store can neither list nor erase, `versions` and `uploads`, if it keeps
            them at all; a folder and memory do not.
    """

    session_id: str
    agent_id: str | None
    objects: int
    versions: int
    markers: int
    uploads: int
    bytes: int
    left: tuple[tuple[str, str, str], ...]
    began_at: datetime
    ended_at: datetime
    versioned: bool | None
    unlisted: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing is left of all that the store can list."""
        return not self.left

    def as_dict(self) -> dict[str, Any]:
        """Give the receipt as an object that JSON can hold."""
        named = ("key", "version_id", "reason")
        return {
            "session_id": self.session_id,
            "agent_id": self.agent_id,
            "complete": self.complete,
            "objects": self.objects,
            "versions": self.versions,
            "markers": self.markers,
            "uploads": self.uploads,
            "bytes": self.bytes,
            "left": [dict(zip(named, entry, strict=True)) for entry in self.left],
            "began_at": self.began_at.isoformat(),
            "ended_at": self.ended_at.isoformat(),
            "versioned": self.versioned,
            "unlisted": list(self.unlisted),
        }
