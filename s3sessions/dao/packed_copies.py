"""Copies of a message in segments, beside the object that counts: left by a packing in progress.

One that was cut off leaves a loose message beside its line, or a segment beside a larger one. Only
the smaller counts, but what is taken out of that must not stand in the larger either. A packing
that has read the content before, and writes the segment only after this has looked, deletes nothing
that was changed: it rewrites the line itself. If it dies first, the next one does.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from s3sessions.dao.archive import read_segment
from s3sessions.dao.held import Held, held_in
from s3sessions.dao.rewriting import Rewrite
from s3sessions.dao.scope import Scope
from s3sessions.errors import Conflict, MessageNotFound, PreconditionFailed, StoreUnavailable
from s3sessions.keys import AgentKeys
from s3sessions.segments import one_line


@dataclass(frozen=True, slots=True)
class PackedCopies:
    """The copies of a message that was changed where it counts, as `held` says.

    `rewrite` changes what is no version of that message and yet stands under its index.
    """

    scope: Scope
    agent: AgentKeys
    held: Held
    rewrite: Rewrite

    async def change(self) -> None:
        """Make them what the message is now.

        Requests: 1 GET for each segment that can hold one, at once; 1 PUT for each that does.

        Raises:
            CorruptObject, UnsupportedVersion: a segment, or its line, cannot be read.
            Conflict: others changed it under each of `attempts` tries.
        """
        blocks = self.held.copies_stand_in
        await self.scope.store.fan_out([partial(self._change_in, block) for block in blocks])

    async def _change_in(self, block: range) -> None:
        for attempt in range(self.scope.settings.attempts):
            packed = await read_segment(self.scope, self.agent, block)
            if packed is None:
                return
            copy = held_in(packed, self.held.original.message.index)
            data = await self._data(copy)
            if data is None:
                return
            with suppress(PreconditionFailed, StoreUnavailable):
                await self.scope.put(copy.key, copy.changed(data), copy.etag)
                return
            await self.scope.pause(attempt)
        raise Conflict(
            f"segment changed under each of {self.scope.settings.attempts} tries: try again",
            key=self.agent.segment(block),
        )

    async def _data(self, copy: Held) -> bytes | None:
        """Give what is to stand there; None where nothing is left to do."""
        now, there = self.held.original, copy.original
        if there.message.write_id == now.message.write_id:
            return None if there.data == one_line(now.data) else now.data
        with suppress(MessageNotFound):
            return await self.rewrite(there)
        return None
