"""How the session is named in an event of each source, decoded once and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.awslambda.events import (
    HTTP,
    function_url,
    http_api,
    load_balancer,
    load_balancer_with_lists,
    rest_api,
)
from tests.awslambda.talking import Talking, body_of, problem_of

EVERY_SOURCE = pytest.mark.parametrize("event_of", HTTP.values(), ids=HTTP)
HI = {"message": "hi"}


@EVERY_SOURCE
@pytest.mark.parametrize(
    ("path", "session_id"),
    [
        ("/sessions/s", "s"),
        ("/sessions/s/", "s"),
        ("//sessions//s", "s"),
        ("/v1/agents/sessions/s", "s"),
        ("/sessions/sessions", "sessions"),
        ("/sessions/a%40b", "a@b"),
        ("/sessions/a+b", "a+b"),
        ("/sessions/100%25", "100%"),
        ("/sessions/a%252Fb", "a%2Fb"),
        ("/sessions/..", ".."),
    ],
)
def test_a_path_is_decoded_once(event_of: Callable[..., Any], path: str, session_id: str) -> None:
    talking = Talking()
    response = talking.post(event_of("POST", path, HI))
    assert body_of(response)["session_id"] == session_id
    assert [ref.id for ref in talking.sessions.list()] == [session_id]


@EVERY_SOURCE
@pytest.mark.parametrize("path", ["/sessions/a%2Fb", "/sessions/a/b", "/sessions/a%2fturns"])
def test_an_id_with_a_slash_is_refused_however_it_is_spelled(
    event_of: Callable[..., Any], path: str
) -> None:
    talking = Talking()
    response = talking.post(event_of("POST", path, HI))
    assert response["statusCode"] in (400, 404)
    assert "slash" in problem_of(response)["detail"]
    assert (talking.heard, talking.requests) == ([], 0)


@EVERY_SOURCE
def test_a_path_that_is_no_utf_8_is_refused(event_of: Callable[..., Any]) -> None:
    # An HTTP API that decodes a path puts U+FFFD in the place of what it cannot.
    talking = Talking()
    response = talking.post(event_of("POST", "/sessions/%ff", HI))
    assert response["statusCode"] == 400
    assert (talking.heard, talking.requests) == ([], 0)


def test_the_stage_of_an_http_api_is_no_part_of_the_path() -> None:
    talking = Talking()
    for stage in ("prod", "sessions"):
        response = talking.post(http_api("POST", "/sessions/s", HI, stage=stage))
        assert body_of(response)["session_id"] == "s"


def test_a_path_parameter_names_the_session_on_a_route_of_your_own() -> None:
    talking = Talking()
    decoded = http_api("POST", "/chats/100%25", HI, parameters={"session_id": "100%"})
    encoded = rest_api("POST", "/chats/100%25", HI, parameters={"session_id": "100%25"})
    for event in (decoded, encoded):
        assert body_of(talking.post(event))["session_id"] == "100%"


def test_format_1_of_an_http_api_is_decoded_already() -> None:
    # API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs": format 1.0
    # is that of REST APIs, with a version.
    talking = Talking()
    event = {**rest_api("POST", "/sessions/100%", HI), "version": "1.0"}
    event["pathParameters"] = None
    assert body_of(talking.post(event))["session_id"] == "100%"


@EVERY_SOURCE
def test_without_a_path_the_body_names_the_session(event_of: Callable[..., Any]) -> None:
    talking = Talking()
    for path in ("/", "/chat", "/sessions", ""):
        response = talking.post(event_of("POST", path, {**HI, "session_id": "s"}))
        assert body_of(response)["session_id"] == "s"


@EVERY_SOURCE
def test_path_and_body_may_both_name_the_session_but_not_two(
    event_of: Callable[..., Any],
) -> None:
    talking = Talking()
    same = talking.post(event_of("POST", "/sessions/s", {**HI, "session_id": "s"}))
    assert same["statusCode"] == 200
    before = talking.requests
    two = talking.post(event_of("POST", "/sessions/s", {**HI, "session_id": "t"}))
    assert two["statusCode"] == 400
    assert "another session" in problem_of(two)["detail"]
    assert talking.requests == before


def test_several_values_of_a_header_are_all_heard() -> None:
    talking = Talking(tenant_from=lambda event, context: "acme")
    for event_of in (load_balancer_with_lists, rest_api):
        event = event_of("POST", "/sessions/s", HI)
        event["multiValueHeaders"]["X-Tenant-Id"] = ["globex", "acme"]
        assert talking.post(event)["statusCode"] == 403


@EVERY_SOURCE
def test_a_query_is_decoded_once(event_of: Callable[..., Any]) -> None:
    talking = Talking()
    talking.sessions.open("s", "50% off").append({"content": "hi"})
    response = talking.ask(event_of("GET", "/sessions/s", query={"agent": "50% off"}))
    assert body_of(response)["agent_id"] == "50% off"
    assert len(body_of(response)["messages"]) == 1


@pytest.mark.parametrize(
    "event",
    [
        None,
        "text",
        17,
        [],
        {},
        {"message": "hi", "session_id": "s"},
        {"version": "2.0"},
        {"Records": []},
        {"requestContext": None},
        {"version": "2.0", "requestContext": {"http": None}, "rawPath": 7, "headers": []},
        {"httpMethod": None, "path": None, "headers": None, "body": {}},
        {"httpMethod": "POST", "path": "/sessions/s", "body": {"message": "hi"}},
        {"requestContext": {"elb": None}, "multiValueHeaders": {"a": None}, "body": 7},
        {**function_url("POST", "/sessions/s"), "headers": None, "body": None},
        {**load_balancer("POST", "/sessions/s"), "queryStringParameters": ["a"]},
    ],
    ids=lambda event: str(event)[:40],
)
def test_an_event_that_is_no_request_is_refused(event: Any) -> None:
    talking = Talking()
    response = talking.post(event)
    assert 400 <= response["statusCode"] < 500
    assert problem_of(response)["detail"]
    assert (talking.heard, talking.requests) == ([], 0)
