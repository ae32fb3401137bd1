"""Which requests of a `FaultyStore` fail: rules, and the count of what they have done."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from s3sessions.errors import (
    AccessDenied,
    InvalidSettings,
    S3SessionsError,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.ports import DeleteOutcome, Target
from s3sessions.testing.faults import POSSIBLE, Crash, Fault

__all__ = ["Plan", "Rule", "error_of", "merged"]

_TEXTS: Final = {
    Fault.REFUSED: "the store is too busy (503 SlowDown): try again later",
    Fault.FAILED: "the store failed (500 InternalError): try again later",
    Fault.CUT: "the connection broke before the request was sent: try again",
    Fault.LOST_ANSWER: "the connection broke before the answer came: try again",
    Fault.LATE: "no answer in time: try again later",
    Fault.TRUNCATED: "the body broke off: try again",
    Fault.KEYS_REFUSED: "the store failed for this key (500 InternalError): try again later",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Which requests meet with which fault.

    A rule applies only where its fault is possible: `Rule(Fault.RACE)` waits for a put or a copy.

    Attributes:
        fault: what they meet with. `STORM` and `STALL` are the simulator's alone.
        verb: of the port, as a shell pattern: `put`, `delete*`, `*`.
        key: likewise, of the whole key or prefix; of a copy the target; of a delete_many the first
            key, but with `KEYS_REFUSED` each.
        nth: the first of the matching requests that meets with it, counted from 1.
        count: how many requests meet with it; None for all.
        probability: of each, that it does.
    """

    fault: Fault
    verb: str = "*"
    key: str = "*"
    nth: int = 1
    count: int | None = 1
    probability: float = 1.0

    def __post_init__(self) -> None:
        if self.fault in (Fault.STORM, Fault.STALL):
            raise InvalidSettings(f"{self.fault} is the simulator's: give a rule with a count")
        if self.nth < 1 or (self.count is not None and self.count < 1):
            raise InvalidSettings("nth and count are numbers from 1: give None for every request")
        if not 0.0 <= self.probability <= 1.0:
            raise InvalidSettings(f"probability={self.probability!r}: must be from 0 to 1")

    def matches(self, verb: str, key: str) -> bool:
        """Tell whether the rule is about such a request."""
        return fnmatchcase(verb, self.verb) and fnmatchcase(key, self.key)


class Plan:
    """Rules in their order, and what they have done so far; may be asked from any thread.

    Attributes:
        injected: faults so far, by kind.
    """

    def __init__(self, rules: Sequence[Rule], seed: int) -> None:
        self.injected: Counter[Fault] = Counter()
        self._rules = list(rules)
        self._rng = random.Random(seed)  # noqa: S311 - it is to be repeated, not to be secret
        self._lock = threading.Lock()
        self._met: Counter[int] = Counter()
        self._done: Counter[int] = Counter()

    def add(self, *rules: Rule) -> None:
        with self._lock:
            self._rules += rules

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()
            self._met.clear()
            self._done.clear()

    def fault(self, verb: str, key: str) -> Fault | None:
        """Say what befalls this request; counted."""
        with self._lock:
            return self._first(verb, key, POSSIBLE[verb])

    def refused(self, targets: Sequence[Target]) -> frozenset[str]:
        """Give the keys of a delete_many that are refused one by one."""
        with self._lock:
            kinds = frozenset({Fault.KEYS_REFUSED})
            return frozenset(t.key for t in targets if self._first("delete_many", t.key, kinds))

    def _first(self, verb: str, key: str, kinds: frozenset[Fault]) -> Fault | None:
        for at, rule in enumerate(self._rules):
            if rule.fault in kinds and rule.matches(verb, key) and self._applies(at, rule):
                self.injected[rule.fault] += 1
                return rule.fault
        return None

    def _applies(self, at: int, rule: Rule) -> bool:
        self._met[at] += 1
        if self._met[at] < rule.nth or (rule.count is not None and self._done[at] >= rule.count):
            return False
        if rule.probability < 1.0 and self._rng.random() >= rule.probability:
            return False
        self._done[at] += 1
        return True


def error_of(fault: Fault, key: str) -> S3SessionsError | Crash:
    """Give what the sender of a request meets with."""
    if fault in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER):
        return Crash(key)
    if fault is Fault.RACE:
        return WriteRace("another write is under way (409): try again", key=key)
    if fault is Fault.DENIED:
        return AccessDenied("the store refuses this caller (403)", key=key)
    return StoreUnavailable(_TEXTS[fault], key=key)


def merged(
    targets: Sequence[Target], outcomes: Sequence[DeleteOutcome], refused: frozenset[str]
) -> Sequence[DeleteOutcome]:
    """Put the outcomes of a delete_many and the keys that were refused into the targets' order."""
    done: Mapping[str, DeleteOutcome] = {outcome.key: outcome for outcome in outcomes}
    errors = {key: StoreUnavailable(_TEXTS[Fault.KEYS_REFUSED], key=key) for key in sorted(refused)}
    return [done.get(t.key) or DeleteOutcome(t.key, errors[t.key]) for t in targets]
