"""Sources: what holds messages that a segment is to hold, a loose message or a smaller segment."""

from __future__ import annotations

from dataclasses import dataclass, field

from s3sessions.codec import decode_message
from s3sessions.dao.archive import read_segment
from s3sessions.dao.messages import Unreadable
from s3sessions.dao.scope import Scope
from s3sessions.errors import CorruptObject, NotFound, UnsupportedVersion
from s3sessions.keys import AgentKeys
from s3sessions.models import Batch
from s3sessions.segments import Segment


@dataclass(frozen=True, slots=True)
class Source:
    """An object as it was read.

    Attributes:
        key: of the object.
        etag: of the version that was read.
        segment: what it holds; of a loose message a block of one index.
        batch: of a loose message.
    """

    key: str
    etag: str
    segment: Segment = field(repr=False)
    batch: Batch | None = None

    def is_within(self, block: range) -> bool:
        """Tell whether all that its batch is made of stands in a block."""
        if self.batch is None:
            return True
        return self.batch.commit in block and all(i in block for i in self.batch.indexes or ())


async def read_source(scope: Scope, agent: AgentKeys, block: range) -> Source | Unreadable | None:
    """Read what holds a block, one index of a loose message; None where it is gone. 1 GET."""
    if len(block) == 1:
        return await _read_loose(scope, agent, block)
    packed = await read_segment(scope, agent, block)
    if packed is None:
        return None
    content = packed.content
    return Source(packed.key, packed.etag, content) if isinstance(content, Segment) else content


async def _read_loose(scope: Scope, agent: AgentKeys, block: range) -> Source | Unreadable | None:
    key = agent.message(block.start)
    try:
        blob = await scope.store.get(key)
    except NotFound:
        return None
    try:
        message = decode_message(key, block.start, blob.data)
    except (CorruptObject, UnsupportedVersion) as error:
        scope.warn_of(error)
        return error
    return Source(key, blob.etag, Segment.of(block, [blob.data]), message.batch)


def differing(source: Segment, target: Segment) -> list[int]:
    """Give the indexes of which a segment holds other bytes than one of its sources."""
    return [index for index in source.block if source.line(index) != target.line(index)]


def is_same_write(key: str, index: int, one: bytes, other: bytes) -> bool:
    """Tell whether two objects are versions of one message; not, where one cannot be read."""
    try:
        ids = [decode_message(key, index, data).write_id for data in (one, other)]
    except (CorruptObject, UnsupportedVersion):
        return False
    return ids[0] == ids[1]
