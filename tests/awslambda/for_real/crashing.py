"""Containers that are killed in the middle of a turn, at a point that a test has chosen."""

from __future__ import annotations

import threading
from typing import Final

from tests.awslambda.for_real.events import said
from tests.awslambda.for_real.http_answers import status_of
from tests.servers.lambda_runtime import LambdaFunction
from tests.servers.wire import Hold, Rule, WireProxy

DOOMED_SECONDS: Final = 2.5
"""Time-out of what is killed; for about so long its lease keeps others waiting."""


def crash_once(
    function: LambdaFunction,
    session: str,
    text: str,
    reached: threading.Event,
    *,
    seconds: float = DOOMED_SECONDS,
) -> None:
    """Kill a container when its turn, whose request id is the session's, has got that far."""
    with function.start() as environment:
        turn = environment.begin(said(session, text), request_id=session, timeout=seconds)
        assert reached.wait(seconds)
        environment.crash()
        assert not environment.finish(turn).ok


def crash_after_each_request(
    function: LambdaFunction, wire: WireProxy, text: str, *, seconds: float = DOOMED_SECONDS
) -> list[str]:
    """Kill a container after the first request of a turn, one after the second, and so on.

    Each turn is the first of a session of its own.

    Returns:
        The sessions.
    """
    with function.start() as environment:
        assert status_of(environment.invoke(said("unharmed", text))) == 200
    wire.settle()
    sessions = [f"killed-{place}" for place in range(sum(wire.counts().values()))]
    for place, session in enumerate(sessions):
        hold = Hold(before_server=False)
        wire.rules([Rule(hold, skip=place, count=1)])
        crash_once(function, session, text, hold.passed, seconds=seconds)
        hold.released.set()
    wire.rules([])
    return sessions
