"""How long an invocation may still take: what Lambda says, less what it takes to answer."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from s3sessions.deadline import deadline_in
from s3sessions.record import Record

__all__ = ["TimeLeft"]


class TimeLeft(Record):
    """The time of one invocation.

    Attributes:
        context: of Lambda, which is asked each time: it counts from its own clock.
        reserve: seconds that are kept back, to answer in.
    """

    context: Any
    reserve: float

    @property
    def until_killed(self) -> float:
        """Seconds until Lambda ends the process; 0 once they are over."""
        milliseconds: float = self.context.get_remaining_time_in_millis()
        return max(0.0, milliseconds / 1000)

    @property
    def seconds(self) -> float:
        """Seconds for the work of the invocation; 0 once they are over."""
        return max(0.0, self.until_killed - self.reserve)

    def for_work(self) -> AbstractContextManager[None]:
        """Let what runs inside end before the reserve begins."""
        return deadline_in(self._clock, self.seconds)

    def for_the_end(self) -> AbstractContextManager[None]:
        """Let what runs inside end within the first half of the reserve."""
        return deadline_in(self._clock, max(0.0, self.until_killed - self.reserve / 2))

    def _clock(self) -> float:
        return -self.until_killed
