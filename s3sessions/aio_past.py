"""The past of a history in async code: what a handle offers for what is behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from s3sessions.dao.agent import AgentDAO
from s3sessions.loop_lock import LoopLock
from s3sessions.models import CompactReport, HistoryChange, Message

__all__ = ["AsyncPast"]


class AsyncPast:
    """The verbs of an `AsyncAgentSession` that hide, summarise, replace and erase; see `Past`."""

    _dao: AgentDAO
    _locks: LoopLock

    async def truncate(self, keep_last: int, *, deadline: float | None = None) -> HistoryChange:
        """Hide all but the newest messages from readers; see `AgentSession.truncate`."""
        async with self._locks.lock:
            return await self._dao.history.truncate(keep_last, deadline=deadline)

    async def summarize(
        self, text: str, *, keep_last: int | None = None, deadline: float | None = None
    ) -> HistoryChange:
        """Put a summary in place of what was said; see `AgentSession.summarize`."""
        async with self._locks.lock:
            return await self._dao.history.summarize(text, keep_last=keep_last, deadline=deadline)

    async def clear(self, *, deadline: float | None = None) -> HistoryChange:
        """Hide all messages and forget the summary; see `AgentSession.clear`."""
        async with self._locks.lock:
            return await self._dao.history.clear(deadline=deadline)

    async def replace(
        self, payloads: Iterable[Mapping[str, Any]], *, deadline: float | None = None
    ) -> list[Message]:
        """Put other messages in place of the whole history; see `AgentSession.replace`."""
        async with self._locks.lock:
            return await self._dao.history.replace(payloads, deadline=deadline)

    async def compact(
        self, *, min_age: float = 86400.0, pack: bool = False, deadline: float | None = None
    ) -> CompactReport:
        """Delete what is hidden, and pack what is old; see `AgentSession.compact`."""
        async with self._locks.lock:
            return await self._dao.history.compact(min_age=min_age, pack=pack, deadline=deadline)
