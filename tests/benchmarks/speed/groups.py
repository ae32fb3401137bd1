"""What is measured together: acts that take turns, round by round, under one latency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.speed.acts import Acts, Take
from tests.benchmarks.speed.cold import PROGRAMS
from tests.benchmarks.speed.peer import LAST
from tests.benchmarks.speed.plan import Plan

OURS: Final = ("ours-boto3", "ours-fast")
OURS_ASYNC: Final = ("ours-aioboto3", "ours-fast-async")
WHOLE: Final = ("snapshots", "langgraph", "sqlite")
"""Those that keep a history as one."""

LATENCY: Final = 20.0
DELAYED: Final = {"latency_ms": LATENCY}
AWAY: Final = {"latency_ms": LATENCY, "rtt_ms": LATENCY}


@dataclass(frozen=True, slots=True)
class Group:
    """Acts that are compared with each other.

    Attributes:
        title: what the report calls it.
        takes: the acts by the name of who does them.
        is_long: whether a round takes more than a few seconds.
    """

    title: str
    takes: Mapping[str, Take]
    is_long: bool = False


def groups(plan: Plan, acts: Acts) -> Iterator[tuple[str, Group]]:
    """Give all groups by the names that the goals have for them."""
    yield "cold", Group("a fresh process", {name: acts.started(name) for name in PROGRAMS})
    for verb, name in (("get", "GET"), ("put", "PUT")):
        takes = {who: acts.request(who, verb, plan.count) for who in ("boto3", *OURS)}
        yield verb, Group(f"{name} of 1 KB, 16 at once, no latency", takes)
    pages = {who: acts.page(who, plan.large) for who in ("boto3", *OURS)}
    yield "page", Group(f"one page of a list of {plan.large:,}, no latency", pages)
    yield from _appends(plan, acts)
    yield "append-large", _large_appends(plan.large, acts)
    yield "restore-small", _restores(plan.small, acts, is_long=False)
    yield "restore-large", _restores(plan.large, acts, is_long=True)
    yield "last", _lasts(plan.large, acts)
    yield "growth", _growth(plan, acts)
    deleting = ("strands", "boto3", *OURS, *OURS_ASYNC)
    takes = {who: acts.deletion(who, plan.large, DELAYED) for who in deleting}
    yield "delete", Group(f"delete a session of {plan.large:,}", takes, is_long=True)


def _appends(plan: Plan, acts: Acts) -> Iterator[tuple[str, Group]]:
    size = plan.small
    title = f"append to a session of {size:,}"
    by_message = ("boto3", "aioboto3", *OURS, *OURS_ASYNC, "strands")
    takes = {who: acts.append(who, size, DELAYED) for who in (*by_message, *WHOLE)}
    yield "append", Group(title, takes)
    takes = {who: acts.append(who, size, AWAY) for who in by_message}
    yield "append-away", Group(f"{title}, `100 Continue` a round trip away", takes)


def _large_appends(size: int, acts: Acts) -> Group:
    takes = {who: acts.append(who, size, DELAYED) for who in ("boto3", *OURS, "strands", *WHOLE)}
    return Group(f"append to a session of {size:,}", takes, is_long=True)


def _restores(size: int, acts: Acts, *, is_long: bool) -> Group:
    by_message = ("strands", "boto3", "aioboto3", *OURS, *OURS_ASYNC)
    takes = {who: acts.restore(who, size, DELAYED) for who in by_message}
    takes |= {packed(who): acts.packed_restore(who, size, DELAYED) for who in OURS}
    takes |= {who: acts.whole_restore(who, size, DELAYED) for who in WHOLE}
    return Group(f"restore {size:,}", takes, is_long)


def _lasts(size: int, acts: Acts) -> Group:
    by_message = ("strands", "boto3", "aioboto3", *OURS, *OURS_ASYNC)
    takes = {who: acts.last(who, size, DELAYED) for who in by_message}
    takes |= {packed(who): acts.packed_last(who, size, DELAYED) for who in OURS}
    return Group(f"the last {LAST} of {size:,}", takes)


def _growth(plan: Plan, acts: Acts) -> Group:
    takes = {
        of_size(who, name): acts.packed_last(who, size, DELAYED)
        for who in OURS
        for name, size in (("small", plan.small), ("huge", plan.huge))
    }
    return Group(f"the last {LAST} of {plan.small:,} and of {plan.huge:,}", takes)


def packed(who: str) -> str:
    """Name who reads a packed session."""
    return f"{who}, packed"


def of_size(who: str, size: str) -> str:
    """Name who reads the end of a packed session of a certain size."""
    return f"{who}, packed, {size}"
