"""Segments: the message objects of one block of indexes, joined to one object.

A header line says the format's version and the life of the session; line k behind it is the object
of the k-th index. Inside valid JSON a raw line break is only white space between tokens, so it
becomes a space, and everything else stays byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from s3sessions.codec import FORMAT_VERSION, STAMP, load_document
from s3sessions.errors import CorruptObject
from s3sessions.record import Record, field, replace
from s3sessions.values import dump

__all__ = ["Segment", "decode_segment", "one_line"]

_BREAKS: Final = bytes.maketrans(b"\r\n", b"  ")


def one_line(data: bytes) -> bytes:
    """Give a message's object, which is valid JSON, as a line of a segment."""
    return data.translate(_BREAKS)


class Segment(Record):
    """The objects of one block.

    Attributes:
        block: the indexes.
        lines: one object for each, without line breaks.
        life: the life of the session that they are of; None where that is not known.
    """

    block: range
    lines: Sequence[bytes] = field(repr=False)
    life: str | None = None

    @classmethod
    def of(cls, block: range, objects: Sequence[bytes], life: str | None = None) -> Segment:
        """Make one of objects as they are stored, one for each index."""
        return cls(block, [one_line(data) for data in objects], life)

    def line(self, index: int) -> bytes:
        """Give the object of an index."""
        return self.lines[index - self.block.start]

    def with_line(self, index: int, data: bytes) -> Segment:
        """Give the segment with another object at an index."""
        return self.with_lines({index: data})

    def with_lines(self, objects: Mapping[int, bytes]) -> Segment:
        """Give the segment with other objects at these indexes."""
        lines = list(self.lines)
        for index, data in objects.items():
            lines[index - self.block.start] = one_line(data)
        return replace(self, lines=lines)

    def encode(self) -> bytes:
        """Give the bytes of the object."""
        stamp = {"v": FORMAT_VERSION, **({"life": self.life} if self.life is not None else {})}
        return b"\n".join([dump({STAMP: stamp}), *self.lines, b""])


def decode_segment(key: str, block: range, data: bytes) -> Segment:
    """Read a segment; its lines are not looked into.

    Raises:
        CorruptObject: it has no header, or not one line for each index.
        UnsupportedVersion: a newer version wrote it.
    """
    header, *lines = data.split(b"\n")
    life = load_document(key, header).get(STAMP, {}).get("life")
    if len(lines) != len(block) + 1 or lines.pop():
        raise CorruptObject(f"segment does not hold {len(block):,} messages, a line each", key=key)
    return Segment(block, lines, life if isinstance(life, str) else None)
