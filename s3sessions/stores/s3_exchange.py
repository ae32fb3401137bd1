"""One call on its way to S3: how often it goes out, how it fares and who is told."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from weakref import ReferenceType, ref

from s3sessions.errors import S3SessionsError, StoreUnavailable
from s3sessions.ports import Observer, Request
from s3sessions.stores.s3_answers import Answer
from s3sessions.stores.s3_errors import answer_of
from s3sessions.stores.s3_protocol import Call
from s3sessions.stores.throttle import Pace

__all__ = ["BrokenBody", "Exchange", "exchange_under_way", "under_way"]

_BODY_TRIES: Final = 3


class BrokenBody(Exception):
    """The body of an answer ended too early or came altered; its cause says how."""

    def __init__(self, answer: Answer, cause: Exception) -> None:
        super().__init__(answer, cause)
        self.answer = answer
        self.cause = cause

    def unavailable(self, call: Call) -> StoreUnavailable:
        return StoreUnavailable(
            f"the object did not arrive whole in {_BODY_TRIES} tries: try again later",
            key=call.key,
            cause=type(self.cause).__name__,
        )


class Exchange:
    """One call on its way: how often it goes out, how long it takes, who is told.

    Attributes:
        call: what is asked.
    """

    def __init__(self, call: Call, observers: Sequence[Observer], pace: Pace) -> None:
        self.call = call
        self._observers = observers
        self._pace = pace
        self._moment = pace.refusals
        self._received: int | None = None
        self._began = time.perf_counter()
        self._attempts = 0
        self._tries = 0

    def refused(self) -> None:
        """Note that the server asks to slow down, even if the SDK sends the request again."""
        self._moment = self._pace.slow_down(self._moment)

    def received(self, size: int) -> None:
        """Note the bytes of a body that the SDK will not see."""
        self._received = size

    def answered(self, answer: Answer) -> None:
        self._pace.go_on()
        self._count(answer)
        self._tell(answer)

    def broke(self, broken: BrokenBody) -> bool:
        """Note that a body did not arrive whole; tell whether to ask again."""
        self._count(broken.answer)
        self._tries += 1
        if self._tries < _BODY_TRIES:
            return True
        self._tell({})
        return False

    def failed(self, error: Exception, mapped: S3SessionsError | None) -> None:
        answer = answer_of(error)
        # Any other error comes before a request: no credentials, an argument that cannot be.
        if answer or isinstance(mapped, StoreUnavailable):
            self._count(answer)
            self._tell(answer)

    def _count(self, answer: Answer) -> None:
        self._attempts += 1 + answer.get("ResponseMetadata", {}).get("RetryAttempts", 0)

    def _tell(self, answer: Answer) -> None:
        metadata = answer.get("ResponseMetadata", {})
        request = Request(
            verb=self.call.verb,
            key=self.call.arguments.get("Key", self.call.key),
            status=metadata.get("HTTPStatusCode", 0),
            sent=self.call.sent,
            received=self._size_of(answer),
            milliseconds=(time.perf_counter() - self._began) * 1000,
            attempts=self._attempts,
        )
        for observer in self._observers:
            observer(request)

    def _size_of(self, answer: Answer) -> int:
        body = answer.get("Body")
        if body is not None:
            return len(body)
        if self._received is not None:
            return self._received
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return int(headers.get("content-length", 0))


# Weak, as a connection that is opened meanwhile keeps the context, and would keep the body sent.
_UNDER_WAY: Final[ContextVar[ReferenceType[Exchange] | None]] = ContextVar(
    "s3sessions_exchange", default=None
)


@contextmanager
def under_way(exchange: Exchange) -> Iterator[None]:
    """Mark what an SDK does inside, in this thread or task, as done for this exchange."""
    token = _UNDER_WAY.set(ref(exchange))
    try:
        yield
    finally:
        _UNDER_WAY.reset(token)


def exchange_under_way() -> Exchange | None:
    """Give the exchange that the SDK's call at hand belongs to; None for the call of others."""
    reference = _UNDER_WAY.get()
    return None if reference is None else reference()
