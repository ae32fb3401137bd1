"""Events that are their own body: an invoke, awaited or not, and EventBridge."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3sessions.awslambda import TenantRefused
from s3sessions.errors import SessionBusy
from tests.awslambda.contexts import LambdaContext
from tests.awslambda.events import event_bridge
from tests.awslambda.talking import Talking

HI: dict[str, Any] = {"session_id": "s", "message": "hi"}


def test_an_invoke_is_a_turn_and_gives_its_answer() -> None:
    talking = Talking()
    answer = talking.invoke({**HI, "agent": "critic"})
    assert answer == {
        "session_id": "s",
        "agent_id": "critic",
        "index": 1,
        "message": {"role": "assistant", "content": "you said: hi"},
        "redelivered": False,
    }
    assert json.dumps(answer)
    assert talking.said("s", "critic") == ["hi", "you said: hi"]


def test_an_invoke_that_lambda_tries_again_is_answered_with_what_is_stored() -> None:
    # Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation":
    # the request id is the same.
    talking = Talking()
    context = LambdaContext(aws_request_id="request-7")
    assert talking.invoke(HI, context)["redelivered"] is False
    assert talking.invoke(HI, context)["redelivered"] is True
    assert talking.heard == ["hi"]
    assert talking.invoke(HI)["redelivered"] is False


def test_an_event_of_eventbridge_is_told_by_its_own_id() -> None:
    talking = Talking()
    event = event_bridge(HI, "event-1")
    # Delivered twice, it comes in two invocations.
    redelivered = [talking.invoke(event)["redelivered"] for _ in range(2)]
    assert redelivered == [False, True]
    assert talking.heard == ["hi"]
    assert talking.invoke(event_bridge(HI, "event-2"))["redelivered"] is False


def test_the_turn_sees_the_detail_and_the_event() -> None:
    talking = Talking()
    seen: list[Any] = []
    talking.during = lambda turn: seen.append((turn.body, turn.event))
    event = event_bridge(HI)
    talking.invoke(event)
    talking.invoke(HI)
    assert seen == [(HI, event), (HI, HI)]


def test_bytes_are_taken_and_given_as_they_are_stored() -> None:
    talking = Talking()
    handler = talking.function.direct(lambda turn: {"image": turn.body["image"]})
    image = {"__bytes_encoded__": True, "data": "AAE="}
    answer = handler({"session_id": "s", "image": image}, LambdaContext())
    assert answer["message"] == {"image": image}
    assert json.dumps(answer)
    assert talking.sessions.open("s").restore().payloads == [{"image": b"\x00\x01"}]


def test_an_answer_over_what_lambda_takes_back_is_stored_and_left_out() -> None:
    talking = Talking()
    handler = talking.function.direct(lambda turn: {"content": "x" * turn.body["length"]})
    for length, is_given in ((6_000_000, True), (7_000_000, False)):
        answer = handler({"session_id": "s", "length": length}, LambdaContext())
        assert (answer["message"] is not None) is is_given
        stored = talking.sessions.open("s").read(answer["index"])
        assert len(stored.payload["content"]) == length


def test_errors_are_raised_so_that_lambda_tries_again() -> None:
    talking = Talking()
    with talking.sessions.open("s").turn(lease=60), pytest.raises(SessionBusy):
        talking.invoke(HI)
    assert talking.heard == []


def test_another_tenant_than_that_of_the_context_is_refused() -> None:
    talking = Talking()
    context = LambdaContext(tenant_id="acme")
    for event in ({**HI, "tenant_id": "globex"}, event_bridge({**HI, "tenant_id": "globex"})):
        with pytest.raises(TenantRefused):
            talking.invoke(event, context)
    assert talking.requests == 0
    talking.invoke({**HI, "tenant_id": "acme"}, context)
    assert [ref.id for ref in talking.sessions.under("acme").list()] == ["s"]


def test_metrics_are_printed_once_for_an_event_that_is_refused_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    talking = Talking(metrics="shop")
    with pytest.raises(ValueError, match="session_id"):
        talking.invoke({"message": "hi"})
    assert capsys.readouterr().out.count("CloudWatchMetrics") == 1
