"""Packed histories: what segments there are, and what stands in them for anybody who reads JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.behaviour.speaking import AGENT
from tests.rig import Rig

ARCHIVE = f"{AGENT}/archive/"


def later() -> float:
    """Tell a time at which every request that was under way has ended."""
    return time.time() + 7200


def pack(rig: Rig, *, clock: Callable[[], float] = later) -> Any:
    """Pack by a handle that knows nothing, at both levels; give the report."""
    return rig.sessions(clock=clock).open("s").compact(min_age=0, pack=True)


def segment_key(first: int, last: int) -> str:
    return f"{ARCHIVE}segment_{first}-{last}.jsonl"


def segments(rig: Rig) -> list[tuple[int, int]]:
    """Give first and last index of each segment."""
    names = [key for key in rig.keys() if key.startswith(ARCHIVE)]
    blocks = [name.rpartition("_")[2].removesuffix(".jsonl").split("-") for name in names]
    return sorted((int(first), int(last)) for first, last in blocks)


def lines(rig: Rig, first: int, last: int) -> list[bytes]:
    """Give the message objects in a segment."""
    return rig.body(segment_key(first, last)).split(b"\n")[1:-1]


def documents(rig: Rig, first: int, last: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(rig, first, last)]
