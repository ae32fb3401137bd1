"""A lock for what tasks of any event loop share."""

from __future__ import annotations

import asyncio

__all__ = ["LoopLock"]


class LoopLock:
    """A lock for each event loop that comes along: asyncio's own is bound to the first."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = asyncio.Lock()

    @property
    def lock(self) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._lock = loop, asyncio.Lock()
        return self._lock
