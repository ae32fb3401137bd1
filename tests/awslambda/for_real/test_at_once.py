"""Many invocations at the same moment: no message is lost, and no model is asked for nothing."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.awslambda.for_real.deployment import Deployment
from tests.awslambda.for_real.events import said
from tests.awslambda.for_real.http_answers import status_of
from tests.awslambda.for_real.model_endpoint import ModelEndpoint, answer_to
from tests.servers.weed import Weed
from tests.servers.wire import Hold, Rule, WireProxy

WORKERS = 16


def test_a_second_invocation_of_a_session_waits_for_the_first_and_sees_its_answer(
    deployment: Deployment, model: ModelEndpoint, weed: Weed
) -> None:
    thinking, looking = model.hold_next(), Hold(before_server=False)
    with WireProxy(weed.endpoint_url) as wire:
        wire.rules([Rule(looking, operation="GetObject", key="*/lease.json", count=1)])
        function = deployment.function("talking.http")
        waiting = deployment.function("talking.http", via=wire.url)
        with function.start() as one, waiting.start() as other:
            first = one.begin(said("s", "first"))
            assert thinking.reached.wait(10)
            second = other.begin(said("s", "second"))
            # It has seen that the turn is taken.
            assert looking.passed.wait(10)
            looking.released.set()
            thinking.released.set()
            assert status_of(one.finish(first)) == status_of(other.finish(second)) == 200
    assert [len(messages) for messages in model.calls] == [1, 3]
    assert model.calls[1][1] == answer_to("first")
    assert deployment.transcript("s") == [
        "first",
        "an answer to first",
        "second",
        "an answer to second",
    ]


def test_a_second_invocation_that_cannot_wait_is_told_when_to_come_before_its_model_is_asked(
    deployment: Deployment,
    model: ModelEndpoint,
) -> None:
    function = deployment.function("talking.http", WAIT="0")
    thinking = model.hold_next()
    with function.start() as one, function.start() as other:
        first = one.begin(said("s", "first"))
        assert thinking.reached.wait(10)
        refused = other.invoke(said("s", "second"))
        assert len(model.calls) == 1
        assert deployment.transcript("s") == ["first"]
        thinking.released.set()
        assert status_of(one.finish(first)) == 200
    assert status_of(refused) == 409
    assert int(refused.payload["headers"]["retry-after"]) > 0
    assert json.loads(refused.payload["body"])["status"] == 409
    assert deployment.transcript("s") == ["first", "an answer to first"]


def test_sixteen_workers_of_a_managed_instance_lose_no_message_of_sixteen_sessions_or_of_one(
    deployment: Deployment,
) -> None:
    function = replace(deployment.function("talking.http", timeout=20), max_concurrency=WORKERS)
    numbers = range(WORKERS)
    with function.start() as instance:
        own = [instance.begin(said(f"s{number}", "hello")) for number in numbers]
        assert [status_of(instance.finish(one)) for one in own] == [200] * WORKERS
        waiting = set(numbers)
        while waiting:
            begun = {
                number: instance.begin(said("shared", f"{number}"), request_id=f"r{number}")
                for number in waiting
            }
            statuses = {number: status_of(instance.finish(one)) for number, one in begun.items()}
            assert set(statuses.values()) <= {200, 409}
            # Who was refused comes again, as a queue would.
            waiting = {number for number, status in statuses.items() if status == 409}
    for number in numbers:
        assert deployment.transcript(f"s{number}") == ["hello", "an answer to hello"]
    lines = deployment.transcript("shared")
    assert sorted(lines[::2], key=int) == [str(number) for number in numbers]
    assert lines[1::2] == [f"an answer to {line}" for line in lines[::2]]
