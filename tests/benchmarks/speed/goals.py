"""What s3sessions is to reach, on each transport: amounts of one round, and ratios of two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tests.benchmarks.speed.groups import LATENCY, OURS, of_size, packed
from tests.benchmarks.speed.plan import Plan
from tests.benchmarks.speed.reading import Reading

Round: TypeAlias = Mapping[str, Reading]
Measure: TypeAlias = Callable[[Round], float]


@dataclass(frozen=True, slots=True)
class Goal:
    """One row.

    Attributes:
        title: what it is about.
        group: where it is measured.
        limits: of the boto3 transport and the fast one.
        measures: of the same.
        unit: of both, or empty for a ratio.
    """

    title: str
    group: str
    limits: tuple[float, float]
    measures: tuple[Measure, Measure]
    unit: Literal["", "ms"] = ""


def goals(plan: Plan) -> Iterator[Goal]:
    """Give all rows; where the plan is a short one, they are about shorter sessions."""
    small, large, huge = f"{plan.small:,}", f"{plan.large:,}", f"{plan.huge:,}"
    yield Goal("append, above the latency", "append", (3, 1), _each(_above_latency), "ms")
    away = "append, `100 Continue` a round trip away, against plain boto3"
    yield Goal(away, "append-away", (0.55, 0.5), _each(_wall, "boto3"))
    for verb in ("get", "put"):
        title = f"CPU of a 1 KB {verb.upper()}, 16 in parallel, against plain boto3"
        yield Goal(title, verb, (0.9, 0.08), _each(_cpu, "boto3"))
    yield Goal("CPU of a LIST page against plain boto3", "page", (0.35, 0.08), _each(_cpu, "boto3"))
    loose, whole = _each(_wall, "strands"), _each(_packed_wall, "strands")
    yield Goal(f"restore {small} loose against Strands", "restore-small", (0.3, 0.1), loose)
    yield Goal(f"restore {large} loose against Strands", "restore-large", (0.3, 0.07), loose)
    yield Goal(f"restore {small} packed against Strands", "restore-small", (0.05, 0.02), whole)
    yield Goal(f"restore {large} packed against Strands", "restore-large", (0.03, 0.008), whole)
    yield Goal(f"last 50 of {large} packed against Strands", "last", (0.12, 0.06), whole)
    title = f"last 50 of {huge} packed against last 50 of {small} packed"
    yield Goal(title, "growth", (1.5, 1.5), _each(_growth))
    yield Goal(f"delete {large} against Strands", "delete", (0.4, 0.2), loose)
    title = "CPU of a cold process to its first append against boto3 with its first PUT"
    yield Goal(title, "cold", (1.1, 0.15), _each(_cpu, "boto3"))
    title = "`from s3sessions import Sessions`, CPU above bare Python"
    yield Goal(title, "cold", (40, 40), (_import, _import), "ms")


def _each(measure: Callable[..., Measure], *arguments: str) -> tuple[Measure, Measure]:
    slow, fast = OURS
    return measure(slow, *arguments), measure(fast, *arguments)


def _above_latency(who: str) -> Measure:
    return lambda found: found[who].wall - LATENCY


def _wall(who: str, other: str) -> Measure:
    return lambda found: found[who].wall / found[other].wall


def _packed_wall(who: str, other: str) -> Measure:
    return _wall(packed(who), other)


def _growth(who: str) -> Measure:
    return _wall(of_size(who, "huge"), of_size(who, "small"))


def _cpu(who: str, other: str) -> Measure:
    return lambda found: found[who].cpu / found[other].cpu


def _import(found: Round) -> float:
    return found["import"].cpu - found["python"].cpu
