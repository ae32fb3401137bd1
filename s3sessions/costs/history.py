"""What the product asks of S3, by how long a history is; `tests/test_costs.py` counts it for real.

Of a history that was never truncated: it has no history.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from s3sessions.blocks import SEGMENT_SIZES
from s3sessions.costs.listing import lists_of
from s3sessions.costs.requests import Requests
from s3sessions.ports import PAGE_LIMIT

__all__ = ["History", "append"]

_BLOCK: Final = SEGMENT_SIZES[0]


def append() -> Requests:
    """Append one message by a handle that knows its tail."""
    return Requests(puts=1, messages_sent=1)


@dataclass(frozen=True, slots=True)
class History:
    """A history of so many messages, the oldest of them in so many segments of 100.

    Beyond 10,000 messages there are larger segments, too, which are left out here.
    """

    messages: int
    segments: int = 0

    @property
    def loose(self) -> int:
        """How many messages are objects of their own."""
        return self.messages - self.segments * _BLOCK

    def packed(self) -> History:
        """Give what packing leaves: the block that holds the newest message stays loose."""
        return History(self.messages, max(0, self.messages - 1) // _BLOCK)

    def restore(self, last: int | None = None) -> Requests:
        """Restore all messages, or the last ones."""
        wanted = self.messages if last is None else min(last, self.messages)
        loose = min(wanted, self.loose)
        segments = -(-(wanted - loose) // _BLOCK)
        return Requests(
            lists=self._lists,
            gets=segments + loose + self._documents,
            messages_received=segments * _BLOCK + loose,
        )

    def packing(self) -> Requests:
        """Pack at once what of this can be packed."""
        blocks = self.packed().segments - self.segments
        moved = blocks * _BLOCK
        return Requests(
            lists=self._lists,
            gets=moved + blocks + 2,
            puts=blocks,
            deletes=blocks,
            messages_sent=moved,
            messages_received=moved,
        )

    @property
    def _documents(self) -> int:
        """session.json and agent.json; a list of several pages is no proof of no history.json."""
        return 2 if self._fits_a_page else 3

    @property
    def _lists(self) -> int:
        return 1 if self._fits_a_page else lists_of(self.loose)

    @property
    def _fits_a_page(self) -> bool:
        """Whether one list shows the agent's messages, its segments and agent.json."""
        return self.loose + self.segments + 1 <= PAGE_LIMIT
