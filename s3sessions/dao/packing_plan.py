"""What there is to pack: whole aligned blocks of messages that are old and visible.

A block of 100 is packed where all of it is loose and old, stands below the greatest live object
that is old, and nothing of it is hidden. A block of 10,000 is where all its segments of 100 are
there and old, nothing in it is loose, and it is behind the newest messages, so that those who read
the newest read no large segment. However young a message may be that is packed, a segment of 100
stays until nobody can create it again: it would count over the large one. A packing that was cut
off is finished, whatever was hidden since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, TypeAlias

from s3sessions import blocks
from s3sessions.blocks import block_of
from s3sessions.dao.survey import Survey
from s3sessions.ports import Entry

MOST_BYTES: Final = 32 * 1024 * 1024
"""Most that a segment is made of: it is held in memory, and read and written whole."""

NEWEST: Final = 1000
"""The newest indexes, which stand in no large segment."""


@dataclass(frozen=True, slots=True)
class Task:
    """One block to pack.

    Attributes:
        block: of the segment that is to hold it.
        sources: what holds it now; of a loose message the block of its one index.
        is_there: whether the segment is listed: the packing of it was cut off.
    """

    block: range
    sources: Sequence[range]
    is_there: bool

    @property
    def stop(self) -> int:
        """The index above all that is to be packed."""
        return self.sources[-1].stop


Plan: TypeAlias = Callable[[Survey, int], list[Task]]
"""Gives what to pack, in order, for a survey and the place from which on nothing is touched."""


def loose_tasks(survey: Survey, limit: int) -> list[Task]:
    """Give the blocks of 100 of which messages are loose."""
    tasks = []
    for block, indexes in _grouped(survey.listing.messages, blocks.SEGMENT_SIZES[0]):
        if block.stop > limit:
            break
        entries = [survey.listing.messages[index] for index in indexes]
        old = [i for i, entry in zip(indexes, entries, strict=True) if survey.is_old(entry)]
        there = survey.listing.block_over(block.start)
        if old and (there is not None or _is_to_make(survey, block, len(old), entries)):
            sources = [range(index, index + 1) for index in old]
            tasks.append(Task(there or block, sources, there is not None))
    return tasks


def segment_tasks(survey: Survey, limit: int) -> list[Task]:
    """Give the blocks of 10,000 of which segments of 100 are there."""
    tasks = []
    small_size, large_size = blocks.SEGMENT_SIZES
    listed = survey.listing.segments
    small = sorted(block.start for block in listed if len(block) == small_size)
    loose = {block.start for block, _ in _grouped(survey.listing.messages, large_size)}
    for block, starts in _grouped(small, large_size):
        if block.stop > min(limit, survey.listing.shown.end - NEWEST) or block.start in loose:
            continue
        there = [block_of(start, small_size) for start in starts]
        entries = [listed[each] for each in there]
        old = [b for b, entry in zip(there, entries, strict=True) if survey.is_settled(entry)]
        is_there = block in listed
        if old and (is_there or _is_to_make(survey, block, len(old) * small_size, entries)):
            tasks.append(Task(block, old, is_there))
    return tasks


def _is_to_make(survey: Survey, block: range, old: int, entries: Iterable[Entry]) -> bool:
    is_whole = old == len(block) and block.start >= survey.beginning.first
    return is_whole and sum(entry.size for entry in entries) <= MOST_BYTES


def _grouped(indexes: Iterable[int], size: int) -> list[tuple[range, list[int]]]:
    """Give the blocks in which ascending indexes stand, with those of each."""
    groups = groupby(indexes, key=lambda index: index - index % size)
    return [(block_of(start, size), list(group)) for start, group in groups]
