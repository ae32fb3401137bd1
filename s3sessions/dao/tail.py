"""The end of a history, as a handle knows it."""

from __future__ import annotations

from collections.abc import Sequence

from s3sessions.dao.documents import Document
from s3sessions.dao.end import End
from s3sessions.dao.listing import AgentListing
from s3sessions.dao.notice import notice_of
from s3sessions.keys import Kind
from s3sessions.record import Record, replace


class Tail(Record):
    """What a handle knows of the end of a history.

    Attributes:
        end: where the next message goes.
        known_at: the clock when that was known: at the start of a list, at an acknowledgement.
        missing: documents that are to be created with the next message.
        has_history: whether there is a history.json or a segment, which name a life.
    """

    end: End
    known_at: float
    missing: frozenset[Kind]
    has_history: bool = False

    @classmethod
    def of(cls, listing: AgentListing, session: Document | None, end: End) -> Tail:
        missing = {Kind.SESSION} if session is None else set()
        if Kind.AGENT not in listing.documents:
            missing.add(Kind.AGENT)
        # Who goes on without another look would not take the notice away.
        known_at = float("-inf") if notice_of(session) else listing.listed_at
        has_history = Kind.HISTORY in listing.documents or bool(listing.segments)
        return cls(end, known_at, frozenset(missing), has_history)

    @property
    def next_index(self) -> int:
        return self.end.next_index

    def free(self, count: int) -> tuple[int, ...]:
        """Give the next index and the lowest ones above it that are not known to be taken."""
        found = [self.next_index]
        while len(found) < count:
            index = found[-1] + 1
            while index in self.end.occupied:
                index += 1
            found.append(index)
        return tuple(found)

    def after(self, indexes: Sequence[int], etag: str, now: float) -> Tail:
        """The tail once messages of ours were acknowledged; `etag` is of the greatest of them."""
        greatest = indexes[-1]
        if greatest < self.next_index:
            return replace(self, known_at=now)
        occupied = self.end.occupied
        next_index = greatest + 1
        while next_index in occupied:
            next_index += 1
        above = frozenset(index for index in occupied if index > next_index)
        return replace(self, end=End(next_index, (greatest, etag), above), known_at=now)

    def with_version(self, index: int, etag: str) -> Tail:
        """The tail once the object at `index` was changed in place by this handle."""
        if self.end.newest is None or self.end.newest[0] != index:
            return self
        return replace(self, end=replace(self.end, newest=(index, etag)))

    def ends_like(self, other: Tail) -> bool:
        """Tell whether both end with the same message in the same version."""
        return (self.next_index, self.end.newest) == (other.next_index, other.end.newest)

    def is_trusted(self, now: float, trust: float) -> bool:
        """Tell whether this is recent enough; a clock that was set back proves nothing."""
        return 0 <= now - self.known_at <= trust
