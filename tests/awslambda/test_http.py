"""A turn over HTTP: what goes in and comes back, whatever stands before the function."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import errors
from s3sessions.awslambda import Answer, LambdaTurn, SessionFunction
from s3sessions.awslambda.answering import Answerer
from s3sessions.errors import S3SessionsError
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.awslambda.contexts import LambdaContext
from tests.awslambda.events import HTTP, function_url, http_api, in_base64, load_balancer
from tests.awslambda.talking import Talking, body_of, headers_of, problem_of

EVERY_SOURCE = pytest.mark.parametrize("event_of", HTTP.values(), ids=HTTP)


@EVERY_SOURCE
def test_a_post_is_a_turn_and_its_answer_comes_back(event_of: Callable[..., Any]) -> None:
    talking = Talking()
    response = talking.post(event_of("POST", "/sessions/order-42", {"message": "grüezi 👋"}))
    assert response["statusCode"] == 200
    assert body_of(response) == {
        "session_id": "order-42",
        "agent_id": "default",
        "index": 1,
        "message": {"role": "assistant", "content": "you said: grüezi 👋"},
        "redelivered": False,
    }
    assert talking.said("order-42") == ["grüezi 👋", "you said: grüezi 👋"]


@EVERY_SOURCE
def test_a_body_in_base64_is_read_as_it_was_sent(event_of: Callable[..., Any]) -> None:
    talking = Talking()
    event = in_base64(event_of("POST", "/", {"session_id": "s", "message": "grüezi"}))
    assert talking.post(event)["statusCode"] == 200
    assert talking.heard == ["grüezi"]


def test_a_response_has_the_shape_that_its_source_takes() -> None:
    shapes = {}
    for name, event_of in HTTP.items():
        response = Talking().post(event_of("POST", "/sessions/s", {"message": "hi"}))
        shapes[name] = set(response)
        assert headers_of(response) == {
            "content-type": "application/json",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        }
    common = {"statusCode", "body", "isBase64Encoded"}
    assert shapes == {
        "function URL": common | {"headers"},
        "HTTP API": common | {"headers"},
        "REST API": common | {"headers"},
        "ALB": common | {"headers", "statusDescription"},
        "ALB with lists": common | {"multiValueHeaders", "statusDescription"},
    }


def test_a_load_balancer_is_told_the_status_in_words_too() -> None:
    talking = Talking()
    good = talking.post(load_balancer("POST", "/sessions/s", {"message": "hi"}))
    bad = talking.post(load_balancer("POST", "/sessions/s", "no json"))
    assert good["statusDescription"] == "200 OK"
    assert bad["statusDescription"] == "400 Bad Request"


def test_the_agent_is_named_by_the_body() -> None:
    talking = Talking()
    talking.post(function_url("POST", "/sessions/s", {"message": "hi", "agent": "critic"}))
    assert talking.said("s", "critic") == ["hi", "you said: hi"]
    assert talking.said("s") == []


def test_the_content_type_is_not_looked_at() -> None:
    talking = Talking()
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        event = function_url(
            "POST",
            "/",
            {"session_id": "s", "message": "hi"},
            headers={"content-type": content_type},
        )
        assert talking.post(event)["statusCode"] == 200


def test_a_request_sent_again_with_its_idempotency_key_is_answered_with_what_is_stored() -> None:
    talking = Talking()
    for name in ("Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"):
        event = function_url("POST", "/sessions/s", {"message": "hi"}, headers={name: "key-1"})
        assert body_of(talking.post(event))["redelivered"] is (name != "Idempotency-Key")
    assert talking.heard == ["hi"]
    assert talking.said("s") == ["hi", "you said: hi"]


def test_who_may_have_been_heard_is_told_to_use_the_same_key() -> None:
    for error in (errors.StoreUnavailable("no answer"), errors.DeadlineExceeded("over")):

        def fail(turn: Any, error: S3SessionsError = error) -> Any:
            raise error

        handler = Talking().function.http(fail)
        response = handler(function_url("POST", "/sessions/s", {"message": "hi"}), LambdaContext())
        assert "the same Idempotency-Key" in problem_of(response)["detail"]


def test_a_key_names_one_request_whatever_its_body_says_later() -> None:
    talking = Talking()
    for said in ("hi", "something else"):
        event = function_url(
            "POST", "/sessions/s", {"message": said}, headers={"Idempotency-Key": "key-1"}
        )
        answer = body_of(talking.post(event))
        assert answer["message"]["content"] == "you said: hi"
    assert answer["redelivered"] is True
    assert talking.said("s") == ["hi", "you said: hi"]


def test_two_requests_without_a_key_are_two_turns() -> None:
    talking = Talking()
    event = function_url("POST", "/sessions/s", {"message": "hi"})
    indexes = [body_of(talking.post(event))["index"] for _ in range(2)]
    assert indexes == [1, 3]


def test_bytes_stand_in_a_body_and_in_an_answer_as_they_are_stored() -> None:
    talking = Talking()
    seen = []

    def repeat(turn: LambdaTurn) -> Any:
        seen.append(turn.body["image"])
        return {"image": turn.body["image"]}

    handler = talking.function.http(repeat)
    image = {"__bytes_encoded__": True, "data": "AAE="}
    response = handler(function_url("POST", "/sessions/s", {"image": image}), LambdaContext())
    assert seen == [b"\x00\x01"]
    assert body_of(response)["message"] == {"image": image}
    assert talking.sessions.open("s").restore().payloads == [{"image": b"\x00\x01"}]


def test_a_busy_session_is_409_with_the_seconds_to_wait() -> None:
    talking = Talking()
    chat = talking.sessions.open("s")
    for lease, seconds in ((0.5, "1"), (12.0, "12"), (900.0, "30")):
        with chat.turn(lease=lease):
            response = talking.post(function_url("POST", "/sessions/s", {"message": "hi"}))
        assert response["statusCode"] == 409
        assert headers_of(response)["retry-after"] == seconds
        assert problem_of(response)["kind"] == "session_busy"
    assert talking.heard == []


def test_an_agent_that_others_make_write_is_409_after_its_retries() -> None:
    talking = Talking(retries=1)

    def interfere(turn: Any) -> None:
        talking.sessions.open("s").append({"content": "me too"})

    talking.during = interfere
    response = talking.post(function_url("POST", "/sessions/s", {"message": "hi"}))
    assert problem_of(response)["kind"] == "append_conflict"
    assert headers_of(response)["retry-after"] == "1"
    assert len(talking.heard) == 2


SECRET = "arn:aws:iam::123456789012:role/hunter2"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidId("no such id"), 400),
        (errors.InvalidMessage("too deep"), 400),
        (errors.SessionNotFound("none"), 404),
        (errors.SessionDeleted("going"), 410),
        (errors.Conflict("others"), 409),
        (errors.AlreadyExists("there"), 409),
        (errors.TooManyMessages("there are 70"), 413),
        (errors.StoreUnavailable(SECRET, cause=SECRET), 503),
        (errors.PartialDelete(SECRET, cause=SECRET), 503),
        (errors.DeadlineExceeded(SECRET, cause=SECRET), 504),
        (errors.AccessDenied(SECRET, cause=SECRET), 500),
        (errors.InvalidSettings(SECRET, cause=SECRET), 500),
        (errors.CorruptObject(SECRET, cause=SECRET), 500),
        (errors.UnsupportedVersion(SECRET, cause=SECRET), 500),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_error_has_its_status_and_tells_the_sender_what_is_the_senders(
    error: S3SessionsError, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="s3sessions")

    def fail(turn: Any) -> Any:
        raise error

    context = LambdaContext(aws_request_id="request-7")
    handler = Talking().function.http(fail)
    response = handler(function_url("POST", "/sessions/s", {"message": "hi"}), context)
    assert response["statusCode"] == status
    problem = problem_of(response)
    assert problem["kind"] == error.kind
    assert SECRET not in response["body"]
    assert (headers_of(response).get("retry-after") == "1") is (status in (409, 503))
    told = [record for record in caplog.records if record.name == "s3sessions"]
    if status < 500:
        assert error.message in problem["detail"]
        assert told == []
    else:
        assert SECRET in told[0].getMessage()
        assert '"request-7"' in told[0].getMessage()
        assert ("request-7" if status == 500 else "again") in problem["detail"]


def test_a_turn_function_that_returns_no_message_is_the_functions_fault() -> None:
    talking = Talking()
    handler = talking.function.http(lambda turn: "hello")  # type: ignore[arg-type, return-value]
    response = handler(function_url("POST", "/sessions/s", {"message": "hi"}), LambdaContext())
    assert response["statusCode"] == 500
    assert problem_of(response)["kind"] == "invalid_answer"


def test_an_error_of_the_turn_function_leaves_the_handler_as_it_is() -> None:
    talking = Talking()

    def fail(turn: Any) -> None:
        raise ZeroDivisionError("a model's")

    talking.during = fail
    with pytest.raises(ZeroDivisionError, match="a model's"):
        talking.post(function_url("POST", "/sessions/s", {"message": "hi"}))


def test_a_store_that_does_not_answer_is_503() -> None:
    talking = Talking(FaultyStore(MemoryStore(), Rule(Fault.REFUSED, verb="put")))
    response = talking.post(function_url("POST", "/sessions/s", {"message": "hi"}))
    assert problem_of(response)["kind"] == "store_unavailable"
    assert talking.heard == []


def test_a_session_of_another_tenant_is_403_and_nothing_is_asked() -> None:
    talking = Talking(tenant_from=lambda event, context: claims_of(event).get("tenant"))
    path, body = "/sessions/s", {"message": "hi"}
    mine = {"tenant": "acme"}
    in_header = http_api("POST", path, body, claims=mine, headers={"X-Tenant-Id": "globex"})
    in_body = http_api("POST", path, {**body, "tenant_id": "globex"}, claims=mine)
    first, second = (
        http_api(
            "POST", path, {**body, "tenant_id": one}, claims=mine, headers={"x-tenant-id": two}
        )
        for one, two in (("acme", "globex"), ("globex", "acme"))
    )
    of_nobody = http_api("POST", path, body, claims={})
    for event in (in_header, in_body, first, second, of_nobody):
        response = talking.post(event)
        assert response["statusCode"] == 403
        assert problem_of(response)["kind"] == "tenant_refused"
        assert "acme" not in response["body"]
    assert (talking.heard, talking.requests) == ([], 0)


def test_a_tenant_that_names_itself_is_served_under_its_own_prefix() -> None:
    talking = Talking(tenant_from=lambda event, context: claims_of(event).get("tenant"))
    body = {"message": "hi", "tenant_id": "acme"}
    event = http_api("POST", "/sessions/s", body, claims={"tenant": "acme"})
    assert talking.post(event)["statusCode"] == 200
    assert list(talking.sessions.list()) == []
    assert [ref.id for ref in talking.sessions.under("acme").list()] == ["s"]


def claims_of(event: Any) -> Any:
    return event["requestContext"]["authorizer"]["jwt"]["claims"]


def test_an_answer_over_what_lambda_gives_back_is_stored_and_says_where() -> None:
    talking = Talking()
    # Quotes are quoted twice on their way: in the body, and in the response that holds it.
    handler = talking.function.http(lambda turn: {"content": '"' * 2_000_000})
    response = handler(function_url("POST", "/sessions/s", {}), LambdaContext())
    assert response["statusCode"] == 413
    assert problem_of(response)["kind"] == "answer_too_large"
    assert "message 0" in problem_of(response)["detail"]
    assert len(talking.said("s")[0]) == 2_000_000


def test_the_runtime_of_python_3_11_writes_ascii_and_takes_more_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handler = Talking().function.http(lambda turn: {"content": "ä" * 1_500_000})
    for runtime, status in (("3.11", 413), ("3.12", 200), ("3.13", 200)):
        monkeypatch.setenv("AWS_EXECUTION_ENV", f"AWS_Lambda_python{runtime}")
        event = function_url("POST", "/sessions/s", {})
        assert handler(event, LambdaContext())["statusCode"] == status


def test_what_an_agent_waits_for_is_told_beside_its_answer() -> None:
    class Asking(Answerer):
        def answer(self, turn: LambdaTurn) -> Answer:
            stored = turn.answer({"content": "may I?"})
            interrupts = ({"id": "i-1", "name": "approval", "reason": b"\x00"},)
            return Answer(turn.session_id, turn.agent_id, stored, False, interrupts)

    handler = Talking().function.http(Asking())
    response = handler(function_url("POST", "/sessions/s", {"message": "hi"}), LambdaContext())
    reason = {"__bytes_encoded__": True, "data": "AA=="}
    assert body_of(response)["interrupts"] == [{"id": "i-1", "name": "approval", "reason": reason}]


def test_a_load_balancer_takes_less_than_lambda() -> None:
    talking = Talking()
    handler = talking.function.http(lambda turn: {"content": "x" * 1_500_000})
    for event_of, status in ((load_balancer, 413), (function_url, 200)):
        event = event_of("POST", f"/sessions/{event_of.__name__}", {})
        assert handler(event, LambdaContext())["statusCode"] == status


def test_metrics_are_printed_once_for_each_request(capsys: pytest.CaptureFixture[str]) -> None:
    talking = Talking(metrics="shop")
    talking.post(function_url("POST", "/sessions/s", {"message": "hi"}))
    assert capsys.readouterr().out.count('"Turns": 1') == 1
    talking.post(function_url("POST", "/sessions/s", "no json"))
    assert capsys.readouterr().out.count("CloudWatchMetrics") == 1


def test_what_is_no_turn_function_is_refused_when_the_handler_is_made() -> None:
    function = SessionFunction("memory://", metrics=None)
    for way in (function.http, function.api, function.sqs, function.direct):
        with pytest.raises(errors.InvalidSettings, match="function of the turn"):
            way("nonsense")  # type: ignore[arg-type]
