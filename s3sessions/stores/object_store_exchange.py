"""One request on its way through obstore: how often it goes out, and who is told how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from s3sessions.deadline import seconds_left
from s3sessions.errors import NotFound
from s3sessions.ports import Condition, Observer, Request
from s3sessions.stores.bounded_call import call_in_time
from s3sessions.stores.object_store_answers import missing_body
from s3sessions.stores.throttle import Pace

if TYPE_CHECKING:
    from s3sessions.stores.object_store_errors import Refusal
    from s3sessions.stores.object_store_place import Place

__all__ = ["Exchange", "pause_before"]

T = TypeVar("T")

_ATTEMPTS: Final = 5
_BODY_ATTEMPTS: Final = 3
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 5.0


class Exchange:
    """One request of a store, sent again where that can help and the caller's time allows it."""

    __slots__ = (
        "_attempts",
        "_began",
        "_begun",
        "_key",
        "_observers",
        "_only_if",
        "_pace",
        "_sent",
        "_verb",
    )

    def __init__(
        self,
        verb: str,
        key: str,
        observers: Sequence[Observer],
        pace: Pace,
        *,
        sent: int = 0,
        only_if: Condition = None,
    ) -> None:
        self._verb = verb
        self._key = key
        self._observers = observers
        self._pace = pace
        self._sent = sent
        self._only_if = only_if
        self._attempts = 1
        self._begun = pace.refusals
        self._began = time.perf_counter()

    def run(self, place: Place, ask: Callable[..., T], *arguments: Any) -> T:
        """Ask in blocking code, again where that can help. Raises as `failed`."""
        while True:
            try:
                return call_in_time(ask, *arguments)
            except BaseException as error:
                failure = error
            # Outside the handler, or the text of obstore's error would go on as a context.
            time.sleep(self.failed(failure, place))

    def ended(self, status: int, received: int = 0) -> None:
        """Note that the request was answered, and not refused."""
        self._pace.go_on()
        self._tell(status, received)

    def failed(self, error: BaseException, place: Place) -> float:
        """Note that the request failed; give the seconds after which to send it again.

        Raises:
            S3SessionsError: it is not to be sent again. What is no failure of obstore, such as an
                interrupt, is raised as it is.
        """
        missing = missing_body(error) if self._verb == "get" else None
        if missing is not None:
            # Every new session begins with this one, so it is not worth an import.
            self.ended(404, len(missing))
            raise NotFound(f"no such object in bucket {place.name!r}", key=self._key)
        from s3sessions.stores.object_store_errors import read_refusal

        refusal = read_refusal(error, place.url)
        if refusal is None:
            raise error
        if refusal.is_throttled:
            self._begun = self._pace.slow_down(self._begun)
        if refusal.may_pass and self._attempts < self._most_attempts(refusal):
            pause = pause_before(self._attempts)
            left = seconds_left()
            if left is None or left > pause:
                self._attempts += 1
                return pause
        if refusal.is_answer:
            self._tell(refusal.status, refusal.received)
        raise place.explained(self._verb, self._key, self._only_if, refusal) from refusal

    def _most_attempts(self, refusal: Refusal) -> int:
        return _BODY_ATTEMPTS if refusal.breaks_body else _ATTEMPTS

    def _tell(self, status: int, received: int) -> None:
        if not self._observers:
            return
        milliseconds = (time.perf_counter() - self._began) * 1000
        request = Request(
            self._verb, self._key, status, self._sent, received, milliseconds, self._attempts
        )
        for observer in self._observers:
            observer(request)


def pause_before(attempt: int) -> float:
    """Give the seconds to wait before an attempt, the first retry being number 1."""
    from random import random

    return min(_FIRST_PAUSE * 2.0**attempt, _LONGEST_PAUSE) * random()  # noqa: S311
