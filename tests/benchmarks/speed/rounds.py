"""Rounds: in each everybody takes a turn, now in one order and now in the other."""

from __future__ import annotations

import sys

from tests.benchmarks.speed.acts import Take
from tests.benchmarks.speed.crew import PeerFailed
from tests.benchmarks.speed.groups import Group
from tests.benchmarks.speed.plan import Plan
from tests.benchmarks.speed.reading import Reading


class Rounds:
    """Plays groups.

    Attributes:
        failures: why somebody is missing.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.failures: list[str] = []

    def play(self, group: Group) -> list[dict[str, Reading]]:
        """Give the readings of each round, by who took part in it."""
        takes = dict(group.takes)
        if not group.is_long:
            # Imports, clients, connections: in a long act they make no difference.
            self._turn(takes, list(takes))
        rounds = self._plan.long_rounds if group.is_long else self._plan.rounds
        print(f"{group.title}: {rounds} rounds of {len(takes)}", file=sys.stderr)
        names = list(takes)
        return [self._turn(takes, names[:: -1 if n % 2 else 1]) for n in range(rounds)]

    def _turn(self, takes: dict[str, Take], order: list[str]) -> dict[str, Reading]:
        readings: dict[str, Reading] = {}
        for name in order:
            if name not in takes:
                continue
            try:
                readings[name] = takes[name]()
            except PeerFailed as failure:
                del takes[name]
                print(failure, file=sys.stderr)
                first, *_, last = str(failure).splitlines()
                self.failures.append(f"{first.partition(': ')[0]}: {last}")
        return readings
