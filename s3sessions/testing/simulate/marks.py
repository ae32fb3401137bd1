"""When a session was marked as deleted, and whether a prune had given notice of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Notice:
    """What a prune has written into session.json before it marked the session.

    Attributes:
        given: when.
        silence: seconds since the newest message was stored; None where there was none.
    """

    given: int
    silence: float | None


@dataclass
class MarkSpan:
    """A span in which session.json was there and marked as deleted.

    Attributes:
        began, ended: when; `ended` is None while it is marked.
        notice: of the prune that has marked it; None where somebody asked for the deletion.
    """

    began: int
    ended: int | None = None
    notice: Notice | None = None

    def is_unknown_to(self, known_since: int) -> bool:
        """Tell whether a handle that looked then could not see the deletion.

        Whoever looks behind the notice of a prune takes that away, and the prune leaves the session
        alone; so only who looked before it can lose a message.
        """
        if self.notice is not None:
            return known_since <= self.notice.given
        return self.ended is None or known_since <= self.ended


class Marks:
    """The marks of one session.json, as it is written and deleted."""

    def __init__(self, tick: Callable[[], int]) -> None:
        self._tick = tick
        self._notices: dict[str, Notice] = {}
        self.spans: list[MarkSpan] = []

    def written(self, data: bytes, silence: Callable[[], float | None]) -> None:
        """Note what was written; `silence` is asked where it gives notice."""
        stamp: dict[str, Any] = {}
        if b'"deleted_at"' in data or b'"notice"' in data:
            stamp = json.loads(data).get("s3sessions", {})
        notice_id = stamp.get("notice", {}).get("id")
        if notice_id is not None and notice_id not in self._notices:
            self._notices[notice_id] = Notice(self._tick(), silence())
        if "deleted_at" not in stamp:
            self.gone()
        elif not self._is_on:
            notice = self._notices.get(str(stamp.get("deletion")))
            self.spans.append(MarkSpan(self._tick(), notice=notice))

    def gone(self) -> None:
        """Note that session.json is not marked any more, or not there."""
        if self._is_on:
            self.spans[-1].ended = self._tick()

    @property
    def _is_on(self) -> bool:
        return bool(self.spans) and self.spans[-1].ended is None
