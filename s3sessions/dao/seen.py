"""What a look at a history has shown."""

from __future__ import annotations

from s3sessions.dao.beginning import Beginning
from s3sessions.dao.documents import Document
from s3sessions.dao.listing import AgentListing
from s3sessions.dao.messages import Unreadable
from s3sessions.dao.tail import Tail
from s3sessions.models import Message
from s3sessions.record import Record


class Seen(Record):
    """What a snapshot shows.

    Attributes:
        listing: the list that it agrees with.
        session: session.json.
        history: history.json.
        beginning: where the visible history begins.
        messages: the visible ones that count, in order.
        uncounted: the visible ones among them that do not.
        corrupt: what could not be read.
        replaced: what stands where a commit lists a member.
        replacing: where batches begin that are to replace the history and have not.
        lacking: runs of indexes that no object holds.
        tail: the end of the history.
    """

    listing: AgentListing
    session: Document | None
    history: Document | None
    beginning: Beginning
    messages: list[Message]
    uncounted: list[Message]
    corrupt: list[Unreadable]
    replaced: list[Unreadable]
    replacing: list[int]
    lacking: tuple[range, ...]
    tail: Tail
