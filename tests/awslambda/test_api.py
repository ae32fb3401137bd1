"""Sessions over HTTP: begin, speak, list, read in pages, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.awslambda.contexts import LambdaContext
from tests.awslambda.events import HTTP, function_url, http_api, load_balancer, rest_api
from tests.awslambda.talking import Talking, body_of, headers_of, problem_of

EVERY_SOURCE = pytest.mark.parametrize("event_of", HTTP.values(), ids=HTTP)
MB = 1024 * 1024


def filled(count: int, content: str = "x", **options: Any) -> Talking:
    """Somebody who has said so much in session `s`."""
    talking = Talking(**options)
    chat = talking.sessions.open("s")
    for n in range(count):
        chat.append({"n": n, "content": content})
    return talking


def get(talking: Talking, path: str, **query: Any) -> Any:
    query = {name: str(value) for name, value in query.items()}
    return talking.ask(function_url("GET", path, query=query))


def read(talking: Talking, **query: Any) -> Any:
    response = get(talking, "/sessions/s", **query)
    assert response["statusCode"] == 200, response["body"]
    return body_of(response)


def indexes(page: Any) -> list[int]:
    return [message["index"] for message in page["messages"]]


@EVERY_SOURCE
def test_a_session_is_begun_spoken_in_listed_read_and_deleted(
    event_of: Callable[..., Any],
) -> None:
    talking = Talking()
    begun = talking.ask(event_of("POST", "/sessions"))
    session_id = body_of(begun)["session_id"]
    assert begun["statusCode"] == 201
    assert headers_of(begun)["location"] == f"sessions/{session_id}"
    assert talking.requests == 0
    path = f"/sessions/{session_id}"
    assert body_of(talking.ask(event_of("POST", path, {"message": "hi"})))["index"] == 1
    listed = body_of(talking.ask(event_of("GET", "/sessions")))
    assert listed == {"sessions": [session_id], "token": None}
    found = body_of(talking.ask(event_of("GET", path)))
    assert [message["message"]["content"] for message in found["messages"]] == [
        "hi",
        "you said: hi",
    ]
    deleted = body_of(talking.ask(event_of("DELETE", path)))
    assert deleted["session_id"] == session_id
    assert deleted["objects"] >= 3
    assert talking.ask(event_of("GET", path))["statusCode"] == 404
    assert body_of(talking.ask(event_of("GET", "/sessions")))["sessions"] == []


@EVERY_SOURCE
def test_a_message_to_no_session_begins_one(event_of: Callable[..., Any]) -> None:
    talking = Talking()
    answers = [
        body_of(talking.ask(event_of("POST", "/sessions", {"message": said}))) for said in "ab"
    ]
    assert [answer["message"]["content"] for answer in answers] == ["you said: a", "you said: b"]
    ids = [answer["session_id"] for answer in answers]
    assert {ref.id for ref in talking.sessions.list()} == set(ids)
    named = event_of("POST", "/sessions", {"message": "c", "session_id": ids[0]})
    assert body_of(talking.ask(named))["session_id"] == ids[0]
    assert talking.said(ids[0]) == ["a", "you said: a", "c", "you said: c"]


def test_what_may_be_sent_again_begins_no_session() -> None:
    talking = Talking()
    key = {"Idempotency-Key": "key-1"}
    response = talking.ask(function_url("POST", "/sessions", {"message": "hi"}, headers=key))
    assert response["statusCode"] == 400
    assert "session_id" in problem_of(response)["detail"]
    assert (talking.heard, talking.requests) == ([], 0)
    named = function_url("POST", "/sessions", {"message": "hi", "session_id": "s"}, headers=key)
    redelivered = [body_of(talking.ask(named))["redelivered"] for _ in range(2)]
    assert redelivered == [False, True]


def test_a_list_goes_on_with_its_token() -> None:
    talking = Talking()
    for n in range(7):
        talking.sessions.create(f"s-{n}")
    pages, token = [], None
    while True:
        query = {"limit": 3} if token is None else {"limit": 3, "token": token}
        page = body_of(get(talking, "/sessions", **query))
        pages.append(page["sessions"])
        token = page["token"]
        if token is None:
            break
    assert pages == [["s-0", "s-1", "s-2"], ["s-3", "s-4", "s-5"], ["s-6"]]


def test_the_newest_messages_are_read_by_their_number() -> None:
    talking = filled(60)
    assert indexes(read(talking)) == list(range(10, 60))
    page = read(talking, last=2)
    assert indexes(page) == [58, 59]
    assert page["next_index"] == 60
    assert page["unreadable"] == 0
    assert page["messages"][0]["message"] == {"n": 58, "content": "x"}
    assert page["messages"][0]["created_at"].endswith("+00:00")


def test_all_messages_are_read_in_pages() -> None:
    talking = filled(10)
    assert read(talking, start=0, limit=4)["next"] == 4
    assert indexes(read(talking, start=4, limit=4)) == [4, 5, 6, 7]
    last = read(talking, start=8, limit=4)
    assert (indexes(last), last["next"]) == ([8, 9], None)
    assert read(talking, limit=10)["next"] is None
    assert indexes(read(talking, start=3)) == list(range(3, 10))
    beyond = read(talking, start=10)
    assert (indexes(beyond), beyond["next"]) == ([], None)


def test_no_page_cuts_a_batch() -> None:
    talking = filled(2)
    chat = talking.sessions.open("s")
    chat.append_many([{"n": n} for n in range(3)])
    chat.append({"n": "last"})
    seen: list[list[Any]] = []
    start: int | None = 0
    while start is not None:
        page = read(talking, start=start, limit=2)
        seen.append([message["message"]["n"] for message in page["messages"]])
        start = page["next"]
    assert seen == [[0, 1], [0, 1, 2], ["last"]]


@pytest.mark.parametrize("content", ["x" * MB, '"' * (MB // 4), "\n" * (MB // 3), "ä" * (MB // 6)])
def test_a_page_ends_where_a_response_is_full(content: str) -> None:
    talking = filled(12, content)
    seen: list[int] = []
    start: int | None = 0
    pages = 0
    while start is not None:
        page = read(talking, start=start)
        seen += indexes(page)
        start, pages = page["next"], pages + 1
    assert seen == list(range(12))
    assert pages >= 2


def test_more_of_the_newest_than_a_response_holds_says_how_to_page() -> None:
    talking = filled(8, "x" * MB)
    response = get(talking, "/sessions/s")
    assert response["statusCode"] == 413
    problem = problem_of(response)
    assert problem["kind"] == "answer_too_large"
    assert "?last=" in problem["detail"]
    assert "?start=" in problem["detail"]
    assert indexes(read(talking, last=5)) == [3, 4, 5, 6, 7]


def test_one_message_that_no_response_holds_can_be_passed() -> None:
    talking = filled(1)
    chat = talking.sessions.open("s")
    chat.append({"content": "x" * 7 * MB})
    chat.append({"content": "after"})
    assert indexes(read(talking, start=0)) == [0]
    response = get(talking, "/sessions/s", start=1)
    assert response["statusCode"] == 413
    assert "?start=2" in problem_of(response)["detail"]
    assert indexes(read(talking, start=2)) == [2]


def test_a_load_balancer_gets_smaller_pages() -> None:
    talking = filled(4, "x" * (MB // 2))
    response = talking.ask(load_balancer("GET", "/sessions/s", query={"start": "0"}))
    page = body_of(response)
    assert (indexes(page), page["next"]) == ([0], 1)


def test_bytes_are_read_as_they_are_stored() -> None:
    talking = Talking()
    talking.sessions.open("s").append({"image": b"\x00\x01"})
    message = read(talking)["messages"][0]["message"]
    assert message == {"image": {"__bytes_encoded__": True, "data": "AAE="}}


def test_a_message_that_cannot_be_read_does_not_hide_the_others() -> None:
    store = MemoryStore()
    talking = Talking(store)
    chat = talking.sessions.open("s")
    for n in range(3):
        chat.append({"n": n})
    store.put("session_s/agents/agent_default/messages/message_1.json", b"{")
    for query in ({}, {"start": 0}):
        page = read(talking, **query)
        assert (indexes(page), page["unreadable"]) == ([0, 2], 1)


def test_a_lone_surrogate_of_another_writer_is_read() -> None:
    store = MemoryStore()
    talking = Talking(store)
    talking.sessions.open("s").append({"n": 0})
    store.put(
        "session_s/agents/agent_default/messages/message_1.json",
        b'{"message": {"role": "user", "content": [{"text": "\\ud83d"}]}, "message_id": 1}',
    )
    for query in ({}, {"start": 0}):
        page = read(talking, **query)
        assert page["messages"][1]["message"]["content"] == [{"text": "\ud83d"}]


@pytest.mark.parametrize("session_id", ["größe", "a/b", "a b"])
def test_a_session_whose_id_no_turn_takes_can_be_read_and_deleted(session_id: str) -> None:
    talking = Talking()
    talking.sessions.open(session_id).append({"content": "hi"})
    encoded = {"größe": "gr%C3%B6%C3%9Fe", "a/b": "a%2Fb", "a b": "a%20b"}[session_id]
    assert body_of(get(talking, f"/sessions/{encoded}"))["session_id"] == session_id
    turn = talking.ask(function_url("POST", f"/sessions/{encoded}", {"message": "hi"}))
    assert turn["statusCode"] == 400
    assert talking.ask(function_url("DELETE", f"/sessions/{encoded}"))["statusCode"] == 200
    assert list(talking.sessions.list()) == []


def test_an_agent_is_named_by_the_query() -> None:
    talking = filled(1)
    talking.sessions.open("s", "critic").append({"n": "critic"})
    page = read(talking, agent="critic")
    assert (page["agent_id"], page["messages"][0]["message"]) == ("critic", {"n": "critic"})
    assert read(talking, agent="nobody")["messages"] == []


@pytest.mark.parametrize("query", [{}, {"last": 1}, {"start": 0}, {"start": 5, "limit": 1}])
def test_a_session_that_is_not_there_is_404(query: dict[str, int]) -> None:
    talking = Talking()
    response = get(talking, "/sessions/nobody", **query)
    assert response["statusCode"] == 404
    assert problem_of(response)["kind"] == "session_not_found"


def test_deleting_what_is_not_there_is_404() -> None:
    talking = Talking()
    response = talking.ask(function_url("DELETE", "/sessions/nobody"))
    assert problem_of(response)["kind"] == "session_not_found"


def test_a_session_that_is_being_deleted_is_410() -> None:
    store = FaultyStore(MemoryStore(), Rule(Fault.REFUSED, verb="delete_many"))
    talking = Talking(store)
    talking.sessions.open("s").append({"n": 0})
    cut_off = talking.ask(function_url("DELETE", "/sessions/s"))
    assert cut_off["statusCode"] == 503
    for event in (
        function_url("GET", "/sessions/s"),
        function_url("GET", "/sessions/s", query={"start": "0"}),
        function_url("POST", "/sessions/s", {"message": "hi"}),
    ):
        assert problem_of(talking.ask(event))["kind"] == "session_deleted"
    assert talking.heard == []


NUMBERS = [
    *(
        {"last": bad}
        for bad in ("0", "-1", "1001", "x", "", "1.5", "٣", "9" * 30, "9" * 5000, " 1")
    ),
    *({"start": bad} for bad in ("-1", "x", "", "9" * 19)),
    *({"limit": bad} for bad in ("0", "1001", "x")),
    {"last": "1", "start": "0"},
    {"last": "1", "limit": "1"},
]


@pytest.mark.parametrize("query", NUMBERS, ids=lambda query: str(query)[:40])
def test_a_number_that_is_none_is_refused_before_anything_is_asked(query: dict[str, str]) -> None:
    talking = filled(1)
    before = talking.requests
    response = get(talking, "/sessions/s", **query)
    assert response["statusCode"] == 400
    assert any(name in problem_of(response)["detail"] for name in query)
    assert talking.requests == before


@pytest.mark.parametrize("token", ["", "x", "bm9uZQ==", "ä", "W" * 8000, "W1tb" * 2000])
def test_a_token_that_no_list_gave_is_refused(token: str) -> None:
    talking = Talking()
    response = get(talking, "/sessions", token=token)
    assert response["statusCode"] == 400
    assert "token" in problem_of(response)["detail"]


@pytest.mark.parametrize("limit", ["0", "1001", "x"])
def test_a_list_of_no_length_is_refused(limit: str) -> None:
    talking = Talking()
    assert get(talking, "/sessions", limit=limit)["statusCode"] == 400
    assert talking.requests == 0


@EVERY_SOURCE
def test_a_path_that_is_none_is_404_and_a_method_that_is_none_405(
    event_of: Callable[..., Any],
) -> None:
    talking = Talking()
    for path in ("/", "/chat", "/sessions/s/messages", "/session/s"):
        response = talking.ask(event_of("GET", path))
        assert problem_of(response)["kind"] == "route_not_found"
    for path, allow in (("/sessions", "GET, POST"), ("/sessions/s", "POST, GET, DELETE")):
        response = talking.ask(event_of("PATCH", path))
        assert response["statusCode"] == 405
        assert headers_of(response)["allow"] == allow
    assert talking.requests == 0


def test_every_verb_stays_with_the_tenant_that_is_trusted() -> None:
    talking = Talking(tenant_from=lambda event, context: event["requestContext"]["stage"])
    for tenant in ("acme", "globex"):
        talking.sessions.under(tenant).open(f"of-{tenant}").append({"n": 0})
    before = talking.requests
    for method, path in (
        ("GET", "/sessions"),
        ("POST", "/sessions"),
        ("GET", "/sessions/of-globex"),
        ("DELETE", "/sessions/of-globex"),
    ):
        claimed = {"X-TENANT-ID": "globex"}
        response = talking.ask(http_api(method, path, headers=claimed, stage="acme"))
        assert problem_of(response)["kind"] == "tenant_refused"
    assert talking.requests == before
    assert body_of(talking.ask(http_api("GET", "/sessions", stage="acme")))["sessions"] == [
        "of-acme"
    ]
    for method in ("GET", "DELETE"):
        response = talking.ask(http_api(method, "/sessions/of-globex", stage="acme"))
        assert response["statusCode"] == 404
    assert [ref.id for ref in talking.sessions.under("globex").list()] == ["of-globex"]


def test_without_time_nothing_is_asked() -> None:
    talking = filled(3)
    before = talking.requests
    context = LambdaContext(milliseconds=100)
    for method, path in (("GET", "/sessions"), ("GET", "/sessions/s"), ("DELETE", "/sessions/s")):
        response = talking.ask(rest_api(method, path), context)
        assert response["statusCode"] == 504
        assert problem_of(response)["kind"] == "deadline_exceeded"
    assert talking.requests == before


def test_a_deletion_that_the_time_ends_goes_on_when_it_is_asked_for_again() -> None:
    context = LambdaContext(milliseconds=4_000)
    talking = Talking(MemoryStore().observed(lambda request: context.pass_time(1)))
    talking.sessions.open("s").append_many([{"n": n} for n in range(3)])
    delete = function_url("DELETE", "/sessions/s")
    context.milliseconds = 3_000
    assert talking.ask(delete, context)["statusCode"] == 504
    context.milliseconds = 60_000
    assert talking.ask(delete, context)["statusCode"] == 200
    assert list(talking.sessions.list()) == []


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_a_path_that_is_no_utf_8_is_refused(method: str) -> None:
    talking = Talking()
    response = talking.ask(function_url(method, "/sessions/%ff", {"message": "hi"}))
    assert response["statusCode"] == 400
    assert "UTF-8" in problem_of(response)["detail"]
    assert talking.requests == 0
