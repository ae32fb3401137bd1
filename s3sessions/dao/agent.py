"""One agent's history in one session: what a handle of the public face does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from s3sessions.codec import Draft
from s3sessions.dao.append import Appender, OnConflict
from s3sessions.dao.documents import Details, check_time, decode_part
from s3sessions.dao.iteration import MessageStream
from s3sessions.dao.messages import read_message
from s3sessions.dao.restore import OnCorrupt, Restore
from s3sessions.dao.scope import Scope
from s3sessions.dao.state import StateChange, save_state
from s3sessions.errors import InvalidId, InvalidSettings, MessageNotFound
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
        scope = replace(scope, store=scope.store.observed(self.meter))
        self._scope = scope
        self._session = session
        self._agent = agent
        self._details = details
        self._appender = Appender(scope, session, agent, details, on_conflict)

    async def append(
        self,
        payload: Mapping[str, Any],
        *,
        write_id: str | None = None,
        created_at: datetime | None = None,
    ) -> Message:
        """Append one message; see `AgentSession.append`."""
        if write_id is not None:
            _check_write_id(write_id)
        check_time("created_at", created_at)
        draft = Draft.of(
            payload,
            write_id=write_id or self._scope.new_id(),
            created_at=created_at or self._scope.now(),
            limit=self._scope.settings.max_message_bytes,
        )
        return await self._appender.append(draft, redelivered=write_id is not None)

    async def restore(
        self, *, last: int | None, max_messages: int | None, on_corrupt: OnCorrupt
    ) -> History:
        """Restore the history; see `AgentSession.restore`."""
        _check_count("last", last)
        _check_count("max_messages", max_messages)
        _check_on_corrupt(on_corrupt)
        restore = Restore(self._scope, self._session, self._agent, last, max_messages, on_corrupt)
        restored = await restore.run()
        history = restored.history
        self._appender.learn(restored.tail, history.messages, restored.agent)
        return history

    def iterate(self, *, start: int, stop: int | None, on_corrupt: OnCorrupt) -> MessageStream:
        """Give the messages one after the other; see `AgentSession.iterate`."""
        _check_count("start", start)
        _check_count("stop", stop)
        _check_on_corrupt(on_corrupt)
        return MessageStream(self._scope, self._session, self._agent, start, stop, on_corrupt)

    async def read(self, index: int) -> Message:
        """Read one message; see `AgentSession.read`."""
        _check_count("index", index)
        stored = await read_message(self._scope, self._agent, index)
        if stored is None or stored.is_void:
            raise MessageNotFound(f"there is no message {index}", key=self._agent.message(index))
        if not isinstance(stored.content, Message):
            raise stored.content
        return stored.content

    async def save_state(
        self, state: Mapping[str, Any], *, remove: Sequence[str]
    ) -> dict[str, Any]:
        """Set and drop keys of the agent's state; see `AgentSession.save_state`."""
        change = StateChange.of(self._scope, self._agent, self._details, state, remove)
        document = await save_state(self._session, change, self._appender.agent_document)
        self._appender.agent_document = document
        return decode_part(document.body.get("state")) if document else {}


def _check_write_id(write_id: object) -> None:
    if not isinstance(write_id, str) or not 0 < len(write_id) <= _LONGEST_WRITE_ID:
        shown = repr(write_id)[:60]
        raise InvalidId(f"write_id is {shown}: give 1 to {_LONGEST_WRITE_ID} characters")


def _check_count(name: str, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidSettings(f"{name}={value!r}: must be a whole number, 0 or more")


def _check_on_corrupt(value: OnCorrupt) -> None:
    if value not in ("raise", "report"):
        raise InvalidSettings(f"on_corrupt={value!r}: must be 'raise' or 'report'")
