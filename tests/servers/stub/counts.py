"""What the stub has done since it was last asked to forget."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counts:
    """Requests and connections since the last reset.

    Attributes:
        operations: by S3's names; `100-continue` and `SlowDown` beside them.
        connections: opened.
        received: bytes of bodies.
        sent: bytes of whole answers.
        in_flight: requests that wait for their answer now; only a held back one ever does.
        most_in_flight: the greatest such number.
    """

    operations: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    received: int = 0
    sent: int = 0
    in_flight: int = 0
    most_in_flight: int = 0

    def begin(self) -> None:
        """Note a request that has to wait."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def end(self) -> None:
        """Note that it waits no longer."""
        self.in_flight -= 1

    def reset(self) -> None:
        """Forget all but what is under way."""
        self.operations.clear()
        self.connections = self.received = self.sent = 0
        self.most_in_flight = self.in_flight
