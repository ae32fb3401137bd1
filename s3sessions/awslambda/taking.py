"""Taking a turn: claim the history, answer, give the claim back.

The lease is as long as the invocation can live, so it needs no renewal, and one whose process died
ends when Lambda would have ended it. It saves model calls; what keeps messages safe is how they are
appended. So the claim comes first, then the history is read: nobody who takes turns too can extend
it from then on. Who takes none can, and is met as an `AppendConflict`: the history is read again,
and the turn answered anew, with what it has stored already under the names that it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from s3sessions.awslambda.time_left import TimeLeft
from s3sessions.errors import AppendConflict
from s3sessions.sync import AgentSession

__all__ = ["again_after_conflicts", "turn_of"]

_GRACE: Final = 1.0
_LONGEST: Final = 900.0
"""Seconds that an invocation can live; a clock may say otherwise."""


@contextmanager
def turn_of(chat: AgentSession, time_left: TimeLeft, *, wait: float) -> Iterator[None]:
    """Hold the turn of a history while the block runs, which ends in time.

    Raises:
        SessionBusy: another has it, and still does after `wait` seconds, or after half of the time
            that is left: a turn has to have some of it, too.
        DeadlineExceeded: the time is over.
        StoreUnavailable: whether it is claimed is not known; it expires by itself.
    """
    turn: Any = chat.turn(
        wait=min(wait, time_left.seconds / 2), lease=min(time_left.until_killed, _LONGEST) + _GRACE
    )
    with time_left.for_work():
        turn.__enter__()
    try:
        with time_left.for_work():
            yield
    finally:
        # In the reserve, if need be: a turn that is not given back keeps others waiting.
        with time_left.for_the_end():
            turn.__exit__(None, None, None)


def again_after_conflicts(
    answer: Callable[[], Any], *, retries: int, tell: Callable[[], None]
) -> Any:
    """Answer, and once more after each conflict, `retries` times; `tell` hears of each.

    Raises:
        AppendConflict: the last one.
    """
    for left in range(retries, -1, -1):
        try:
            return answer()
        except AppendConflict:
            tell()
            if not left:
                raise
    raise AssertionError("unreachable")
