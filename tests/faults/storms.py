"""Kinds of weather between a client and S3: which faults come, how often, on which requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tests.servers.wire import Answer, CutRequest, Delay, ResetAfter, ResetBefore, Rule, Truncate

SLOW_DOWN: Final = Answer(503, "SlowDown")
BROKEN: Final = Answer(500, "InternalError")
RACE: Final = Answer(409, "ConditionalRequestConflict")

# Longer than a client waits that has LITTLE_PATIENCE: it has given up when the request arrives.
LATE: Final = Delay(0.8)
LITTLE_PATIENCE: Final = 0.5

STORMS: Final[Mapping[str, Sequence[Rule]]] = {
    "slow down": [Rule(SLOW_DOWN, chance=0.6)],
    "an outage": [Rule(SLOW_DOWN, chance=0.93)],
    "internal errors": [Rule(BROKEN, chance=0.6)],
    "refused races": [Rule(RACE, "PutObject", chance=0.6)],
    "cut before": [Rule(ResetBefore(), chance=0.6)],
    "cut after": [Rule(ResetAfter(), chance=0.6)],
    "cut requests": [Rule(CutRequest(200), "PutObject", chance=0.6)],
    "truncated objects": [Rule(Truncate(40), "GetObject", chance=0.5)],
    "truncated lists": [Rule(Truncate(150), "ListObjectsV2", chance=0.6)],
    "everything": [
        Rule(SLOW_DOWN, chance=0.08),
        Rule(BROKEN, chance=0.08),
        Rule(RACE, "PutObject", chance=0.1),
        Rule(ResetBefore(), chance=0.08),
        Rule(ResetAfter(), chance=0.15),
        Rule(CutRequest(200), "PutObject", chance=0.08),
        Rule(Truncate(40), "GetObject", chance=0.1),
        Rule(Truncate(150), "ListObjectsV2", chance=0.1),
        Rule(LATE, chance=0.05),
    ],
}
