"""How late the stub answers, and when it refuses to."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Final

WRITES: Final = frozenset({"PUT", "POST", "DELETE"})


@dataclass
class Pace:
    """What the stub can be told, while it runs.

    Attributes:
        latency_ms: that each answer is held back.
        rtt_ms: that `100 Continue` is held back.
        list_ms: that a page of a list is held back, instead of `latency_ms`.
        fail_rate: the share of requests that get 503, drawn with a fixed seed.
        refuse: so many requests from now on get 503.
        read_tps: GET and HEAD requests a second; those above get 503. 0 is any number.
        write_tps: the same for PUT, POST and DELETE.
    """

    latency_ms: float = 0
    rtt_ms: float = 0
    list_ms: float | None = None
    fail_rate: float = 0
    refuse: int = 0
    read_tps: float = 0
    write_tps: float = 0
    _random: random.Random = field(default_factory=lambda: random.Random(1))
    _saved: dict[bool, float] = field(default_factory=dict)
    _last: dict[bool, float] = field(default_factory=dict)

    def delay(self, operation: str) -> float:
        """Give the seconds that the answer waits."""
        if self.list_ms is not None and operation == "ListObjectsV2":
            return self.list_ms / 1000
        return self.latency_ms / 1000

    def is_refused(self, method: str) -> bool:
        """Tell whether this request gets 503."""
        if self.refuse:
            self.refuse -= 1
            return True
        if self.fail_rate and self._random.random() < self.fail_rate:
            return True
        is_write = method in WRITES
        rate = self.write_tps if is_write else self.read_tps
        return bool(rate) and self._is_above(rate, is_write)

    def _is_above(self, rate: float, is_write: bool) -> bool:
        """Take a token from a bucket that holds those of one second."""
        now = time.monotonic()
        since = now - self._last.get(is_write, 0)
        self._last[is_write] = now
        tokens = min(rate, self._saved.get(is_write, rate) + since * rate)
        self._saved[is_write] = tokens - 1 if tokens >= 1 else tokens
        return tokens < 1
