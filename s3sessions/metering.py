"""Counting requests: what a handle, or a whole `Sessions`, has cost so far."""

from __future__ import annotations

import threading
from collections import Counter

from s3sessions.models import RequestCounts
from s3sessions.ports import Request

__all__ = ["Meter"]


class Meter:
    """An observer that adds up; may be told from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_verb: Counter[str] = Counter()
        self._retries = 0
        self._sent = 0
        self._received = 0

    def __call__(self, request: Request) -> None:
        with self._lock:
            self._by_verb[request.verb] += 1
            self._retries += max(0, request.attempts - 1)
            self._sent += request.sent
            self._received += request.received

    @property
    def counts(self) -> RequestCounts:
        """What was counted until now."""
        with self._lock:
            return RequestCounts(dict(self._by_verb), self._retries, self._sent, self._received)
