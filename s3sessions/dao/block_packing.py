"""Packing one block: its messages into a segment, then away with what held them before.

How it works, in the order in which it may fail:

1. Read the sources, loose messages or smaller segments, each with its etag.
2. Create the segment. If there is one already, a packing that was cut off or a rival made it, and
   this one goes on with it; then the sources are read again, behind it.
3. Read session.json: where the session has been deleted meanwhile, or lives anew, the segment is
   taken back. A crash in between leaves one that names another life, which counts for nobody.
4. Delete each source by the etag of the bytes that the segment holds. One that was changed since is
   read again, the segment rewritten by If-Match, and it goes by its new etag.

So at every moment each message stands in an object that counts, in its last version. A source that
holds another message than the segment under the same index is left alone and reported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from s3sessions.dao.beginning import name_of_life
from s3sessions.dao.documents import (
    Life,
    check_not_deleted,
    life_of_agent,
    read_session_document,
)
from s3sessions.dao.erasing import partial_delete
from s3sessions.dao.messages import Unreadable
from s3sessions.dao.packing_plan import Task
from s3sessions.dao.scope import Scope
from s3sessions.dao.sources import Source, differing, is_same_write, read_source
from s3sessions.errors import (
    AccessDenied,
    Conflict,
    CorruptObject,
    NotFound,
    PreconditionFailed,
    S3SessionsError,
    SessionDeleted,
    SessionNotFound,
    StoreUnavailable,
)
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.ports import ABSENT, Target
from s3sessions.segments import Segment

# A store that did not answer has been asked several times by its client already.
_UNAVAILABLE_TRIES: Final = 3
# What changes under each look is left to the next packing.
_MOST_LOOKS: Final = 5


class OutdatedList(Exception):  # noqa: N818: nobody outside of the packing meets it
    """What was listed is gone, or was listed too long ago: list again."""


@dataclass(frozen=True, slots=True)
class _Held:
    """The segment as it was read or written."""

    segment: Segment
    etag: str


@dataclass
class BlockPacking:
    """One packing of one block.

    Attributes:
        life: of the session that was listed.
        is_fresh: whether the list is recent enough to create a segment by.
        packed: messages that only the segment holds since.
        segments: segments created, 0 or 1.
        corrupt: what could not be read, or holds another message than the segment.
    """

    scope: Scope
    session: SessionKeys
    agent: AgentKeys
    task: Task
    life: Life | None
    is_fresh: Callable[[], bool]
    packed: int = 0
    segments: int = 0
    corrupt: list[Unreadable] = field(default_factory=list)

    async def run(self) -> None:
        """Pack the block, as far as it can be packed.

        Requests: 1 GET for each source, at once, 1 PUT, 1 GET and 1 DeleteObjects; of a packing
        that was cut off, 1 GET in place of the PUT and the GET.

        Raises:
            OutdatedList: nothing was done.
            SessionDeleted, SessionUnfinished, Conflict: the session is not the one that was listed.
            PartialDelete: the store refused to delete sources.
            StoreUnavailable: whether the segment was created is not known.
        """
        if self.task.is_there:
            held, sources = await self._look_again(self.task.sources)
        else:
            held, sources = await self._create(await self._read(self.task.sources))
        for look in range(_MOST_LOOKS):
            if held is None or not sources:
                return
            held = await self._take_over(sources, held)
            if held is not None:
                sources = await self._delete(sources)
            elif look + 1 < _MOST_LOOKS:
                await self.scope.pause(look)
                held, sources = await self._look_again([s.segment.block for s in sources])

    async def _look_again(self, blocks: Sequence[range]) -> tuple[_Held | None, list[Source]]:
        """Read the segment, and behind it what holds these blocks.

        What is there then is newer than its copy in that version of the segment: each change is
        made where the message stood before, if it stands there still. What was read earlier is not.
        """
        held = await self._read_held()
        return held, [] if held is None else await self._read(blocks)

    @property
    def _key(self) -> str:
        return self.agent.segment(self.task.block)

    async def _read(self, blocks: Sequence[range]) -> list[Source]:
        """Read sources; those that are gone or cannot be read are not among them."""
        calls = [partial(read_source, self.scope, self.agent, block) for block in blocks]
        found = await self.scope.store.fan_out(calls)
        self.corrupt += [each for each in found if isinstance(each, Unreadable)]
        return [each for each in found if isinstance(each, Source) and self._is_ours(each)]

    def _is_ours(self, source: Source) -> bool:
        """Leave alone what says that it is of another life of the id."""
        life = source.segment.life
        is_ours = None in (life, self._life_name) or life == self._life_name
        if not is_ours:
            self._report(source.key, "segment is of another life of the session")
        return is_ours

    @property
    def _life_name(self) -> str | None:
        return name_of_life(self.life)

    # The segment

    async def _create(self, sources: list[Source]) -> tuple[_Held | None, list[Source]]:
        """Create the segment, and give it with what it holds; None where the block is to stay."""
        if self.corrupt or not all(source.is_within(self.task.block) for source in sources):
            return None, []
        if len(sources) < len(self.task.sources):
            raise OutdatedList
        lines = [line for source in sources for line in source.segment.lines]
        segment = Segment(self.task.block, lines, self._life_name)
        held = await self._put_new(segment)
        if held is not None:
            is_own = held.segment == segment
            self.segments = int(is_own)
            await self._check_life(held, is_own=is_own)
            if not is_own:
                return await self._look_again(self.task.sources)
        return held, sources

    async def _put_new(self, segment: Segment) -> _Held | None:
        data = segment.encode()
        for attempt in range(_UNAVAILABLE_TRIES):
            if not self.is_fresh():
                raise OutdatedList
            with suppress(PreconditionFailed, StoreUnavailable):
                return _Held(segment, await self.scope.put(self._key, data, ABSENT))
            held = await self._read_held()
            if held is not None or self.corrupt:
                return held
            await self.scope.pause(attempt)
        raise StoreUnavailable(
            "whether the segment was written is not known: compact again", key=self._key
        )

    async def _read_held(self) -> _Held | None:
        """Read the segment; None where there is none, or none that is to be trusted."""
        found = await self._read([self.task.block])
        return _Held(found[0].segment, found[0].etag) if found else None

    async def _check_life(self, held: _Held, *, is_own: bool) -> None:
        """Take the segment back where the session is not the one that it was made for."""
        document = await read_session_document(self.scope, self.session)
        try:
            check_not_deleted(document, self.session.document, self.agent.agent_id)
            if document is None:
                raise SessionDeleted("session was deleted meanwhile", key=self.session.document)
            if document.corrupt is not None:
                raise document.corrupt
            if life_of_agent(document, self.agent.agent_id) != self.life:
                raise Conflict(
                    "the session was deleted and began anew meanwhile: compact again",
                    key=self.session.document,
                )
        except (SessionNotFound, Conflict):
            if is_own:
                with suppress(PreconditionFailed, NotFound, AccessDenied):
                    await self.scope.store.delete(self._key, only_if=held.etag)
            raise

    # What held the messages before

    async def _take_over(self, sources: list[Source], held: _Held) -> _Held | None:
        """Bring the segment up to its sources; None where somebody else changed it meanwhile.

        Sources that hold another message are dropped from the list.
        """
        newer: dict[int, bytes] = {}
        for source in list(sources):
            changed = differing(source.segment, held.segment)
            if not all(self._is_one_message(i, source, held) for i in changed):
                self._report(source.key, "another message is packed under this index")
                sources.remove(source)
            else:
                newer |= {index: source.segment.line(index) for index in changed}
        if not newer:
            return held
        segment = held.segment.with_lines(newer)
        with suppress(PreconditionFailed, StoreUnavailable):
            return _Held(segment, await self.scope.put(self._key, segment.encode(), held.etag))
        return None

    def _is_one_message(self, index: int, source: Source, held: _Held) -> bool:
        lines = source.segment.line(index), held.segment.line(index)
        return is_same_write(self._key, index, *lines)

    async def _delete(self, sources: list[Source]) -> list[Source]:
        """Delete what the segment holds; give what was changed since, as it is now."""
        if not sources:
            return []
        targets = [Target(source.key, source.etag) for source in sources]
        outcomes = await self.scope.store.delete_many(targets)
        errors = {each.key: each.error for each in outcomes if each.error is not None}
        gone = [source for source in sources if source.key not in errors]
        self.packed += sum(len(source.segment.block) == 1 for source in gone)
        self._check_refused(errors)
        changed = [s.segment.block for s in sources if isinstance(errors.get(s.key), Conflict)]
        return await self._read(changed) if changed else []

    def _check_refused(self, errors: dict[str, S3SessionsError]) -> None:
        refused = {k: e for k, e in errors.items() if not isinstance(e, Conflict | NotFound)}
        if refused:
            raise partial_delete(
                f"{len(refused)} packed objects could not be deleted: mend the cause, then "
                "compact again",
                refused,
            )

    def _report(self, key: str, why: str) -> None:
        error = CorruptObject(f"{why}: see what the doctor says", key=key)
        self.scope.warn_of(error)
        self.corrupt.append(error)
