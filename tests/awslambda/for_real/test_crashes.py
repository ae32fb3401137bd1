"""A turn that is cut off, wherever that is: its event comes again, and the turn is whole."""

from __future__ import annotations

from tests.awslambda.for_real.crashing import crash_after_each_request, crash_once
from tests.awslambda.for_real.deployment import Deployment
from tests.awslambda.for_real.events import said
from tests.awslambda.for_real.http_answers import status_of, told_by
from tests.awslambda.for_real.model_endpoint import ModelEndpoint
from tests.servers.weed import Weed
from tests.servers.wire import Hold, Rule, WireProxy

HELLO = ["hello", "an answer to hello"]


def test_a_turn_that_is_killed_anywhere_is_whole_once_its_event_comes_again(
    deployment: Deployment, model: ModelEndpoint, weed: Weed
) -> None:
    with WireProxy(weed.endpoint_url) as wire:
        function = deployment.function("talking.http", via=wire.url)
        killed = crash_after_each_request(function, wire, "hello")
        assert len(killed) >= 6
        crash_once(function, "thinking", "hello", model.hold_next().reached)
        assert deployment.transcript("thinking") == HELLO[:1]
        sent = Hold(before_server=True)
        wire.rules([Rule(sent, operation="PutObject", key="*/message_1.json", count=1)])
        crash_once(function, "late", "hello", sent.reached)

        with function.start() as environment:
            for session in (*killed, "thinking", "late"):
                again = environment.invoke(said(session, "hello"), request_id=session)
                assert told_by(again)["message"]["content"] == HELLO[1]
                assert deployment.transcript(session) == HELLO
            # Also where the user's message was stored before: it is not shown twice.
            asked = [{"role": "user", "content": "hello"}]
            assert list(model.calls) == [asked] * len(model.calls)
            calls = len(model.calls)
            once_more = environment.invoke(said("late", "hello"), request_id="late")
            assert told_by(once_more)["redelivered"]
            assert len(model.calls) == calls
            assert status_of(environment.invoke(said("late", "and then?"))) == 200
        # What the dead container had sent comes now, and is refused.
        sent.released.set()
        assert sent.passed.wait(10)
    assert deployment.transcript("late") == [*HELLO, "and then?", "an answer to and then?"]
