"""A turn as blocking code holds it: a context manager made by `AgentSession.turn`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from s3sessions.bridge import run_sync
from s3sessions.dao.turn import Claim

__all__ = ["Turn"]


class Turn:
    """The claim to be the one that speaks in an agent's history, while the block runs."""

    __slots__ = ("_claim", "_lock")

    def __init__(self, claim: Claim, lock: AbstractContextManager[Any]) -> None:
        self._claim = claim
        self._lock = lock

    @property
    def holder(self) -> str:
        """Id of the turn, as `SessionBusy.holder` tells it to others; empty before it begins."""
        return self._claim.holder

    @property
    def expires_at(self) -> datetime | None:
        """When others may take the turn over, if it is not renewed; None before it begins."""
        return self._claim.expires_at

    @property
    def lost(self) -> bool:
        """Whether a renewal found that another has taken the turn over."""
        return self._claim.lost

    def __enter__(self) -> Self:
        # Not under the handle's lock: other threads may use the handle while this one waits.
        run_sync(self._claim.begin())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            run_sync(self._claim.end())
