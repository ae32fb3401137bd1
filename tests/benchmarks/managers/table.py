"""The table: a line for each row, with the median of its rounds and the ratio to the peer."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tests.benchmarks.managers.stopwatch import Reading

NOTHING = "–"


class Table:
    """Readings by row, contender and delay; contenders and delays stand in the order given.

    Args:
        contenders: their names; the ratios say how much the others' amounts go into the first's.
        delays: in milliseconds.
    """

    def __init__(self, contenders: Sequence[str], delays: Sequence[int]) -> None:
        self._contenders = contenders
        self._delays = delays
        self._rows: dict[str, dict[tuple[str, int], list[Reading]]] = {}

    def add(self, contender: str, delay: int, readings: Mapping[str, Reading]) -> None:
        """Add one round of some rows."""
        for row, reading in readings.items():
            found = self._rows.setdefault(row, defaultdict(list))
            found[contender, delay].append(reading)

    def lines(self) -> Iterator[str]:
        """Give the lines of the table in Markdown."""
        head = ["ms, if not said otherwise", "rounds"]
        head += [f"requests: {name}" for name in self._contenders]
        for delay in self._delays:
            first, *others = self._contenders
            head.append(f"{delay} ms: {first}")
            for name in others:
                head += [name, "ratio"]
        yield _line(head)
        yield _line(["---"] + ["---:"] * (len(head) - 1))
        for row, found in self._rows.items():
            yield _line([row, *self._cells(found)])

    def _cells(self, found: Mapping[tuple[str, int], list[Reading]]) -> Iterator[str]:
        yield str(max(map(len, found.values())))
        for name in self._contenders:
            yield _requests(
                [r for (who, _), readings in found.items() if who == name for r in readings]
            )
        for delay in self._delays:
            amounts = [_median(found.get((name, delay), [])) for name in self._contenders]
            yield _amount(amounts[0])
            for amount in amounts[1:]:
                yield _amount(amount)
                yield _ratio(amounts[0], amount)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _median(readings: Sequence[Reading]) -> float | None:
    return statistics.median(reading.amount for reading in readings) if readings else None


def _requests(readings: Sequence[Reading]) -> str:
    """Say how many; from fewest to most where the rounds differ."""
    counts = sorted({reading.requests for reading in readings if reading.requests is not None})
    if not counts:
        return NOTHING
    return "–".join(f"{count:,.0f}" for count in sorted({counts[0], counts[-1]}))


def _amount(amount: float | None) -> str:
    if amount is None:
        return NOTHING
    return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:.3g}"


def _ratio(peer: float | None, ours: float | None) -> str:
    if peer is None or ours is None or ours <= 0:
        return NOTHING
    return f"{peer / ours:.3g}"
