"""What one invocation came to, in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from s3sessions.awslambda.delivery import Answer
from s3sessions.errors import AppendConflict, SessionBusy
from s3sessions.sync import Sessions

__all__ = ["Tally"]


class Tally:
    """Counts the deliveries of one invocation.

    Attributes:
        turns: that were answered, those that only were answered again apart.
        redeliveries: that were answered with what was stored.
        conflicts: with writers that take no turns; each time that a turn met one.
        busy: deliveries refused because another invocation had the turn.
        failures: all others that were not answered.
    """

    def __init__(self) -> None:
        self.turns = 0
        self.redeliveries = 0
        self.conflicts = 0
        self.busy = 0
        self.failures = 0
        self._used: list[tuple[Sessions, int]] = []

    def watch(self, sessions: Sessions) -> Sessions:
        """Count the requests of sessions from now on; give them back."""
        if all(used is not sessions for used, _ in self._used):
            self._used.append((sessions, sessions.requests.total))
        return sessions

    @property
    def requests(self) -> int:
        """Requests to the store so far."""
        return sum(sessions.requests.total - before for sessions, before in self._used)

    def answered(self, answer: Answer) -> None:
        """Count an answer."""
        if answer.is_redelivery:
            self.redeliveries += 1
        else:
            self.turns += 1

    @contextmanager
    def of_failures(self) -> Iterator[None]:
        """Count an error that leaves the block."""
        try:
            yield
        except SessionBusy:
            self.busy += 1
            raise
        except AppendConflict:
            raise
        except Exception:
            self.failures += 1
            raise

    def values(self) -> dict[str, tuple[float, str]]:
        """Give all of it by the name of its metric, each with its unit."""
        counts = {
            "Turns": self.turns,
            "Redeliveries": self.redeliveries,
            "Conflicts": self.conflicts,
            "Busy": self.busy,
            "Failures": self.failures,
            "Requests": self.requests,
        }
        return {name: (count, "Count") for name, count in counts.items()}
