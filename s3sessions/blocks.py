"""Blocks: the aligned runs of indexes that a segment can hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["SEGMENT_SIZES", "block_of", "blocks_over"]

SEGMENT_SIZES: Final = (100, 10_000)
"""How many messages a segment holds: of each size, those of one whole aligned block of indexes."""


def block_of(index: int, size: int | None = None) -> range:
    """Give the aligned block of `size` indexes in which an index stands; the smallest."""
    size = SEGMENT_SIZES[0] if size is None else size
    start = index - index % size
    return range(start, start + size)


def blocks_over(index: int) -> Iterator[range]:
    """Give the blocks of the segments that can hold an index, the smaller first."""
    for size in SEGMENT_SIZES:
        yield block_of(index, size)
