"""Which sessions a page of them is made of, and in which order, as one list of keys tells.

A session that was compressed stands behind the one that goes on with it, and is not shown beside
it; what a session had others do for it (kind delegate) is shown if it is asked for.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

from s3sessions.dao.tally import Tally

Order: TypeAlias = tuple[bool, float, str]
"""What sorts sessions, the newest activity last."""


def order(session_id: str, tally: Tally) -> Order:
    """Sort by last activity, equals by id: those that `new_id` makes sort by time, too.

    Who never spoke comes before all others.
    """
    moment = tally.last_active
    return moment is not None, moment.timestamp() if moment else 0.0, session_id


class Candidates:
    """The sessions that a page may show, the newest first.

    Args:
        tallies: all sessions, by id.
        since: the earliest last activity.
        before: what the last activity comes before.
        delegates: whether delegates are among them.
    """

    def __init__(
        self,
        tallies: Mapping[str, Tally],
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        delegates: bool = False,
    ) -> None:
        self._tallies = tallies
        self._since = since
        self._before = before
        self._lineage = _Lineage(tallies)
        hidden = set() if delegates else self._lineage.delegates()
        self._continued = self._lineage.continued()
        shown = (name for name in tallies if name not in hidden and name not in self._continued)
        self._left = sorted(order(name, tallies[name]) for name in shown if self._is_meant(name))
        self._hidden = hidden

    def take(self, count: int) -> list[str]:
        """Give the next ones, at most so many."""
        return [self._left.pop()[-1] for _ in range(min(count, len(self._left)))]

    def gone(self, session_id: str) -> None:
        """Say that a session is listed and yet not there: it stands for no other any more."""
        for parent in self._lineage.without(session_id):
            was_left_out = parent in self._continued and parent not in self._hidden
            if was_left_out and self._is_meant(parent):
                insort(self._left, order(parent, self._tallies[parent]))

    def _is_meant(self, session_id: str) -> bool:
        active = self._tallies[session_id].last_active
        if active is None:
            return self._since is None and self._before is None
        is_late_enough = self._since is None or active >= self._since
        return is_late_enough and (self._before is None or active < self._before)


class _Lineage:
    """Who goes on with whom, by the markers of those that are listed."""

    def __init__(self, tallies: Mapping[str, Tally]) -> None:
        self._all = tallies.keys()
        self._next: dict[str, set[str]] = {}
        self._previous: dict[str, set[str]] = {}
        self._delegates: set[str] = set()
        for parent, tally in tallies.items():
            for kind, child in tally.children:
                if child in tallies and kind == "compression":
                    self._next.setdefault(parent, set()).add(child)
                    self._previous.setdefault(child, set()).add(parent)
                elif kind == "delegate":
                    self._delegates.add(child)

    def delegates(self) -> set[str]:
        """Give the delegates, and what goes on with them."""
        return _reached(self._delegates, self._next)

    def continued(self) -> set[str]:
        """Give those that another one goes on with; of a circle, which has no end, none."""
        tips = self._all - self._next.keys()
        return _reached(tips, self._previous) - tips

    def without(self, session_id: str) -> list[str]:
        """Take a session out; give those that nobody goes on with any more."""
        ended = []
        for parent in self._previous.pop(session_id, ()):
            self._next[parent].discard(session_id)
            if not self._next[parent]:
                ended.append(parent)
        return ended


def _reached(start: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    reached = set(start)
    left = list(reached)
    while left:
        found = edges.get(left.pop(), set()) - reached
        reached |= found
        left += found
    return reached
