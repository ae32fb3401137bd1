"""A handle on one agent's history in one session, in async code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from s3sessions.aio_in_place import AsyncInPlace
from s3sessions.aio_past import AsyncPast
from s3sessions.aio_turn import AsyncTurn
from s3sessions.dao.agent import AgentDAO
from s3sessions.dao.iteration import MessageStream
from s3sessions.loop_lock import LoopLock
from s3sessions.models import History, Message, RequestCounts

__all__ = ["AsyncAgentSession", "MessageStream"]


class AsyncAgentSession(AsyncInPlace, AsyncPast):
    """A handle on one agent's history in one session; see `AgentSession`.

    Tasks may share it: writes go one after the other, in the order in which they were called.
    """

    def __init__(self, dao: AgentDAO, session_id: str, agent_id: str) -> None:
        self._dao = dao
        self._locks = LoopLock()
        self.session_id = session_id
        self.agent_id = agent_id

    @property
    def requests(self) -> RequestCounts:
        """Requests and bytes of this handle so far."""
        return self._dao.meter.counts

    async def append(
        self,
        payload: Mapping[str, Any],
        *,
        write_id: str | None = None,
        created_at: datetime | None = None,
        status: Literal["partial"] | None = None,
        usage: Mapping[str, Any] | None = None,
        usage_total: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Message:
        """Store one message; see `AgentSession.append`.

        Cancelled, it leaves the message wholly there or wholly absent; appending it again with the
        same `write_id` is safe.
        """
        async with self._locks.lock:
            return await self._dao.append(
                payload,
                write_id=write_id,
                created_at=created_at,
                status=status,
                usage=usage,
                usage_total=usage_total,
                deadline=deadline,
            )

    async def append_many(
        self,
        payloads: Iterable[Mapping[str, Any]],
        *,
        write_id: str | None = None,
        usage: Sequence[Mapping[str, Any] | None] | None = None,
        deadline: float | None = None,
    ) -> list[Message]:
        """Store messages that become visible together; see `AgentSession.append_many`.

        Cancelled, it leaves all of them visible or none; appending them again with the same
        `write_id` is safe.
        """
        async with self._locks.lock:
            return await self._dao.append_many(
                payloads, write_id=write_id, usage=usage, deadline=deadline
            )

    async def confirm(self, messages: Sequence[Message], *, deadline: float | None = None) -> None:
        """Make sure that messages are in the session; see `AgentSession.confirm`."""
        async with self._locks.lock:
            await self._dao.confirm(messages, deadline=deadline)

    async def restore(
        self,
        *,
        start: int | Callable[[Mapping[str, Any]], int] = 0,
        last: int | None = None,
        max_messages: int | None = None,
        partial: Literal["keep", "mark", "drop"] = "keep",
        on_corrupt: Literal["raise", "report"] = "raise",
        deadline: float | None = None,
    ) -> History:
        """Read the history, and from now on extend just that; see `AgentSession.restore`."""
        async with self._locks.lock:
            return await self._dao.restore(
                start=start,
                last=last,
                max_messages=max_messages,
                partial=partial,
                on_corrupt=on_corrupt,
                deadline=deadline,
            )

    async def refresh(self, *, deadline: float | None = None) -> list[Message]:
        """Read what others appended since this handle last looked; see `AgentSession.refresh`."""
        async with self._locks.lock:
            return await self._dao.refresh(deadline=deadline)

    def iterate(
        self,
        *,
        start: int = 0,
        stop: int | None = None,
        on_corrupt: Literal["raise", "report"] = "report",
    ) -> MessageStream:
        """Iterate over the messages, a window in memory at a time; see `AgentSession.iterate`."""
        return self._dao.iterate(start=start, stop=stop, on_corrupt=on_corrupt)

    async def read(self, index: int) -> Message:
        """Read one message; see `AgentSession.read`."""
        return await self._dao.read(index)

    async def save_state(
        self,
        state: Mapping[str, Any],
        *,
        remove: Sequence[str] = (),
        fields: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Set keys of the agent's state and drop others; see `AgentSession.save_state`."""
        async with self._locks.lock:
            return await self._dao.save_state(
                state, remove=remove, fields=fields, deadline=deadline
            )

    def turn(self, *, wait: float = 0.0, lease: float = 60.0) -> AsyncTurn:
        """Claim the history while the block of `async with` runs; see `AgentSession.turn`."""
        return AsyncTurn(self._dao.turn(wait, lease), lambda: self._locks.lock)
