"""Reading packed messages: segments whole, and a message wherever it stands."""

from __future__ import annotations

from s3sessions.blocks import blocks_over
from s3sessions.codec import decode_message
from s3sessions.dao.messages import Stored, Unreadable, read_message
from s3sessions.dao.scope import Scope
from s3sessions.errors import CorruptObject, NotFound, UnsupportedVersion
from s3sessions.keys import AgentKeys
from s3sessions.record import Record, field
from s3sessions.segments import Segment, decode_segment


class Packed(Record):
    """A segment's object as the store has it: a segment, or why it is none."""

    key: str
    content: Segment | Unreadable = field(repr=False)
    etag: str

    @property
    def life(self) -> str | None:
        """The life of which its messages are, if it says so."""
        return self.content.life if isinstance(self.content, Segment) else None

    def at(self, index: int) -> Stored:
        """Give what it holds for an index of its block."""
        if not isinstance(self.content, Segment):
            return Stored(self.content, self.etag)
        try:
            line = self.content.line(index)
            return Stored(decode_message(self.key, index, line, etag=self.etag), self.etag)
        except (CorruptObject, UnsupportedVersion) as error:
            return Stored(error, self.etag)


async def read_segment(scope: Scope, agent: AgentKeys, block: range) -> Packed | None:
    """Read one segment; None where there is none. Requests: 1 GET."""
    key = agent.segment(block)
    try:
        blob = await scope.store.get(key)
    except NotFound:
        return None
    try:
        return Packed(key, decode_segment(key, block, blob.data), blob.etag)
    except (CorruptObject, UnsupportedVersion) as error:
        scope.warn_of(error)
        return Packed(key, error, blob.etag)


async def read_wherever(scope: Scope, agent: AgentKeys, index: int) -> Stored | None:
    """Read one message, packed or not. Requests: 1 GET; 1 or 2 more where it is not loose.

    One behind the other: what a packing has taken from where it stood is where it went.
    """
    if (loose := await read_message(scope, agent, index)) is not None:
        return loose
    for block in blocks_over(index):
        if (packed := await read_segment(scope, agent, block)) is not None:
            return packed.at(index)
    return None
