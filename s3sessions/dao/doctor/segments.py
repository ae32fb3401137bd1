"""Segments: what stands beside them that they hold too, and those of a history that is over.

Whether a segment can be read shows where its messages are read.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from s3sessions.dao.archive import Packed, read_segment
from s3sessions.dao.beginning import name_of_life
from s3sessions.dao.doctor.case import Case, Patient
from s3sessions.dao.doctor.messages import unreadable
from s3sessions.dao.doctor.repairs import delete_version, finish_packing
from s3sessions.dao.documents import Document, life_of_agent
from s3sessions.dao.listing import AgentListing
from s3sessions.dao.messages import Unreadable
from s3sessions.dao.scope import Scope
from s3sessions.dao.sources import Source, differing, is_same_write, read_source
from s3sessions.errors import CorruptObject
from s3sessions.health import FindingKind
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.models import Message
from s3sessions.segments import Segment
from s3sessions.values import parse_time

_OLD: Final = timedelta(days=1)
"""What is younger may still be created again by a writer that has stalled: it is not deleted."""


@dataclass(frozen=True, slots=True)
class SegmentExamination:
    """One look at the segments of an agent.

    Attributes:
        listing: of the agent.
        document: session.json; None where there is none.
        first: where the visible history begins; a segment below it is compaction's.
    """

    scope: Scope
    session: SessionKeys
    agent: AgentKeys
    listing: AgentListing
    document: Document | None
    first: int

    async def run(self) -> AsyncGenerator[Case, None]:
        """Give a case for each thing that is wrong.

        Requests: 1 GET for each segment, and for each object beside one that it holds.
        """
        blocks = [block for block in self.listing.segments if block.stop > self.first]
        for block in sorted(blocks, key=lambda block: (block.start, len(block))):
            packed = await read_segment(self.scope, self.agent, block)
            if packed is None or not isinstance(packed.content, Segment):
                continue
            if self._is_of_another_life(packed):
                yield self._left_behind(block, packed)
                continue
            async for case in self._copies(block, packed, packed.content):
                yield case

    # Of another life

    @property
    def _patient(self) -> Patient:
        return Patient(self.agent.session_id, self.agent.agent_id)

    @property
    def _life(self) -> str | None:
        return name_of_life(life_of_agent(self.document, self.agent.agent_id))

    def _is_of_another_life(self, packed: Packed) -> bool:
        if self.document is None:
            return self.listing.is_left_behind
        return None not in (packed.life, self._life) and packed.life != self._life

    def _left_behind(self, block: range, packed: Packed) -> Case:
        what = (
            f"messages {block[0]} to {block[-1]} are packed here and belong to another life of the "
            "session, which was deleted while somebody packed it: nobody sees them"
        )
        if self._is_surely_over(block):
            mend = partial(delete_version, self.scope, packed.key, packed.etag)
            return self._patient.case(FindingKind.GHOST, packed.key, what, "it is deleted", mend)
        return self._patient.case(
            FindingKind.GHOST,
            packed.key,
            f"{what}; or session.json was lost, and the one that is there was written since",
            "look at it; if the messages belong to the session put an old version of session.json "
            "back, else delete the object",
        )

    def _is_surely_over(self, block: range) -> bool:
        """Tell whether no session.json that was lost can have been that of the segment."""
        if self.document is None:
            return False
        born = parse_time(self.document.body.get("created_at"))
        is_older = born is not None and born < self.listing.segments[block].modified
        return is_older or self.listing.is_left_behind

    # Copies

    async def _copies(
        self, block: range, packed: Packed, segment: Segment
    ) -> AsyncGenerator[Case, None]:
        beside, width = self._beside(block), self.scope.width
        unfinished: list[Source] = []
        for at in range(0, len(beside), width):
            window = beside[at : at + width]
            calls = [partial(read_source, self.scope, self.agent, each) for each in window]
            for source in await self.scope.store.fan_out(calls):
                if not isinstance(source, Source):
                    continue
                case = self._difference(packed, segment, source)
                if case is None:
                    unfinished.append(source)
                else:
                    yield case
        if unfinished:
            yield self._unfinished(block, packed, segment, unfinished)

    def _beside(self, block: range) -> list[range]:
        """Give what a packing of the block would have taken away: each counts over the segment."""
        loose = [i for i in self.listing.messages if self.listing.block_over(i) == block]
        small = [b for b in self.listing.segments if b.start in block and len(b) < len(block)]
        return [*(range(i, i + 1) for i in loose), *small]

    def _difference(self, packed: Packed, segment: Segment, source: Source) -> Case | None:
        """Give a case where a source holds another message than the segment, or that is damaged."""
        for index in differing(source.segment, segment):
            stored = packed.at(index)
            if not isinstance(stored.content, Message):
                return unreadable(self._patient, _of_line(index, stored.content))
            lines = source.segment.line(index), segment.line(index)
            if not is_same_write(source.key, index, *lines):
                return self._conflict(source, index)
        return None

    def _conflict(self, source: Source, index: int) -> Case:
        return self._patient.case(
            FindingKind.CONFLICTING_COPY,
            source.key,
            f"message {index} is packed, and this object holds another message under the same "
            "index: readers see the packed one, and somebody may have been told that the other is "
            "stored",
            "look at both; append what is missing anew, then delete this object while nobody "
            "writes",
        )

    def _unfinished(
        self, block: range, packed: Packed, segment: Segment, sources: Sequence[Source]
    ) -> Case:
        changed = sum(bool(differing(source.segment, segment)) for source in sources)
        since = f", {changed} of them changed since" if changed else ""
        what = (
            f"{len(sources)} objects stand beside this segment, which holds what they hold{since}: "
            "a packing has died, or goes on; readers see them, and the segment may hold what was "
            "taken out of a message since"
        )
        if not all(self._is_old(source) for source in sources):
            return self._patient.case(
                FindingKind.UNFINISHED_PACKING,
                packed.key,
                what,
                "once all of them are a day old compact(pack=True) ends it, and so does a repair",
            )
        return self._patient.case(
            FindingKind.UNFINISHED_PACKING,
            packed.key,
            what,
            "the segment becomes what they are, and they are deleted",
            partial(
                finish_packing,
                self.scope,
                self.session,
                self.agent,
                block,
                [source.segment.block for source in sources],
            ),
        )

    def _is_old(self, source: Source) -> bool:
        return self.scope.now() - self._modified(source.segment.block) > _OLD

    def _modified(self, block: range) -> datetime:
        if len(block) == 1:
            return self.listing.messages[block.start].modified
        return self.listing.segments[block].modified


def _of_line(index: int, error: Unreadable) -> Unreadable:
    """Say which line of the segment it is."""
    if isinstance(error, CorruptObject):
        return CorruptObject(f"line of message {index}: {error.message}", key=error.key)
    return error
