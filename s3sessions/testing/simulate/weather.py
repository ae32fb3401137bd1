"""Which requests fail, and how: drawn for each request from what this run allows.

A run allows only some kinds of faults, so that one kind is not always hidden by another.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from s3sessions.testing.faults import POSSIBLE, Fault

LATEST: Final = 900.0
"""Seconds after which a request that was sent can no longer take effect (SigV4's limit)."""

_EVERYWHERE: Final = frozenset({Fault.STORM, Fault.STALL})
_NEVER: Final = frozenset({Fault.DENIED})
_ONLY_CONDITIONAL: Final = frozenset({Fault.RACE, Fault.REPEATED})


def _kinds(verb: str, *, conditional: bool) -> list[Fault]:
    """Give what can befall a request, always in the same order."""
    possible = (POSSIBLE[verb] | _EVERYWHERE) - _NEVER
    if verb == "put" and not conditional:
        possible -= _ONLY_CONDITIONAL
    if verb == "delete_many":
        possible |= {Fault.KEYS_REFUSED}
    return [fault for fault in Fault if fault in possible]


_POSSIBLE: Final = {
    (verb, conditional): _kinds(verb, conditional=conditional)
    for verb in POSSIBLE
    for conditional in (False, True)
}

_READS: Final = ("get", "list")
_WRITES_FAIL_MORE: Final = 3.0

# Writers crash and stall seldom, or nothing would ever be done.
_SHARE: Final = {
    Fault.STALL: 0.3,
    Fault.CRASH_BEFORE: 0.3,
    Fault.CRASH_AFTER: 0.3,
    Fault.STORM: 0.3,
}


@dataclass
class Weather:
    """What befalls requests in one simulation.

    Attributes:
        rate: probability that a request meets with something.
        kinds: what it can meet with.
        injected: what befell so far, by kind.
    """

    rng: random.Random
    rate: float
    kinds: frozenset[Fault]
    injected: Counter[Fault] = field(default_factory=Counter)
    _storm_until: float = 0.0

    @classmethod
    def draw(cls, rng: random.Random) -> Weather:
        """Draw the weather of a run: from calm to very rough, with some kinds or all of them."""
        rate = rng.choice((0.0, 0.02, 0.05, 0.1, 0.15))
        kinds = list(Fault)
        if rng.random() < 0.7:
            kinds = rng.sample(kinds, rng.randint(2, 6))
        return cls(rng, rate, frozenset(kinds))

    def only(self, *kinds: Fault) -> None:
        """Let these befall requests, often, and nothing else."""
        self.rate, self.kinds = 0.15, frozenset(kinds)

    def calm(self) -> None:
        """Let nothing befall any more."""
        self.rate = 0.0
        self._storm_until = 0.0

    def fault(self, verb: str, now: float, *, conditional: bool) -> Fault | None:
        """Say what befalls a request that is sent now."""
        if now < self._storm_until and self.rng.random() < 0.7:
            return self._count(Fault.REFUSED)
        rate = self.rate if verb in _READS else self.rate * _WRITES_FAIL_MORE
        if rate == 0.0 or self.rng.random() >= rate:
            return None
        allowed = [kind for kind in _POSSIBLE[verb, conditional] if kind in self.kinds]
        if not allowed:
            return None
        kind = self.rng.choice(allowed)
        if Fault.KEYS_REFUSED in allowed and self.rng.random() < 0.5:
            # It leaves a session half deleted, and there are few requests that can meet with it.
            kind = Fault.KEYS_REFUSED
        if self.rng.random() >= _SHARE.get(kind, 1.0):
            return None
        if kind is Fault.STORM:
            self._storm_until = now + self.rng.choice((1.0, 5.0, 60.0))
        return self._count(kind)

    def stall(self) -> float:
        """Draw how long a process stands still: minutes, hours or a day."""
        low, high = self.rng.choice(((1.0, 60.0), (60.0, 900.0), (3000.0, 8000.0), (8e4, 1e5)))
        return self.rng.uniform(low, high)

    def _count(self, kind: Fault) -> Fault:
        self.injected[kind] += 1
        return kind
