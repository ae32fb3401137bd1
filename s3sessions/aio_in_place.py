"""Changing messages in their place, in async code: what a handle offers for single messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s3sessions.dao.agent import AgentDAO
from s3sessions.loop_lock import LoopLock
from s3sessions.models import Message

__all__ = ["AsyncInPlace"]


class AsyncInPlace:
    """The verbs of an `AsyncAgentSession` that change one message where it stands."""

    _dao: AgentDAO
    _locks: LoopLock

    async def update(
        self, message: Message, payload: Mapping[str, Any], *, deadline: float | None = None
    ) -> Message:
        """Replace the payload of a message, if it is as it was; see `AgentSession.update`."""
        async with self._locks.lock:
            return await self._dao.update(message, payload, deadline=deadline)

    async def redact(
        self,
        index: int,
        *,
        replacement: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Message:
        """Take the content of a message out of the store; see `AgentSession.redact`."""
        async with self._locks.lock:
            return await self._dao.redact(index, replacement=replacement, deadline=deadline)

    async def complete(
        self,
        index: int,
        payload: Mapping[str, Any],
        *,
        usage: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Message:
        """Finish a partial message; see `AgentSession.complete`."""
        async with self._locks.lock:
            return await self._dao.complete(index, payload, usage=usage, deadline=deadline)

    async def remove(self, index: int, *, deadline: float | None = None) -> None:
        """Take one message away; see `AgentSession.remove`."""
        async with self._locks.lock:
            await self._dao.remove(index, deadline=deadline)
