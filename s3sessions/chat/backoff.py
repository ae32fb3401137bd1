"""Trying again after an error that may pass: exponential back-off with full jitter, bounded."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from s3sessions.errors import MissingExtra

try:
    from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
except ImportError as error:
    raise MissingExtra(
        "chat needs tenacity: pip install 's3sessions[cli]'", extra="cli", cause=error
    ) from error

__all__ = ["Backoff", "Failure"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """A try that failed and is not the last: in so many `seconds` comes the next."""

    error: BaseException
    attempt: int
    attempts: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often something is tried, and how long to wait in between.

    Before try n + 1 it waits between 0 and `base` * 2 ** (n - 1) seconds, at most `longest`; any
    of it is equally likely, so that many who failed at one moment do not come back at one moment.

    Attributes:
        attempts: the first one included.
        sleep: waits so many seconds.
        chance: a number from 0 to below 1.
    """

    attempts: int = 5
    base: float = 0.5
    longest: float = 8.0
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def run(
        self,
        action: Callable[[], T],
        *,
        is_transient: Callable[[BaseException], bool],
        tell: Callable[[Failure], None],
    ) -> T:
        """Do something until it succeeds, fails for good, or has been tried often enough.

        Raises:
            Exception: the last one that the action raised.
        """

        def before_sleep(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            if error is not None and state.next_action is not None:
                seconds = state.next_action.sleep
                tell(Failure(error, state.attempt_number, self.attempts, seconds))

        retrying = Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=lambda state: self.delay(state.attempt_number),
            retry=retry_if_exception(is_transient),
            sleep=self.sleep,
            before_sleep=before_sleep,
            reraise=True,
        )
        return retrying(action)

    def delay(self, attempt: int) -> float:
        """Choose the seconds to wait after the attempt of that number (1, 2 …)."""
        return self.chance() * min(self.longest, self.base * 2.0 ** (attempt - 1))
