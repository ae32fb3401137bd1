"""What Lambda gives a handler beside the event, as tests have it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

_IDS = itertools.count()


@dataclass
class LambdaContext:
    """The context of one invocation, with the names that Lambda gives its own.

    Attributes:
        milliseconds: that are left; tests let them pass.
        asked: how often somebody wanted to know.
    """

    aws_request_id: str = field(default_factory=lambda: f"request-{next(_IDS)}")
    tenant_id: str | None = None
    function_name: str = "talk"
    milliseconds: float = 30_000
    asked: int = 0

    def get_remaining_time_in_millis(self) -> int:
        self.asked += 1
        return max(0, int(self.milliseconds))

    def pass_time(self, seconds: float) -> None:
        self.milliseconds -= seconds * 1000
