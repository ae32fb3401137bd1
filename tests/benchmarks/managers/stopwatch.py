"""How long something took and how many requests it made, both since the start."""

from __future__ import annotations

import time
from typing import NamedTuple

from tests.benchmarks.managers.server import Server


class Reading(NamedTuple):
    """One measurement.

    Attributes:
        amount: in milliseconds, unless the row that it belongs to names another unit.
        requests: None where they say nothing.
    """

    amount: float
    requests: float | None = None

    def since(self, earlier: Reading) -> Reading:
        """Give what came after an earlier reading of the same watch."""
        return Reading(self.amount - earlier.amount, (self.requests or 0) - (earlier.requests or 0))


class Stopwatch:
    """Read as often as needed; to ask the server for its count takes no time off the clock."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._began = 0.0

    def start(self) -> None:
        """Start at nought; waits for what is still under way."""
        self._server.reset()
        self._began = time.perf_counter()

    def lap(self) -> Reading:
        """Read on the way; counted are the requests that have been answered."""
        now = time.perf_counter()
        reading = Reading((now - self._began) * 1000, self._server.answered())
        self._began += time.perf_counter() - now
        return reading

    def stop(self) -> Reading:
        """Read at the end; requests that go on in the background are counted, but not waited for.

        The time is that of the caller, the requests are all that were made for it.
        """
        now = time.perf_counter()
        return Reading((now - self._began) * 1000, self._server.settled())
