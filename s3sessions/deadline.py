"""The time that a caller gives for one call, as every layer below it sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from s3sessions.errors import InvalidSettings

__all__ = ["deadline_in", "no_deadline", "seconds_left"]

# Of the call that is running: threads and tasks of a fan-out inherit it.
_LEFT: Final[ContextVar[Callable[[], float] | None]] = ContextVar(
    "s3sessions_deadline", default=None
)


@contextmanager
def deadline_in(clock: Callable[[], float], seconds: float | None) -> Iterator[None]:
    """Let what runs inside end in time, and no later than what is around it.

    Raises InvalidSettings for a negative time.
    """
    if seconds is None:
        yield
        return
    if not seconds >= 0:
        raise InvalidSettings(f"deadline={seconds!r}: must be seconds from now, 0 or more")
    ends_at = clock() + seconds
    around = _LEFT.get()

    def left() -> float:
        own = ends_at - clock()
        return own if around is None else min(own, around())

    token = _LEFT.set(left)
    try:
        yield
    finally:
        _LEFT.reset(token)


@contextmanager
def no_deadline() -> Iterator[None]:
    """Let what runs inside come to its end, whatever the time: nobody could take it up again."""
    token = _LEFT.set(None)
    try:
        yield
    finally:
        _LEFT.reset(token)


def seconds_left() -> float | None:
    """Give what is left of the time; 0 or less once it is over, None where none was given."""
    left = _LEFT.get()
    return None if left is None else left()
