"""What can go wrong between a client and S3, and the rules that say when it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import TypeAlias

from tests.servers.operations import Operation


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer with an error and never ask the server: `Answer(503, "SlowDown")`."""

    status: int
    code: str

    def as_bytes(self, method: str) -> bytes:
        """The whole answer, as S3 would write it."""
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{self.code}</Code><Message>injected by the wire</Message></Error>"
        ).encode()
        head = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n"
            f"Content-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        return head if method == "HEAD" else head + body


@dataclass(frozen=True, slots=True)
class ResetBefore:
    """Reset the connection; the server never sees the request."""


@dataclass(frozen=True, slots=True)
class ResetAfter:
    """Reset the connection once the server has answered: done, and nobody was told."""


@dataclass(frozen=True, slots=True)
class Truncate:
    """Hang up after that many bytes of the answer's body; its head announced all of them."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Delay:
    """Hold the request back for that many seconds, then let it pass."""

    seconds: float


Fault: TypeAlias = Answer | ResetBefore | ResetAfter | Truncate | Delay


@dataclass(frozen=True, slots=True)
class Rule:
    """When a fault happens.

    Attributes:
        fault: what happens.
        operation: glob on the operation's name.
        key: glob on the key, or on the prefix of a list.
        skip: matching requests that pass before the first one that does not.
        count: how many times it happens; None for always.
    """

    fault: Fault
    operation: str = "*"
    key: str = "*"
    skip: int = 0
    count: int | None = None

    def matches(self, operation: Operation) -> bool:
        """Tell whether the request is one that this rule is about."""
        return fnmatchcase(operation.name, self.operation) and fnmatchcase(operation.key, self.key)


class Rulebook:
    """Rules in order, and how many requests each has met; the first one that is due decides."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._rules = list(rules)
        self._met = [0] * len(self._rules)

    def fault_for(self, operation: Operation) -> Fault | None:
        """Count the request, and give the fault that it meets, if any."""
        for place, rule in enumerate(self._rules):
            if rule.matches(operation):
                turn = self._met[place] - rule.skip
                self._met[place] += 1
                if turn >= 0 and (rule.count is None or turn < rule.count):
                    return rule.fault
        return None
