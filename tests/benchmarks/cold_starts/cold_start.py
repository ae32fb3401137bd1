"""One cold start: from the start of a process until it has answered its first event."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tests.awslambda.for_real.events import said
from tests.servers.lambda_runtime import LambdaEnvironment, LambdaFunction
from tests.servers.s3_stub import Stub

SESSION: Final = "bench"


class Reading(NamedTuple):
    """What one cold start took.

    Attributes:
        init_wall: seconds until the runtime asked for its first event.
        init_cpu: of the processor, in all threads, until then.
        wall: seconds until the answer.
        cpu: of the processor until then.
        peak_bytes: the most memory that was resident.
        operations: requests by S3's names.
    """

    init_wall: float
    init_cpu: float
    wall: float
    cpu: float
    peak_bytes: float
    operations: Mapping[str, int]

    @property
    def requests(self) -> int:
        return sum(self.operations.values())


def cold_start(function: LambdaFunction, stub: Stub) -> Reading:
    """Start an environment, and have it take a turn of the session."""
    stub.reset()
    with function.start() as environment:
        init_cpu = _cpu_seconds(environment)
        seconds = speak(environment, "hello")
        return Reading(
            environment.init_seconds,
            init_cpu,
            environment.init_seconds + seconds,
            _cpu_seconds(environment),
            environment.peak_bytes,
            stub.counted().operations,
        )


def prepare(function: LambdaFunction, turns: int) -> None:
    """Let a session have some turns; what a start reads from disk is in its cache then."""
    with function.start() as environment:
        for turn in range(turns):
            speak(environment, f"hello for the {turn}th time")


def speak(environment: LambdaEnvironment, message: str) -> float:
    """Send a message to the session; give the seconds until the answer.

    Raises:
        RuntimeError: it is no answer.
    """
    outcome = environment.invoke(said(SESSION, message))
    answer: Any = outcome.payload
    if not outcome.ok or answer["statusCode"] != 200:
        raise RuntimeError(f"no answer: {outcome}\n{environment.log[-4000:]}")
    return outcome.seconds


def _cpu_seconds(environment: LambdaEnvironment) -> float:
    """Give the processor time of a process, to the nanosecond: /proc tells it in steps of 10 ms."""
    # The clock of another process on Linux, as clock_getcpuclockid(3) spells it.
    return time.clock_gettime(~environment.pid << 3 | 2)
