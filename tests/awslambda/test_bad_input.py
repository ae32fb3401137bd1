"""What cannot be read is refused with its reason, and nothing is asked of the store or written."""

from __future__ import annotations

import base64
import json
import logging
import pickle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3sessions.awslambda.refusals import EventRefused
from tests.awslambda.contexts import LambdaContext
from tests.awslambda.events import (
    HTTP,
    event_bridge,
    function_url,
    queue_event,
    queue_message,
)
from tests.awslambda.talking import Talking, body_of, headers_of, problem_of

SECRET = "hunter2"
SIX_MB = 6 * 1024 * 1024


def fields(**changes: Any) -> str:
    return json.dumps({"session_id": "s", "message": SECRET, **changes}, ensure_ascii=False)


def marked(data: str) -> dict[str, Any]:
    """Bytes as they stand in JSON."""
    return {"__bytes_encoded__": True, "data": data}


NESTED = "[" * 100_000 + "]" * 100_000
BAD_BODIES: dict[str, tuple[str, str]] = {
    "nothing": ("", "no body"),
    "blanks": (" \n", "no body"),
    "no JSON": (f"message={SECRET}", "not JSON"),
    "JSON cut off": (fields()[:-1], "not JSON"),
    "two values": (fields() + fields(), "not JSON"),
    "a list": (f'["{SECRET}"]', "no object"),
    "a text": (f'"{SECRET}"', "no object"),
    "null": ("null", "no object"),
    "NaN": (f'{{"session_id": "s", "message": "{SECRET}", "n": NaN}}', "NaN"),
    "infinity": (f'{{"session_id": "s", "message": "{SECRET}", "n": -Infinity}}', "Infinity"),
    "a great float": (f'{{"session_id": "s", "message": "{SECRET}", "n": 1e999}}', "too great"),
    "a long number": (f'{{"session_id": "s", "n": {"9" * 5000}}}', "too long"),
    "a lone surrogate": ('{"session_id": "s", "message": "\\ud83d"}', "surrogate"),
    "a lone surrogate in a name": ('{"session_id": "s", "\\udc00": 1}', "surrogate"),
    "a name twice": ('{"session_id": "s", "session_id": "t"}', "twice"),
    "a name twice, deeper": ('{"session_id": "s", "message": [{"a": 1, "a": 2}]}', "twice"),
    "a nesting bomb": (f'{{"session_id": "s", "message": {NESTED}}}', "nested"),
    "deep nesting": (f'{{"session_id": "s", "m": {"[" * 101}{"]" * 101}}}', "nested"),
    "no session": ('{"message": "hi"}', "session_id"),
    "session null": (fields(session_id=None), "session_id"),
    "session empty": (fields(session_id=""), "session id"),
    "session a number": (fields(session_id=7), "session_id"),
    "session an object": (fields(session_id={"a": 1}), "session_id"),
    "session with a slash": (fields(session_id="a/b"), "slash"),
    "session that climbs": (fields(session_id="../other"), "slash"),
    "session with unicode": (fields(session_id="größe"), "ASCII"),
    "session with an emoji": (fields(session_id="👋"), "ASCII"),
    "session with a space": (fields(session_id="a b"), "space"),
    "session with a line": (fields(session_id="a\r\nx-forged: 1"), "space"),
    "session with a line at its end": (fields(session_id="a\n"), "space"),
    "session with NUL": (fields(session_id="a\x00"), "ASCII"),
    "session too long": (fields(session_id="a" * 241), "240"),
    "agent a number": (fields(agent=7), "agent"),
    "agent empty": (fields(agent=""), "agent id"),
    "agent with a slash": (fields(agent="a/b"), "slash"),
    "tenant a number": (fields(tenant_id=7), "tenant_id"),
    "another tenant": (fields(tenant_id="globex"), "tenant"),
    "bytes that are no base64": (fields(image=marked("hunter!")), "base64"),
    "nothing but bytes": (json.dumps(marked("AAE=")), "bytes"),
    "session of bytes": (fields(session_id=marked("AAE=")), "session_id"),
    "too large": (fields(padding="x" * SIX_MB), "6291456"),
}
EVERY_BODY = pytest.mark.parametrize(("body", "reason"), BAD_BODIES.values(), ids=BAD_BODIES)


@EVERY_BODY
def test_over_http_it_is_4xx_with_the_reason(body: str, reason: str) -> None:
    talking = Talking()
    for name, event_of in HTTP.items():
        response = talking.post(event_of("POST", "/", body))
        assert 400 <= response["statusCode"] < 500, name
        assert reason in problem_of(response)["detail"]
        assert SECRET not in response["body"]
    assert (talking.heard, talking.requests) == ([], 0)


@EVERY_BODY
def test_in_a_queue_that_message_fails_and_the_others_do_not(
    body: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    talking = Talking()
    good = {"session_id": "good", "message": "hi"}
    records = [
        queue_message(good, "before"),
        queue_message(body, "bad"),
        queue_message(good, "after"),
    ]
    assert talking.take_queue(queue_event(*records)) == ["bad"]
    assert [ref.id for ref in talking.sessions.list()] == ["good"]
    assert talking.heard == ["hi", "hi"]
    (told,) = (record for record in caplog.records if record.name == "s3sessions")
    assert told.levelno == logging.WARNING
    assert 'message="bad"' in told.getMessage()
    assert reason in told.getMessage()
    assert SECRET not in told.getMessage()
    assert "\n" not in told.getMessage()


OF_AN_OBJECT = {
    name: bad
    for name, bad in BAD_BODIES.items()
    if name.startswith(("session", "agent", "tenant", "another", "no session"))
}


@pytest.mark.parametrize(("body", "reason"), OF_AN_OBJECT.values(), ids=OF_AN_OBJECT)
def test_a_direct_invoke_raises_it(body: str, reason: str) -> None:
    talking = Talking()
    for event in (json.loads(body), event_bridge(json.loads(body))):
        with pytest.raises(EventRefused, match=reason) as caught:
            talking.invoke(event)
        assert SECRET not in str(caught.value)
    assert (talking.heard, talking.requests) == ([], 0)


def deep(levels: int) -> Any:
    return [deep(levels - 1)] if levels else "bottom"


@pytest.mark.parametrize(
    "event",
    [
        None,
        "text",
        [],
        event_bridge(None),
        event_bridge([SECRET]),
        event_bridge({"session_id": "s"}, event_id=None),  # type: ignore[arg-type]
        # Lambda's runtime reads what no writer of JSON may write.
        {"session_id": "s", "message": float("nan")},
        {"session_id": "s", "message": "\ud83d"},
        {"session_id": "s", "message": deep(150)},
        {"session_id": "s", "message": b"no JSON"},
    ],
    ids=lambda event: repr(event)[:30],
)
def test_a_direct_invoke_with_what_is_no_object_of_json_raises_it(event: Any) -> None:
    talking = Talking()
    with pytest.raises(EventRefused):
        talking.invoke(event)
    assert (talking.heard, talking.requests) == ([], 0)


def test_a_body_of_exactly_the_limit_is_read() -> None:
    talking = Talking()
    handler = talking.function.http(lambda turn: {"length": len(turn.body["message"])})
    body = fields(message="")
    room = SIX_MB - len(body)
    for message, status in (("x" * room, 200), ("x" * (room + 1), 413)):
        event = function_url("POST", "/", fields(message=message))
        assert handler(event, LambdaContext())["statusCode"] == status
    # A letter may be more than a byte.
    event = function_url("POST", "/", fields(message="ä" * (room // 2 + 1)))
    assert problem_of(handler(event, LambdaContext()))["kind"] == "body_too_large"


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ("no base64!", 400, "base64"),
        ("eyJh", 400, "JSON"),
        (base64.b64encode(b"\xff\xfe{}").decode(), 400, "UTF-8"),
        (base64.b64encode(b"x" * (SIX_MB + 1)).decode(), 413, "bytes"),
        ("A" * (9 * 1024 * 1024), 413, "bytes"),
    ],
    ids=["none", "cut off", "not UTF-8", "too large", "far too large"],
)
def test_a_body_that_is_no_good_base64_is_refused(body: str, status: int, reason: str) -> None:
    talking = Talking()
    event = {**function_url("POST", "/", body), "isBase64Encoded": True}
    response = talking.post(event)
    assert response["statusCode"] == status
    assert reason in problem_of(response)["detail"]
    assert (talking.heard, talking.requests) == ([], 0)


def test_a_mark_of_the_byte_order_is_no_matter() -> None:
    talking = Talking()
    assert talking.post(function_url("POST", "/", "\ufeff" + fields()))["statusCode"] == 200


def test_a_message_as_deep_as_can_be_read_can_be_stored() -> None:
    talking = Talking()
    event = function_url("POST", "/", {"session_id": "s", "message": deep(99)})
    handler = talking.function.http(lambda turn: {"role": "user", "content": turn.body["message"]})
    assert handler(event, LambdaContext())["statusCode"] == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD", "", "post me"])
def test_a_turn_is_a_post(method: str) -> None:
    talking = Talking()
    response = talking.post(function_url(method, "/sessions/s", {"message": "hi"}))
    assert response["statusCode"] == 405
    assert headers_of(response)["allow"] == "POST"
    assert problem_of(response)["kind"] == "method_not_allowed"
    assert talking.requests == 0


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "a\r\nb", "x" * 241, "a/b"])
def test_a_key_that_names_no_write_is_refused(key: str) -> None:
    talking = Talking()
    event = function_url("POST", "/sessions/s", {"message": "hi"}, headers={"Idempotency-Key": key})
    response = talking.post(event)
    assert response["statusCode"] == 400
    assert "Idempotency-Key" in problem_of(response)["detail"]
    assert talking.requests == 0


@pytest.mark.parametrize("kind", EventRefused.__subclasses__(), ids=lambda kind: kind.__name__)
def test_a_refusal_survives_pickling(kind: type[EventRefused]) -> None:
    refused = kind("do this", key="a/b", cause="that")
    again = pickle.loads(pickle.dumps(refused))
    assert (type(again), str(again), vars(again)) == (kind, str(refused), vars(refused))
    assert 400 <= again.status < 500


TALKING = Talking()
"""One for all examples: what no example changes needs not be made for each."""

PATHS = st.one_of(
    st.text(),
    st.text().map(lambda text: f"/sessions/{text}"),
    st.binary().map(lambda data: "/sessions/" + "".join(f"%{byte:02x}" for byte in data)),
)


def check_response(response: Any) -> None:
    assert 200 <= response["statusCode"] < 500
    assert isinstance(body_of(response), dict)
    assert json.dumps(response)
    for name, value in headers_of(response).items():
        assert (name + value).isprintable()
    if response["statusCode"] >= 400:
        problem_of(response)


@given(source=st.sampled_from(sorted(HTTP)), path=PATHS, data=st.binary(), as_text=st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_under_any_path_get_a_response(
    source: str, path: str, data: bytes, as_text: bool
) -> None:
    event = HTTP[source]("POST", "/")
    event["rawPath"] = event["path"] = path
    event["body"] = data.decode("latin-1") if as_text else base64.b64encode(data).decode()
    event["isBase64Encoded"] = not as_text
    before = TALKING.requests
    check_response(TALKING.post(event))
    assert TALKING.requests == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("session_id", "agent", "message", "tenant_id"), JSON)
)


@given(
    source=st.sampled_from(sorted(HTTP)),
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT"]),
    path=PATHS,
    body=BODIES,
    query=st.dictionaries(
        st.sampled_from(["last", "start", "limit", "token", "agent"]), st.text(), max_size=2
    ),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_json_by_any_method_gets_a_response(
    source: str, method: str, path: str, body: Any, query: dict[str, str]
) -> None:
    event = HTTP[source](method, "/", json.dumps(body))
    event["rawPath"] = event["path"] = path
    event["queryStringParameters"] = query
    check_response(TALKING.ask(event))


@given(bodies=st.lists(st.text() | BODIES.map(json.dumps), max_size=4))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_messages_of_a_queue_are_taken_or_come_again(bodies: list[str]) -> None:
    records = [queue_message(body, f"m-{at}") for at, body in enumerate(bodies)]
    failed = TALKING.take_queue(queue_event(*records))
    assert set(failed) <= {record["messageId"] for record in records}
