"""What can go wrong between a client and S3, and the rules that say when it does."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Final, TypeAlias

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
class CutRequest:
    """Hang up, towards the server too, after that many bytes of the request's body."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Truncate:
    """Hang up after that many bytes of the answer's body; its head announced all of them."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Delay:
    """Hold the request back for that many seconds, then let it pass."""

    seconds: float


HOLD_SECONDS: Final = 30
"""Longest that a request is held; a test that failed may never let it go."""


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """Hold a request until the test lets it go, whatever its sender does meanwhile.

    Attributes:
        before_server: whether it is the request that is held; else it is the server's answer.
        reached: set once a request is held.
        released: set it to let the request go.
        passed: set once the server has answered.
    """

    before_server: bool
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    passed: threading.Event = field(default_factory=threading.Event)


Fault: TypeAlias = Answer | ResetBefore | ResetAfter | CutRequest | Truncate | Delay | Hold


def kind_of(fault: Fault) -> str:
    """Name a fault as a count of many calls it: `ResetAfter`, `503 SlowDown`."""
    return f"{fault.status} {fault.code}" if isinstance(fault, Answer) else type(fault).__name__


@dataclass(frozen=True, slots=True)
class Rule:
    """When a fault happens.

    Attributes:
        fault: what happens.
        operation: glob on the operation's name.
        key: glob on the key, or on the prefix of a list.
        skip: matching requests that pass before the first one that does not.
        count: how many times it happens; None for always.
        chance: that it happens where it could; one that passes by chance is no turn of `count`.
    """

    fault: Fault
    operation: str = "*"
    key: str = "*"
    skip: int = 0
    count: int | None = None
    chance: float = 1.0

    def matches(self, operation: Operation) -> bool:
        """Tell whether the request is one that this rule is about."""
        return fnmatchcase(operation.name, self.operation) and fnmatchcase(operation.key, self.key)


class Rulebook:
    """Rules in order, and how many requests each has met; the first one that is due decides.

    Attributes:
        struck: how many times each kind of fault has happened.
    """

    def __init__(self, rules: Sequence[Rule] = (), seed: int = 0) -> None:
        self._rules = list(rules)
        self._met = [0] * len(self._rules)
        self._random = random.Random(seed)
        self.struck: Counter[str] = Counter()

    def fault_for(self, operation: Operation) -> Fault | None:
        """Count the request, and give the fault that it meets, if any."""
        for place, rule in enumerate(self._rules):
            if rule.matches(operation) and self._random.random() < rule.chance:
                turn = self._met[place] - rule.skip
                self._met[place] += 1
                if turn >= 0 and (rule.count is None or turn < rule.count):
                    self.struck[kind_of(rule.fault)] += 1
                    return rule.fault
        return None
