"""The report in Markdown: the goals, then all that was measured, group by group."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.speed.goals import Goal, Measure
from tests.benchmarks.speed.reading import Reading

NOTHING: Final = "–"

NAMES: Final = {
    "python": "bare Python",
    "import": "`from s3sessions import Sessions`",
    "boto3": "plain boto3",
    "aioboto3": "plain aioboto3",
    "strands": "Strands `S3SessionManager`",
    "snapshots": "Strands `SnapshotSessionManager`",
    "langgraph": "LangGraph `ObjectStorageSaver`",
    "sqlite": "OpenAI `SQLiteSession`, local disk",
    "ours-boto3": "s3sessions, boto3",
    "ours-fast": "s3sessions, obstore",
    "ours-aioboto3": "s3sessions, aioboto3",
    "ours-fast-async": "s3sessions, obstore, async",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What a group gave: its title, and its rounds."""

    title: str
    rounds: Sequence[Mapping[str, Reading]]

    def median(self, measure: Measure) -> float | None:
        """Give the median over the rounds that have all that is needed."""
        found: list[float] = []
        for readings in self.rounds:
            try:
                found.append(measure(readings))
            except KeyError:
                continue
        return statistics.median(found) if found else None

    def names(self) -> list[str]:
        """Give who took part, in order."""
        first = self.rounds[0] if self.rounds else {}
        return list(first)

    def wall(self, who: str) -> float | None:
        """Give the median of milliseconds that passed."""
        return self.median(lambda readings: readings[who].wall)

    def cpu(self, who: str) -> float | None:
        """Give the median of milliseconds of processor time."""
        return self.median(lambda readings: readings[who].cpu)


def goal_lines(goals: Sequence[Goal], results: Mapping[str, Result]) -> Iterator[str]:
    """Give the table of goals; what is met, and what is not."""
    yield _line("operation", "boto3: goal", "measured", "fast: goal", "measured")
    yield _line("---", *["---:"] * 4)
    for goal in goals:
        cells: list[str] = []
        for limit, measure in zip(goal.limits, goal.measures, strict=True):
            result = results.get(goal.group)
            amount = None if result is None else result.median(measure)
            cells += [f"≤ {limit:g} {goal.unit}".strip(), _verdict(amount, limit, goal.unit)]
        yield _line(goal.title, *cells)


def result_lines(result: Result) -> Iterator[str]:
    """Give the table of one group."""
    yield _line(result.title, "ms", "CPU ms", "requests")
    yield _line("---", "---:", "---:", "---")
    for who in result.names():
        operations = result.rounds[0][who].operations
        yield _line(
            label(who), amount_of(result.wall(who)), amount_of(result.cpu(who)), _spell(operations)
        )


def label(who: str) -> str:
    """Give the name of a peer for people."""
    peer, *rest = who.split(", ")
    return ", ".join([NAMES[peer], *rest])


def amount_of(amount: float | None) -> str:
    """Give a number with as many digits as it deserves."""
    if amount is None:
        return NOTHING
    return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:.3g}"


def _verdict(amount: float | None, limit: float, unit: str) -> str:
    if amount is None:
        return NOTHING
    measured = f"{amount_of(amount)} {unit}".strip()
    return f"{measured} ✓" if amount <= limit else f"**{measured}**"


def _spell(operations: Mapping[str, float]) -> str:
    """Say how many requests of each kind."""
    return ", ".join(f"{count:,.6g} {name}" for name, count in sorted(operations.items()))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
