"""One append from call to acknowledgement: what it writes, and every try whose outcome counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from s3sessions.codec import Draft
from s3sessions.dao.batch import Attempt
from s3sessions.dao.messages import Stored
from s3sessions.dao.tail import Tail
from s3sessions.keys import Kind
from s3sessions.models import Message


class Writing:
    """What one append writes.

    Attributes:
        drafts: the messages, in order.
        write_id: with which the caller may repeat the whole append.
        redelivered: whether a message with one of the write ids may be stored already.
        is_batch: whether the messages become visible together.
        replaces: whether they are to take the place of the whole history.
        is_looked_up: whether the write ids were looked up in all that the handle is to know.
        documents: bodies of those that are missing, to be created along with the present try.
    """

    def __init__(
        self,
        drafts: Sequence[Draft],
        write_id: str,
        *,
        redelivered: bool,
        is_batch: bool,
        replaces: bool = False,
    ) -> None:
        self.drafts = drafts
        self.write_id = write_id
        self.redelivered = redelivered
        self.is_batch = is_batch
        self.replaces = replaces
        self.is_looked_up = False
        self.documents: Mapping[Kind, Mapping[str, Any]] = {}
        self._found: dict[int, Message] = {}
        self._attempts: list[Attempt] = []

    @property
    def left(self) -> list[int]:
        """Positions of the drafts that were not found stored."""
        return [at for at in range(len(self.drafts)) if at not in self._found]

    def found(self, position: int, message: Message) -> None:
        """Take a message that was stored under the draft's write id before."""
        self._found[position] = message

    def result(self, stored: Sequence[Message] = ()) -> list[Message]:
        """Give all messages in order: those that were found, and those just stored."""
        acknowledged = dict(zip(self.left, stored, strict=True))
        return [(self._found | acknowledged)[at] for at in range(len(self.drafts))]

    def attempt(self, tail: Tail, new_id: str) -> Attempt:
        """Give the try to make at this tail: the one before, if the same index is still free."""
        drafts = tuple(self.drafts[at] for at in self.left)
        last = self._attempts[-1] if self._attempts else None
        if last and last.is_alive and last.commit == tail.next_index and last.drafts == drafts:
            return last
        batch_id = new_id if self.replaces or (self.is_batch and len(drafts) > 1) else None
        attempt = Attempt(drafts, tail.free(len(drafts)), batch_id, replaces=self.replaces)
        self._attempts.append(attempt)
        return self._attempts[-1]

    def committed_by(self, stored: Stored) -> Attempt | None:
        """Give the try that put this object, the commit, there; None for another writer's.

        A void that it put is one that was removed since: it is not to come back.
        """
        return next((attempt for attempt in self._attempts if attempt.is_at(0, stored)), None)

    @property
    def open(self) -> Iterator[Attempt]:
        """The tries that may yet take effect, or have."""
        return (attempt for attempt in self._attempts if attempt.is_open)
