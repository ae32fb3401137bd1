"""The state of a graph or a swarm, as its session manager keeps it."""

from __future__ import annotations

import threading
from typing import Any

from strands.types.session import decode_bytes_values

from s3sessions.integrations.strands.calls import Call


class MultiAgent:
    """One graph or swarm: saved whole, an older state never over a newer one.

    Nodes that end at the same time save at the same time, from threads that wait for each other.
    """

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._lock = threading.Lock()
        self._taken = 0
        self._saved = 0

    async def restore(self, call: Call) -> dict[str, Any] | None:
        """Give what is stored; None where nothing is."""
        body: dict[str, Any] | None = await call(self._handle.restore)
        return body

    async def save(self, call: Call, source: Any) -> None:
        """Write the state as it is now; 0 requests where that is stored already."""
        self._taken += 1
        await call(self._save, self._taken, state_of(source))

    def _save(self, taken: int, body: dict[str, Any]) -> None:
        with self._lock:
            if taken > self._saved:
                self._handle.save(body)
                self._saved = taken


class AsyncMultiAgent(MultiAgent):
    """Likewise over the async face, whose handle orders its own requests."""

    async def save(self, call: Call, source: Any) -> None:
        """Write the state as it is now."""
        await call(self._handle.save, state_of(source))


def state_of(source: Any) -> dict[str, Any]:
    """Give the state of a graph or swarm, in which Strands has encoded bytes; here they are not."""
    state: dict[str, Any] = decode_bytes_values(source.serialize_state())
    return state
