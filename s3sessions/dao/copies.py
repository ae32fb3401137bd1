"""Copies of a message that failed tries of its batch left: members that no commit lists.

They are invisible, and stay where they are until a compaction; but what is taken out of a message
must not stand in them either. A copy has the message's write id and another batch's id, and stands
below it: each try takes the lowest free indexes, and those only rise.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain

from s3sessions.dao.archive import read_segment
from s3sessions.dao.listing import list_agent
from s3sessions.dao.original import Original
from s3sessions.dao.packed_copies import PackedCopies
from s3sessions.dao.rewriting import Rewriting, is_visible
from s3sessions.dao.scope import Scope
from s3sessions.errors import CorruptObject, MessageNotFound, UnsupportedVersion
from s3sessions.keys import AgentKeys
from s3sessions.models import Message


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies of one message."""

    scope: Scope
    agent: AgentKeys
    message: Message

    async def redact(self) -> None:
        """Take the content out of all of them.

        Requests: none but for a later member of a batch; for that 1 LIST for each 1,000 keys and 1
        GET for each message and each segment below it, for nothing but its body tells a copy.
        """
        batch = self.message.batch
        if batch is None or batch.position == 0:
            return
        listing = await list_agent(self.scope, self.agent)
        loose = [index for index in listing.messages if index < self.message.index]
        blocks = [block for block in listing.segments if block.start < self.message.index]
        packed = await self.scope.store.fan_out([partial(self._packed, block) for block in blocks])
        indexes = {*loose, *chain(*packed)}
        await self.scope.store.fan_out([partial(self._redact_at, index) for index in indexes])

    async def _packed(self, block: range) -> list[int]:
        """Find the indexes below the message of which a segment may hold a copy."""
        packed = await read_segment(self.scope, self.agent, block)
        if packed is None:
            return []
        below = range(block.start, min(block.stop, self.message.index))
        return [index for index in below if packed.at(index).write_id == self.message.write_id]

    async def _redact_at(self, index: int) -> None:
        # Gone, or nothing that could be rewritten without guessing.
        with suppress(MessageNotFound, CorruptObject, UnsupportedVersion):
            rewriting = Rewriting(self.scope, self.agent, index, self._rewrite, "copy_redacted")
            held = await rewriting.run()
            if await self._is_copy(held.original.message):
                await PackedCopies(self.scope, self.agent, held, self._rewrite).change()

    async def _rewrite(self, original: Original) -> bytes | None:
        found = original.message
        if found.redacted_at is not None or not await self._is_copy(found):
            return None
        return original.redacted(None, self.scope.now())

    async def _is_copy(self, found: Message) -> bool:
        if found.write_id != self.message.write_id:
            return False
        return not await is_visible(self.scope, self.agent, found)
