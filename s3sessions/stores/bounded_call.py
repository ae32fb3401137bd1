"""A blocking call that nothing can interrupt, waited for as long as the caller's time allows."""

from __future__ import annotations

import threading
from _thread import start_new_thread
from collections.abc import Callable
from typing import Any, TypeVar

from s3sessions.deadline import seconds_left

__all__ = ["call_in_time"]

T = TypeVar("T")


def call_in_time(call: Callable[..., T], *arguments: Any) -> T:
    """Call; where the caller's time is bounded, in a thread of its own, which is waited for.

    A call that is given up goes on in its thread until the store's own time-outs end it, and what
    it asked for may still be done.

    Raises:
        TimeoutError: it has not ended when the time is over.
        BaseException: what the call raises.
    """
    left = seconds_left()
    if left is None:
        return call(*arguments)
    pending = _Pending(call, arguments)
    try:
        # Not `threading.Thread`: it waits for the thread to begin, and each request would pay.
        start_new_thread(pending.run, ())
    except RuntimeError:
        # The machine has no thread left, or the interpreter is ending.
        return call(*arguments)
    result: T = pending.result(left)
    return result


class _Pending:
    """A call on its way."""

    __slots__ = ("_arguments", "_call", "_error", "_result", "_under_way")

    def __init__(self, call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._arguments = arguments
        self._call = call
        self._error: BaseException | None = None
        self._result: Any = None
        self._under_way = threading.Lock()
        self._under_way.acquire()

    def run(self) -> None:
        try:
            self._result = self._call(*self._arguments)
        except BaseException as error:
            self._error = error
        self._under_way.release()

    def result(self, seconds: float) -> Any:
        if not self._under_way.acquire(timeout=min(max(0.0, seconds), threading.TIMEOUT_MAX)):
            raise TimeoutError
        # Let go of here, or it and its traceback would keep each other.
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
        finally:
            del error
        return self._result
