"""What went over a wire: each request once it has ended, and how many were under way at once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import NamedTuple

from tests.servers.operations import Operation

NO_ANSWER = 0
"""In place of a status, where the client was told nothing."""


class Exchange(NamedTuple):
    """A request that has ended, and the status that the client was told."""

    operation: str
    key: str
    status: int


class Sent(NamedTuple):
    """A request as it came in; `headers` by name in lower case."""

    operation: str
    key: str
    headers: Mapping[str, str]
    body: bytes


class Ledger:
    """Written by one thread; another may read it at any time."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.sent: list[Sent] = []
        self.peak = 0
        self._under_way = 0
        self._has_ended = threading.Condition()

    def begin(self, operation: Operation, headers: Mapping[str, str], body: bytes) -> Passage:
        """Note that a request has come in."""
        self.sent.append(Sent(operation.name, operation.key, headers, body))
        self._under_way += 1
        self.peak = max(self.peak, self._under_way)
        return Passage(self, operation)

    def end(self, operation: Operation, status: int) -> None:
        """Note that a request has ended."""
        with self._has_ended:
            self._under_way -= 1
            self.exchanges.append(Exchange(operation.name, operation.key, status))
            self._has_ended.notify_all()

    def wait_for_the_last(self) -> None:
        """Wait until no request is under way."""
        with self._has_ended:
            self._has_ended.wait_for(lambda: self._under_way == 0)


class Passage:
    """One request on its way, for the ledger that was open when it came in."""

    def __init__(self, ledger: Ledger, operation: Operation) -> None:
        self._ledger = ledger
        self._operation = operation
        self._has_ended = False

    def ended(self, status: int) -> None:
        """Note what the client is about to be told; only the first call counts.

        It must be called before the client is told: what a test reads afterwards is then complete.
        """
        if not self._has_ended:
            self._has_ended = True
            self._ledger.end(self._operation, status)
