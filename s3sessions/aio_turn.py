"""A turn as async code holds it: a context manager made by `AsyncAgentSession.turn`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from s3sessions.dao.turn import Claim

__all__ = ["AsyncTurn"]


class AsyncTurn:
    """The claim to be the one that speaks in an agent's history; see `Turn`."""

    __slots__ = ("_claim", "_lock")

    def __init__(self, claim: Claim, lock: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        self._claim = claim
        self._lock = lock

    @property
    def holder(self) -> str:
        """Id of the turn; see `Turn.holder`."""
        return self._claim.holder

    @property
    def expires_at(self) -> datetime | None:
        """When others may take the turn over; see `Turn.expires_at`."""
        return self._claim.expires_at

    @property
    def lost(self) -> bool:
        """Whether a renewal found that another has taken the turn over."""
        return self._claim.lost

    async def __aenter__(self) -> Self:
        # Not under the handle's lock: other tasks may use the handle while this one waits.
        await self._claim.begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        async with self._lock():
            await self._claim.end()
