"""A message as a change in place meets it: in an object of its own, or as a line of a segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from s3sessions.blocks import blocks_over
from s3sessions.dao.archive import Packed, read_segment
from s3sessions.dao.original import Original
from s3sessions.dao.scope import Scope
from s3sessions.errors import CorruptObject, NotFound, UnsupportedVersion
from s3sessions.keys import AgentKeys
from s3sessions.segments import Segment


@dataclass(frozen=True, slots=True)
class Held:
    """A message, and the object that holds it.

    Attributes:
        key: of that object.
        original: the message; its etag is that of the object.
        segment: the object, where it is a segment.
    """

    key: str
    original: Original
    segment: Segment | None = field(default=None, repr=False)

    @property
    def etag(self) -> str:
        return self.original.message.etag or ""

    @property
    def copies_stand_in(self) -> Sequence[range]:
        """The blocks of the segments that can hold a copy which does not count."""
        own = 0 if self.segment is None else len(self.segment.block)
        return [block for block in blocks_over(self.original.message.index) if len(block) > own]

    def changed(self, data: bytes) -> bytes:
        """Give the bytes of the object with another version of the message in it."""
        if self.segment is None:
            return data
        return self.segment.with_line(self.original.message.index, data).encode()

    def stored(self, data: bytes, etag: str) -> Held:
        """Give what is there after another version of the message was stored."""
        index, segment = self.original.message.index, self.segment
        original = Original.of(self.key, index, data, etag=etag, is_packed=segment is not None)
        return Held(self.key, original, segment and segment.with_line(index, data))


async def read_held(scope: Scope, agent: AgentKeys, index: int) -> Held | None:
    """Read a message where it counts; None where there is none.

    Each place is read behind the one from which a packing takes what it puts there, so that none
    that moves is missed. Requests: 1 GET, 1 or 2 more where it is not loose.

    Raises:
        CorruptObject, UnsupportedVersion: what is there cannot be read.
    """
    key = agent.message(index)
    try:
        blob = await scope.store.get(key)
    except NotFound:
        return await _read_packed(scope, agent, index)
    try:
        return Held(key, Original.of(key, index, blob.data, etag=blob.etag))
    except (CorruptObject, UnsupportedVersion) as error:
        scope.warn_of(error)
        raise


async def _read_packed(scope: Scope, agent: AgentKeys, index: int) -> Held | None:
    for block in blocks_over(index):
        packed = await read_segment(scope, agent, block)
        if packed is not None:
            return held_in(packed, index)
    return None


def held_in(packed: Packed, index: int) -> Held:
    """Give what a segment holds. Raises CorruptObject, UnsupportedVersion."""
    if not isinstance(packed.content, Segment):
        raise packed.content
    line = packed.content.line(index)
    original = Original.of(packed.key, index, line, etag=packed.etag, is_packed=True)
    return Held(packed.key, original, packed.content)
