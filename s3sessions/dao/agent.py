"""One agent's history in one session: what a handle of the public face does."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from s3sessions.codec import PARTIAL, Draft
from s3sessions.dao.append import Appender, OnConflict
from s3sessions.dao.batch import MOST_MESSAGES
from s3sessions.dao.change import complete, redact, remove, update
from s3sessions.dao.documents import Details, check_time, decode_part
from s3sessions.dao.iteration import MessageStream
from s3sessions.dao.knowledge import Knowledge
from s3sessions.dao.messages import read_message
from s3sessions.dao.punctual import PunctualStore
from s3sessions.dao.restore import OnCorrupt, Partial, Restore
from s3sessions.dao.rewriting import is_visible, not_found
from s3sessions.dao.scope import Scope
from s3sessions.dao.snapshot import Seen, Snapshot
from s3sessions.dao.start import Start, check_start
from s3sessions.dao.state import StateChange, save_state
from s3sessions.dao.tail import Tail
from s3sessions.dao.turn import Claim, Claims
from s3sessions.dao.writing import Writing
from s3sessions.deadline import deadline_in
from s3sessions.errors import Conflict, InvalidId, InvalidMessage, InvalidSettings
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.metering import Meter
from s3sessions.models import History, Message

_LONGEST_WRITE_ID = 512


class AgentDAO:
    """Appends, restores and reads one agent's messages and state; makes no request until then."""

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
        check_start(start, last)
        _check_count("last", last)
        _check_count("max_messages", max_messages)
        _check_choice("partial", partial, ("keep", "drop"))
        _check_choice("on_corrupt", on_corrupt, ("raise", "report"))
        restore = Restore(
            self._scope, self._session, self._agent, start, last, max_messages, partial, on_corrupt
        )
        async with self._operation(deadline):
            restored = await restore.run()
        history = restored.history
        is_whole = restored.start == 0 and (last is None or len(history.messages) < last)
        self._known.learn(restored, is_whole=is_whole)
        return history

    async def refresh(self, *, deadline: float | None = None) -> list[Message]:
        """Read what others appended; see `AgentSession.refresh`."""
        tail = self._known.tail
        if tail is None or not self._known.restored:
            return (await self.restore(deadline=deadline)).messages
        async with self._operation(deadline):
            seen = await Snapshot(
                self._scope, self._session, self._agent, start=tail.next_index
            ).run()
        if seen.corrupt:
            raise seen.corrupt[0]
        await self._check_end(tail, seen)
        self._known.extend(seen.tail, seen.messages)
        return seen.messages

    async def _check_end(self, known: Tail, seen: Seen) -> None:
        """Raise Conflict where what this handle knows the end to be is not there any more."""
        if known.end.newest is None:
            return
        index, etag = known.end.newest
        entry = seen.listing.messages.get(index)
        if entry is not None and (entry.etag == etag or await self._known.has_met(index)):
            return
        raise Conflict(
            "the history that this handle knows is gone: restore it anew",
            key=self._agent.message(index),
        )

    def iterate(self, *, start: int, stop: int | None, on_corrupt: OnCorrupt) -> MessageStream:
        """Give the messages one after the other; see `AgentSession.iterate`."""
        _check_count("start", start)
        _check_count("stop", stop)
        _check_choice("on_corrupt", on_corrupt, ("raise", "report"))
        renew = self._claims.renew_if_due
        return MessageStream(
            self._scope, self._session, self._agent, start, stop, on_corrupt, before=renew
        )

    async def read(self, index: int) -> Message:
        """Read one message; see `AgentSession.read`."""
        _check_count("index", index)
        await self._claims.renew_if_due()
        stored = await read_message(self._scope, self._agent, index)
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
        deadline: float | None = None,
    ) -> Message:
        """Append one message; see `AgentSession.append`."""
        if write_id is not None:
            _check_write_id(write_id)
        check_time("created_at", created_at)
        _check_choice("status", status, (None, PARTIAL))
        draft = self._draft(payload, write_id or self._scope.new_id(), created_at, status)
        writing = Writing([draft], draft.write_id, redelivered=write_id is not None, is_batch=False)
        async with self._operation(deadline):
            return (await self._appender.append(writing))[0]

    async def append_many(
        self,
        payloads: Iterable[Mapping[str, Any]],
        *,
        write_id: str | None = None,
        deadline: float | None = None,
    ) -> list[Message]:
        """Append messages that become visible together; see `AgentSession.append_many`."""
        if write_id is not None:
            _check_write_id(write_id)
        given = list(payloads)
        if len(given) > MOST_MESSAGES:
            raise InvalidMessage(
                f"batch has {len(given):,} messages, the limit is {MOST_MESSAGES:,}: split it"
            )
        base = write_id or self._scope.new_id()
        drafts = [self._draft(payload, f"{base}/{at}") for at, payload in enumerate(given)]
        if not drafts:
            return []
        writing = Writing(drafts, base, redelivered=write_id is not None, is_batch=True)
        async with self._operation(deadline):
            return await self._appender.append(writing)

    def _draft(
        self,
        payload: Mapping[str, Any],
        write_id: str,
        created_at: datetime | None = None,
        status: str | None = None,
    ) -> Draft:
        return Draft.of(
            payload,
            write_id=write_id,
            created_at=created_at or self._scope.now(),
            status=status,
            limit=self._scope.settings.max_message_bytes,
        )

    async def update(
        self, message: Message, payload: Mapping[str, Any], *, deadline: float | None = None
    ) -> Message:
        """Replace a message's payload; see `AgentSession.update`."""
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
        _check_count("index", index)
        return await self._change(
            functools.partial(redact, self._scope, self._agent, index, replacement), deadline
        )

    async def complete(
        self, index: int, payload: Mapping[str, Any], *, deadline: float | None = None
    ) -> Message:
        """Finish a partial message; see `AgentSession.complete`."""
        _check_count("index", index)
        return await self._change(
            functools.partial(complete, self._scope, self._agent, index, payload), deadline
        )

    async def remove(self, index: int, *, deadline: float | None = None) -> None:
        """Take a message away; see `AgentSession.remove`."""
        _check_count("index", index)
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
        change = StateChange.of(self._scope, self._agent, self._details, state, remove, fields)
        async with self._operation(deadline):
            document = await save_state(self._session, change, self._known.agent_document)
        self._known.agent_document = document
        return decode_part(document.body.get("state")) if document else {}

    def turn(self, wait: float, lease: float) -> Claim:
        """Make the claim to be the one that speaks; see `AgentSession.turn`."""
        return self._claims.new(wait, lease)

    @asynccontextmanager
    async def _operation(self, deadline: float | None) -> AsyncIterator[None]:
        """Run what is inside in the time given, and renew the turn first if that is due."""
        with deadline_in(self._scope.clock, deadline):
            await self._claims.renew_if_due()
            yield


def _check_write_id(write_id: object) -> None:
    if not isinstance(write_id, str) or not 0 < len(write_id) <= _LONGEST_WRITE_ID:
        shown = repr(write_id)[:60]
        raise InvalidId(f"write_id is {shown}: give 1 to {_LONGEST_WRITE_ID} characters")


def _check_count(name: str, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidSettings(f"{name}={value!r}: must be a whole number, 0 or more")


def _check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    if value not in choices:
        known = " or ".join(map(repr, choices))
        raise InvalidSettings(f"{name}={value!r}: must be {known}")
