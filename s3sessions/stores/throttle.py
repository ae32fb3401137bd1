"""How many calls a store's fan-outs run at once: fewer while its server asks it to slow down."""

from __future__ import annotations

import threading

__all__ = ["Pace"]


class Pace:
    """The pace of one store and of what was derived from it; any number of threads may use it.

    A refusal halves it, once for all requests that were under way then. Each time that as many
    answers have come as the pace allows calls, it grows by one again, up to its width. Nothing
    waits in here: fan-outs read `limit`.

    Attributes:
        width: most calls at once when all is well.
        limit: most calls at once now, at least 1.
        refusals: how often it was halved; a request notes it when it begins.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.limit = width
        self.refusals = 0
        self._answers = 0
        self._lock = threading.Lock()

    def slow_down(self, begun: int) -> int:
        """Note that a request was refused because there are too many.

        Args:
            begun: `refusals` when the request was sent.

        Returns:
            The same for the case that it is sent again.
        """
        with self._lock:
            if begun == self.refusals:
                self.limit = max(1, self.limit // 2)
                self.refusals += 1
                self._answers = 0
            return self.refusals

    def go_on(self) -> None:
        """Note that a request was answered and not refused."""
        if self.limit == self.width:
            return
        with self._lock:
            self._answers += 1
            if self._answers >= self.limit and self.limit < self.width:
                self.limit += 1
                self._answers = 0
