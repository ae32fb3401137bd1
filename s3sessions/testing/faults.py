"""What can go wrong with a request: one vocabulary for `FaultyStore` and the simulator."""

from __future__ import annotations

import enum
from typing import Final

__all__ = ["POSSIBLE", "TAKES_EFFECT", "Crash", "Fault"]


class Fault(enum.StrEnum):
    """One way in which a request fails; the first words say whether it takes effect."""

    REFUSED = "refused"
    """No effect: the store is too busy (503 SlowDown), and so `StoreUnavailable`."""

    FAILED = "failed"
    """No effect: the store failed inside (500), and so `StoreUnavailable`."""

    CUT = "cut"
    """No effect: the connection broke on the way there, and so `StoreUnavailable`."""

    LOST_ANSWER = "lost_answer"
    """Takes effect: the connection broke on the way back, and so `StoreUnavailable`."""

    REPEATED = "repeated"
    """Takes effect: the answer was lost and the client sent the request again by itself.

    The caller sees what the second one came to: of a create-only or If-Match write that is
    `PreconditionFailed`, brought about by its own success.
    """

    LATE = "late"
    """Takes effect later, or never: the caller got `StoreUnavailable` long before."""

    RACE = "race"
    """No effect: another conditional write was under way (409), and so `WriteRace`."""

    TRUNCATED = "truncated"
    """Nothing to take effect: the body of a get or a list broke off, and so `StoreUnavailable`."""

    DENIED = "denied"
    """No effect: the caller may not (403), and so `AccessDenied`."""

    KEYS_REFUSED = "keys_refused"
    """Takes effect for some: a delete_many whose answer names errors for single keys."""

    CRASH_BEFORE = "crash_before"
    """No effect: the process dies as it is about to send the request."""

    CRASH_AFTER = "crash_after"
    """Takes effect: the process dies before it sees the answer."""

    STORM = "storm"
    """No effect: refused, as are most requests of everybody for a while."""

    STALL = "stall"
    """The whole process stands still, for minutes or for a day, before it sends the request."""


class Crash(BaseException):
    """The process is dead: nothing in it may run on, so no `except Exception` catches it."""


TAKES_EFFECT: Final = frozenset({Fault.LOST_ANSWER, Fault.REPEATED, Fault.CRASH_AFTER})
"""Faults of a request that the store has done when its sender meets with them."""

_ANY: Final = frozenset(
    {Fault.REFUSED, Fault.FAILED, Fault.CUT, Fault.DENIED, Fault.CRASH_BEFORE, Fault.CRASH_AFTER}
)
_WRITE: Final = _ANY | {Fault.LOST_ANSWER, Fault.REPEATED, Fault.LATE}

POSSIBLE: Final = {
    "get": _ANY | {Fault.TRUNCATED},
    "list": _ANY | {Fault.TRUNCATED},
    "put": _WRITE | {Fault.RACE},
    "copy": _WRITE | {Fault.RACE},
    "delete": _WRITE,
    "delete_many": _WRITE,
}
"""What can befall a request, by the port's verb."""
