"""One agent's history in one session: what a handle of the public face does."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from s3sessions.codec import PARTIAL
from s3sessions.dao.append import Appender
from s3sessions.dao.archive import read_wherever
from s3sessions.dao.arguments import check_choice, check_count, check_limit, check_write_id
from s3sessions.dao.claims import Claims
from s3sessions.dao.details import Details
from s3sessions.dao.documents import check_time, decode_part
from s3sessions.dao.drafting import Drafting
from s3sessions.dao.knowledge import Knowledge
from s3sessions.dao.punctual import PunctualStore
from s3sessions.dao.scope import Scope
from s3sessions.dao.writing import Writing
from s3sessions.deadline import deadline_in
from s3sessions.errors import Conflict, InvalidSettings, SessionDeleted
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.metering import Meter
from s3sessions.models import History, Message
from s3sessions.record import replace
from s3sessions.usage import Usage

if TYPE_CHECKING:
    from s3sessions.dao.append import OnConflict
    from s3sessions.dao.history import HistoryDAO
    from s3sessions.dao.iteration import MessageStream
    from s3sessions.dao.partials import Partial
    from s3sessions.dao.restore import OnCorrupt, Restore, Restored
    from s3sessions.dao.seen import Seen
    from s3sessions.dao.start import Start
    from s3sessions.dao.tail import Tail
    from s3sessions.dao.turn import Claim


class AgentDAO:
    """Appends, restores and reads one agent's messages and state; makes no request until then.

    What a first append does not need is imported by the verb that does.
    """

    def __init__(
        self,
        scope: Scope,
        session: SessionKeys,
        agent: AgentKeys,
        details: Details,
        on_conflict: OnConflict | None,
    ) -> None:
        if on_conflict not in (None, "raise", "rebase"):
            raise InvalidSettings(f"on_conflict={on_conflict!r}: must be 'raise' or 'rebase'")
        self.meter = Meter()
        store = PunctualStore(scope.store.observed(self.meter))
        scope = replace(scope, store=store)
        self._scope = scope
        self._session = session
        self._agent = agent
        self._details = details
        self._known = Knowledge(scope, agent)
        self._appender = Appender(scope, session, agent, details, self._known, on_conflict)
        self._claims = Claims(scope, agent)
        self._drafting = Drafting(scope)

    @property
    def history(self) -> HistoryDAO:
        """What this handle does to the past; made when asked for, as it holds on to the handle."""
        from s3sessions.dao.compaction import Compaction
        from s3sessions.dao.history import HistoryDAO
        from s3sessions.dao.moving import Move
        from s3sessions.dao.packing import Packing

        place = (self._scope, self._session, self._agent, self._known)
        return HistoryDAO(
            known=self._known,
            move=Move(*place, self._appender.midwife),
            appender=self._appender,
            compaction=functools.partial(Compaction, self._scope, self._session, self._agent),
            packing=functools.partial(Packing, self._scope, self._session, self._agent),
            operation=self._operation,
            restore=self._restore_all,
            drafting=self._drafting,
        )

    # What readers do

    async def restore(
        self,
        *,
        start: Start = 0,
        last: int | None = None,
        max_messages: int | None = None,
        partial: Partial = "keep",
        on_corrupt: OnCorrupt = "raise",
        deadline: float | None = None,
    ) -> History:
        """Restore the history; see `AgentSession.restore`."""
        from s3sessions.dao.restore import Restore
        from s3sessions.dao.start import check_start

        check_start(start, last)
        check_limit("last", last)
        check_limit("max_messages", max_messages)
        check_choice("partial", partial, ("keep", "mark", "drop"))
        check_choice("on_corrupt", on_corrupt, ("raise", "report"))
        restore = Restore(
            self._scope, self._session, self._agent, start, last, max_messages, partial, on_corrupt
        )
        async with self._operation(deadline):
            restored = await self._restore(restore)
            if self._known.is_whole and self._scope.settings.pack_at is not None:
                from s3sessions.dao.upkeep import pack_if_due

                await pack_if_due(self._scope, self._session, self._agent, restored)
            return restored.history

    async def _restore(self, restore: Restore) -> Restored:
        restored = await restore.run()
        history, last = restored.history, restore.last
        is_whole = restored.start == 0 and (last is None or len(history.messages) < last)
        self._known.learn(restored, is_whole=is_whole)
        return restored

    async def _restore_all(self) -> None:
        """Learn all that is visible; what cannot be read stays unknown and where it is."""
        from s3sessions.dao.restore import Restore

        place = (self._scope, self._session, self._agent)
        await self._restore(Restore(*place, 0, None, None, "keep", "report"))

    async def refresh(self, *, deadline: float | None = None) -> list[Message]:
        """Read what others appended; see `AgentSession.refresh`."""
        from s3sessions.dao.snapshot import Snapshot

        tail = self._known.tail
        if tail is None or not self._known.restored:
            return (await self.restore(deadline=deadline)).messages
        async with self._operation(deadline):
            seen = await Snapshot(
                self._scope,
                self._session,
                self._agent,
                start=tail.next_index,
                history=self._known.history,
            ).run()
        if seen.corrupt:
            raise seen.corrupt[0]
        self._check_not_replaced(tail, seen)
        await self._check_end(tail, seen)
        self._known.extend(seen.tail, seen.messages)
        return seen.messages

    def _check_not_replaced(self, known: Tail, seen: Seen) -> None:
        """Raise Conflict where another history stands in place of the one known, or soon may."""
        before = self._known.beginning
        is_other = before.is_known and seen.beginning.replaced_by != before.replaced_by
        if is_other or any(index >= known.next_index for index in seen.replacing):
            raise Conflict("the history was replaced: restore it anew", key=self._agent.history)

    async def _check_end(self, known: Tail, seen: Seen) -> None:
        """Raise Conflict where what this handle knows the end to be is not there any more."""
        if known.end.newest is None:
            return
        index, etag = known.end.newest
        entry = seen.listing.holder(index)
        if entry is not None and (entry.etag == etag or await self._known.has_met(index)):
            return
        raise Conflict(
            "the history that this handle knows is gone: restore it anew",
            key=self._agent.message(index),
        )

    def iterate(self, *, start: int, stop: int | None, on_corrupt: OnCorrupt) -> MessageStream:
        """Give the messages one after the other; see `AgentSession.iterate`."""
        from s3sessions.dao.iteration import MessageStream

        check_count("start", start)
        check_limit("stop", stop)
        check_choice("on_corrupt", on_corrupt, ("raise", "report"))
        renew = self._claims.renew_if_due
        return MessageStream(
            self._scope, self._session, self._agent, start, stop, on_corrupt, before=renew
        )

    async def read(self, index: int) -> Message:
        """Read one message; see `AgentSession.read`."""
        from s3sessions.dao.rewriting import is_visible, not_found

        check_count("index", index)
        await self._claims.renew_if_due()
        stored = await read_wherever(self._scope, self._agent, index)
        if stored is None or stored.is_void:
            raise not_found(self._agent, index)
        if not isinstance(stored.content, Message):
            raise stored.content
        if not await is_visible(self._scope, self._agent, stored.content):
            raise not_found(self._agent, index)
        return stored.content

    # What writers do

    async def append(
        self,
        payload: Mapping[str, Any],
        *,
        write_id: str | None = None,
        created_at: datetime | None = None,
        status: Literal["partial"] | None = None,
        usage: Usage | None = None,
        usage_total: Usage | None = None,
        deadline: float | None = None,
    ) -> Message:
        """Append one message; see `AgentSession.append`."""
        if write_id is not None:
            check_write_id(write_id)
        check_time("created_at", created_at)
        check_choice("status", status, (None, PARTIAL))
        draft = self._drafting.one(
            payload,
            write_id or self._scope.new_id(),
            created_at=created_at,
            status=status,
            usage=usage,
            usage_total=usage_total,
        )
        writing = Writing([draft], draft.write_id, redelivered=write_id is not None, is_batch=False)
        async with self._operation(deadline):
            return (await self._appender.append(writing))[0]

    async def append_many(
        self,
        payloads: Iterable[Mapping[str, Any]],
        *,
        write_id: str | None = None,
        usage: Sequence[Usage | None] | None = None,
        deadline: float | None = None,
    ) -> list[Message]:
        """Append messages that become visible together; see `AgentSession.append_many`."""
        if write_id is not None:
            check_write_id(write_id)
        base = write_id or self._scope.new_id()
        drafts = self._drafting.batch(payloads, base, usage)
        if not drafts:
            return []
        writing = Writing(drafts, base, redelivered=write_id is not None, is_batch=True)
        async with self._operation(deadline):
            return await self._appender.append(writing)

    async def update(
        self, message: Message, payload: Mapping[str, Any], *, deadline: float | None = None
    ) -> Message:
        """Replace a message's payload; see `AgentSession.update`."""
        from s3sessions.dao.change import update

        return await self._change(
            functools.partial(update, self._scope, self._agent, message, payload), deadline
        )

    async def redact(
        self,
        index: int,
        *,
        replacement: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Message:
        """Take a message's content out; see `AgentSession.redact`."""
        from s3sessions.dao.change import redact

        check_count("index", index)
        return await self._change(
            functools.partial(redact, self._scope, self._agent, index, replacement), deadline
        )

    async def complete(
        self,
        index: int,
        payload: Mapping[str, Any],
        *,
        usage: Usage | None = None,
        deadline: float | None = None,
    ) -> Message:
        """Finish a partial message; see `AgentSession.complete`."""
        from s3sessions.dao.change import complete

        check_count("index", index)
        return await self._change(
            functools.partial(complete, self._scope, self._agent, index, payload, usage), deadline
        )

    async def remove(self, index: int, *, deadline: float | None = None) -> None:
        """Take a message away; see `AgentSession.remove`."""
        from s3sessions.dao.change import remove

        check_count("index", index)
        await self._change(functools.partial(remove, self._scope, self._agent, index), deadline)

    async def _change(
        self, change: Callable[[], Awaitable[Message]], deadline: float | None
    ) -> Message:
        async with self._operation(deadline):
            message = await change()
        self._known.changed(message)
        return message

    async def save_state(
        self,
        state: Mapping[str, Any],
        *,
        remove: Sequence[str] = (),
        fields: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Set and drop keys of the agent's state; see `AgentSession.save_state`."""
        from s3sessions.dao.state import StateChange, save_state

        change = StateChange.of(self._scope, self._agent, self._details, state, remove, fields)
        async with self._operation(deadline):
            document = await save_state(self._session, change, self._known.agent_document)
        self._known.agent_document = document
        return decode_part(document.body.get("state")) if document else {}

    async def confirm(self, messages: Sequence[Message], *, deadline: float | None = None) -> None:
        """Make sure that messages stand in the session; see `AgentSession.confirm`."""
        from s3sessions.dao.confirming import Confirmation

        confirmation = Confirmation(self._scope, self._session, self._agent, self._known.life)
        async with self._operation(deadline):
            try:
                await confirmation.of(messages)
            except SessionDeleted:
                self._known.distrust()
                raise

    def turn(self, wait: float, lease: float) -> Claim:
        """Make the claim to be the one that speaks; see `AgentSession.turn`."""
        return self._claims.new(wait, lease)

    @asynccontextmanager
    async def _operation(self, deadline: float | None) -> AsyncIterator[None]:
        """Run what is inside in the time given, and renew the turn first if that is due."""
        with deadline_in(self._scope.clock, deadline):
            await self._claims.renew_if_due()
            yield
