"""The end of a history, as a handle knows it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from s3sessions.dao.documents import Document
from s3sessions.dao.listing import AgentListing
from s3sessions.keys import Kind


@dataclass(frozen=True, slots=True)
class Tail:
    """What a handle knows of the end of a history.

    Attributes:
        next_index: where the next message goes.
        newest: index and etag of the greatest message.
        known_at: the clock when that was known: at the start of a list, at an acknowledgement.
        missing: documents that are to be created with the next message.
    """

    next_index: int
    newest: tuple[int, str] | None
    known_at: float
    missing: frozenset[Kind]

    @classmethod
    def of(cls, listing: AgentListing, session: Document | None) -> Tail:
        missing = {Kind.SESSION} if session is None else set()
        if Kind.AGENT not in listing.documents:
            missing.add(Kind.AGENT)
        return cls(listing.next_index, listing.newest, listing.listed_at, frozenset(missing))

    def after(self, index: int, etag: str, now: float) -> Tail:
        """The tail once a message of ours was acknowledged at `index`."""
        if index < self.next_index:
            return replace(self, known_at=now)
        return replace(self, next_index=index + 1, newest=(index, etag), known_at=now)

    def ends_like(self, other: Tail) -> bool:
        """Tell whether both end with the same message in the same version."""
        return (self.next_index, self.newest) == (other.next_index, other.newest)

    def is_trusted(self, now: float, trust: float) -> bool:
        """Tell whether this is recent enough; a clock that was set back proves nothing."""
        return 0 <= now - self.known_at <= trust
