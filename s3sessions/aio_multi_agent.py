"""A handle on the document of one multi-agent in one session, in async code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s3sessions.dao.multi_agent import MultiAgentDAO
from s3sessions.loop_lock import LoopLock
from s3sessions.models import RequestCounts

__all__ = ["AsyncMultiAgentSession"]


class AsyncMultiAgentSession:
    """A handle on the state of one graph or swarm; see `MultiAgentSession`.

    Tasks may share it: verbs go one after the other, in the order in which they were called.
    """

    def __init__(self, dao: MultiAgentDAO, session_id: str, multi_agent_id: str) -> None:
        self._dao = dao
        self._locks = LoopLock()
        self.session_id = session_id
        self.multi_agent_id = multi_agent_id

    @property
    def requests(self) -> RequestCounts:
        """Requests and bytes of this handle so far."""
        return self._dao.meter.counts

    async def restore(self, *, deadline: float | None = None) -> dict[str, Any] | None:
        """Read the body that was saved last; see `MultiAgentSession.restore`."""
        async with self._locks.lock:
            return await self._dao.restore(deadline=deadline)

    async def save(self, body: Mapping[str, Any], *, deadline: float | None = None) -> None:
        """Write the whole body; see `MultiAgentSession.save`.

        Cancelled, it leaves the body wholly there or wholly absent; saving it again is safe.
        """
        async with self._locks.lock:
            await self._dao.save(body, deadline=deadline)
