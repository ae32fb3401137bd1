"""What the tests of fan-outs count with."""

from __future__ import annotations

import threading

PATIENCE = 30
"""Seconds after which a test that hangs fails; no test waits that long when all is well."""


class Gauge:
    """Counts how many calls run at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self.most = 0

    def __enter__(self) -> None:
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._running -= 1
