"""The messages of one agent: read a window at a time, in the order of their indexes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from s3sessions.codec import PARTIAL
from s3sessions.dao.archive import read_wherever
from s3sessions.dao.beginning import Beginning
from s3sessions.dao.doctor.batches import STILL_AT_WORK, Batches
from s3sessions.dao.doctor.case import Case, Patient
from s3sessions.dao.doctor.repairs import make_void
from s3sessions.dao.doctor.tools import ToolCalls
from s3sessions.dao.listing import AgentListing
from s3sessions.dao.messages import Stored, Unreadable
from s3sessions.dao.reader import Reader
from s3sessions.dao.scope import Scope
from s3sessions.dao.snapshot import MOST_PROBES, gaps
from s3sessions.errors import UnsupportedVersion
from s3sessions.health import FindingKind
from s3sessions.keys import AgentKeys
from s3sessions.models import Message

ABSURD: Final = 1_000_000
"""So many indexes in a row that no object holds were not left by writers that take the next one."""

_PARTIAL_FOR: Final = timedelta(days=1)


@dataclass
class Examination:
    """One look at the messages of an agent.

    Attributes:
        listing: of the agent.
        life: of the session, by its name; segments that name another are passed over.
        born: when the session's document says that it began; None where nothing says it.
        beginning: where the visible history begins; what lies before it is not looked at.
    """

    scope: Scope
    agent: AgentKeys
    listing: AgentListing
    life: str | None
    is_life_known: bool
    born: datetime | None
    beginning: Beginning
    _found: list[int] = field(default_factory=list)
    _unreadable: list[Unreadable] = field(default_factory=list)
    _end: int = 0
    _places: dict[str, tuple[tuple[int, int], int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._patient = Patient(self.agent.session_id, self.agent.agent_id)
        self._batches = Batches(self.scope, self.agent, self.beginning)
        self._tools = ToolCalls()
        self._reader = Reader(self.scope, self.agent)
        self._reader.belongs_to(self.listing, self.life, is_known=self.is_life_known)

    async def run(self) -> AsyncGenerator[Case, None]:
        """Give a case for each thing that is wrong.

        Requests: 1 GET for each loose message and hole, and for each segment.
        """
        for window in self.listing.windows(self._indexes(), self.scope.width):
            for index, stored in (await self._read(window)).items():
                async for case in self._take(index, stored):
                    yield case
        for case in (*self._batches.cases(self._patient), *self._ended()):
            yield case

    async def _read(self, window: Sequence[int]) -> dict[int, Stored]:
        """Read what readers see; what is not where it was listed may have been packed since."""
        self._reader.drop_below(window[0])
        await self._reader.fetch(self.listing, window)
        reads = self._reader.reads
        gone = [i for i in window if i not in reads and self._is_listed(i)]
        calls = [partial(read_wherever, self.scope, self.agent, index) for index in gone]
        again = zip(gone, await self.scope.store.fan_out(calls), strict=True)
        found = {index: stored for index, stored in again if stored is not None}
        return {i: stored for i in window if (stored := reads.get(i) or found.get(i)) is not None}

    def _is_listed(self, index: int) -> bool:
        listing = self.listing
        return index in listing.shown and not self._reader.passes_over(listing, index)

    @property
    def sees_any(self) -> bool:
        """Tell whether readers see anything of it, if only that it cannot be read."""
        return self._end > 0

    @property
    def replacing(self) -> dict[int, str]:
        """The batches, by the index of their first message, that are to replace the history."""
        return self._batches.replacing

    def _indexes(self) -> list[int]:
        """Give what to read: what is shown, and what a list that is no snapshot may lack."""
        first = self.beginning.first
        shown = list(self.listing.shown.since(first))
        lacking = gaps(shown, first)
        if sum(map(len, lacking)) > MOST_PROBES:
            return shown
        return sorted([*shown, *(index for run in lacking for index in run)])

    async def _take(self, index: int, stored: Stored) -> AsyncGenerator[Case, None]:
        self._found.append(index)
        self._batches.note(index, stored)
        content = stored.content
        if not isinstance(content, Message):
            self._end = index + 1
            # A segment that cannot be read is one case, at each of its indexes.
            if not any(content is known for known in self._unreadable):
                self._unreadable.append(content)
                yield unreadable(self._patient, content)
            return
        if not await self._batches.is_visible(stored, self._modified(index)):
            return
        self._end = index + 1
        if not stored.is_void:
            async for case in self._see(content, stored.etag):
                yield case

    def _modified(self, index: int) -> datetime:
        # What the list did not show is newer than it.
        entry = self.listing.holder(index)
        return self.scope.now() if entry is None else entry.modified

    async def _see(self, message: Message, etag: str) -> AsyncGenerator[Case, None]:
        batch = message.batch
        place = (message.index, 0) if batch is None else (batch.commit, batch.position)
        self._tools.read(message, place)
        if message.status == PARTIAL and self._is_older(message.index, _PARTIAL_FOR):
            yield self._stale_partial(message)
        if message.write_id is None:
            return
        if message.write_id in self._places:
            yield await self._doubled(message, place, etag)
        else:
            self._places[message.write_id] = (place, message.index)

    def _is_older(self, index: int, age: timedelta) -> bool:
        return self.scope.now() - self._modified(index) > age

    def _stale_partial(self, message: Message) -> Case:
        return self._patient.case(
            FindingKind.STALE_PARTIAL,
            self.agent.message(message.index),
            f"message {message.index} is partial for more than a day: the stream that it was "
            "taken from broke, and nobody has finished it",
            f"finish it with complete({message.index}, …) or take it out with "
            f"remove({message.index})",
        )

    # Two messages with one write id

    async def _doubled(self, message: Message, place: tuple[int, int], etag: str) -> Case:
        """Compare with the message that was met first, read anew. Requests: 1 GET."""
        other_place, other_index = self._places[message.write_id or ""]
        other = await read_wherever(self.scope, self.agent, other_index)
        earlier, later = sorted([(other_place, other_index), (place, message.index)])
        self._places[message.write_id or ""] = earlier
        what = f"messages {earlier[1]} and {later[1]} have the same write id"
        key = self.agent.message(later[1])
        if other is None or not _is_the_same(message, other):
            return self._patient.case(
                FindingKind.DUPLICATE_WRITE_ID,
                key,
                f"{what} and say different things: a caller has used the id for two writes",
                "look at both; remove() the one that should not be there, and give each write an "
                "id of its own",
            )
        later_etag = etag if later[1] == message.index else other.etag
        return self._patient.case(
            FindingKind.DUPLICATE_WRITE_ID,
            key,
            f"{what} and say the same: one write was delivered twice, too far apart to be noticed",
            f"the later one, {later[1]}, becomes a void, which no reader sees",
            partial(make_void, self.scope, self.agent, later[1], later_etag),
        )

    # What only shows at the end

    def _ended(self) -> Iterator[Case]:
        end = max(self._end, self._batches.end)
        found = [index for index in self._found if index < end]
        lacking = gaps([*found, end] if end else [], self.beginning.first)
        if found and lacking and lacking[0].start == 0 and self._is_a_ghost(found):
            yield self._ghost(found, lacking.pop(0))
        for run in lacking:
            yield self._absurd(run) if len(run) > ABSURD else self._hole(run)
        if self._tools.unanswered:
            yield self._unanswered()

    def _is_a_ghost(self, found: list[int]) -> bool:
        """Tell whether the first that is there was there before the session began."""
        return self.born is not None and self._modified(found[0]) < self.born - STILL_AT_WORK

    def _ghost(self, found: list[int], before: range) -> Case:
        return self._patient.case(
            FindingKind.GHOST,
            self.agent.message(found[0]),
            f"message {found[0]} is older than the session and nothing stands before it: it is "
            f"left of an earlier life of the id, which was deleted with messages 0 to "
            f"{before.stop - 1}",
            f"look at it; remove({found[0]}) takes it out of the history",
        )

    def _hole(self, run: range) -> Case:
        what = f"message {run.start}" if len(run) == 1 else f"messages {run[0]} to {run[-1]}"
        return self._patient.case(
            FindingKind.HOLE,
            self.agent.message(run.start),
            f"no object holds {what}: removed by hand or never written by another writer; the "
            "history is read without it",
            "restore the objects from a backup or an old version; otherwise nothing has to be done",
        )

    def _absurd(self, run: range) -> Case:
        return self._patient.case(
            FindingKind.ABSURD_INDEX,
            self.agent.message(run.stop),
            f"message {run.stop} stands {len(run):,} indexes above the one before it: no writer "
            "of sessions has put it there, and every append goes above it",
            "while nobody writes, copy it elsewhere and delete the object",
        )

    def _unanswered(self) -> Case:
        index, count = self._tools.index, self._tools.unanswered
        calls = "a tool call" if count == 1 else f"{count} tool calls"
        return self._patient.case(
            FindingKind.UNANSWERED_CALL,
            self.agent.message(index),
            f"message {index} has {calls} without a result: the tool still runs, the agent waits "
            "for an answer (an interrupt), or the invocation died; models refuse such a history",
            "let an agent that waits be answered; else append the results, give models what "
            f"tool_calls.repair makes of it, or remove({index})",
        )


def unreadable(patient: Patient, error: Unreadable) -> Case:
    """Make the case of an object that cannot be read."""
    if isinstance(error, UnsupportedVersion):
        return patient.case(
            FindingKind.NEWER_VERSION,
            error.key or "",
            f"a newer version of s3sessions has written it: {error.message}",
            "upgrade s3sessions here",
        )
    return patient.case(
        FindingKind.CORRUPT_OBJECT,
        error.key or "",
        f"it cannot be read: {error.message}",
        "put back an old version or a backup; readers that report what is corrupt pass it over",
    )


def _is_the_same(message: Message, other: Stored) -> bool:
    content = other.content
    return isinstance(content, Message) and content.payload == message.payload
