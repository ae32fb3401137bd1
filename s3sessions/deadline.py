"""The time that a caller gives for one call, as every layer below it sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from s3sessions.errors import InvalidSettings

__all__ = ["deadline_in", "seconds_left"]

# Of the call that is running: threads and tasks of a fan-out inherit it.
_LEFT: Final[ContextVar[Callable[[], float] | None]] = ContextVar(
    "s3sessions_deadline", default=None
)


@contextmanager
def deadline_in(clock: Callable[[], float], seconds: float | None) -> Iterator[None]:
    """Let what runs inside end in time. Raises InvalidSettings for a negative time."""
    if seconds is None:
        yield
        return
    if not seconds >= 0:
        raise InvalidSettings(f"deadline={seconds!r}: must be seconds from now, 0 or more")
    ends_at = clock() + seconds
    token = _LEFT.set(lambda: ends_at - clock())
    try:
        yield
    finally:
        _LEFT.reset(token)


def seconds_left() -> float | None:
    """Give what is left of the time; 0 or less once it is over, None where none was given."""
    left = _LEFT.get()
    return None if left is None else left()
