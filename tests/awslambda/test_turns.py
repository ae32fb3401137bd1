"""What a turn on Lambda stores, costs, and leaves behind."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from s3sessions import InvalidId, InvalidSettings, Sessions
from s3sessions.awslambda import Answer, InvalidAnswer, LambdaTurn, SessionFunction
from s3sessions.stores.memory import MemoryStore
from tests.awslambda.contexts import LambdaContext
from tests.awslambda.functions import (
    LEASE,
    Function,
    Model,
    contents,
    keys,
    stored,
    talking,
)
from tests.importing import NOT_FOR_AN_APPEND, loaded_by


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def cost(function: Function, **delivery: Any) -> dict[str, int]:
    before = function.sessions.requests.by_verb
    function(**delivery)
    after = function.sessions.requests.by_verb
    return {verb: n - before.get(verb, 0) for verb, n in after.items() if n > before.get(verb, 0)}


def test_a_turn_stores_what_was_said_and_gives_the_answer_as_it_is_stored(
    store: MemoryStore,
) -> None:
    answer = Function(store, talking(Model()))("hello")
    assert contents(store) == ["hello", "answer 1"]
    assert isinstance(answer, Answer)
    assert answer.message == stored(store)[-1]
    assert (answer.session_id, answer.agent_id) == ("s", "default")
    assert not answer.is_redelivery
    assert LEASE not in keys(store)


def test_a_model_hears_what_was_said_before_and_then_this_turn(store: MemoryStore) -> None:
    model = Model()
    Function(store, talking(model))("one", name="r1")
    Function(store, talking(model))("two", name="r2")
    assert model.heard == [["one"], ["one", "answer 1", "two"]]


def test_nothing_is_believed_from_one_invocation_to_the_next(store: MemoryStore) -> None:
    model = Model()
    function = Function(store, talking(model))
    function("one", name="r1")
    Function(store, talking(Model()))("elsewhere", name="r2")
    function("two", name="r3")
    assert model.heard[-1] == ["one", "answer 1", "elsewhere", "answer 1", "two"]


def test_a_turn_costs_its_lease_a_restore_its_messages_and_one_look_behind_them(
    store: MemoryStore,
) -> None:
    function = Function(store, talking(Model()))
    lease = {"put": 1, "delete": 1}
    first = {"list": 1, "get": 1 + 1, "put": lease["put"] + 2 + 2, "delete": 1}
    assert cost(function, name="r1") == first
    for messages in (2, 4, 6):
        documents = 2
        assert cost(function, name=f"r{messages}") == {
            "list": 1,
            "get": documents + messages + 1,
            "put": lease["put"] + 2,
            "delete": lease["delete"],
        }


def test_a_turn_begins_with_as_many_of_the_newest_messages_as_it_is_told(
    store: MemoryStore,
) -> None:
    model = Model()
    function = Function(store, talking(model), last=2)
    for n in range(3):
        function(str(n), name=f"r{n}")
    assert model.heard[-1] == ["1", "answer 2", "2"]


def test_agents_of_a_session_have_turns_of_their_own(store: MemoryStore) -> None:
    model = Model()
    function = Function(store, talking(model))

    def ask_another(turn: LambdaTurn) -> dict[str, Any]:
        inner = function("inner", name="r2", agent_id="b")
        return {"role": "assistant", "content": inner.message.payload["content"]}

    answer = Function(store, ask_another)("outer", name="r1", agent_id="a")
    assert answer.message.payload["content"] == "answer 1"
    assert model.heard == [["inner"]]


def test_an_answer_may_say_what_it_used(store: MemoryStore) -> None:
    def talk(turn: LambdaTurn) -> Any:
        turn.append({"role": "user", "content": "hi"}, usage={"inputTokens": 3})
        return turn.answer({"role": "assistant", "content": "yes"}, usage={"outputTokens": 2})

    function = Function(store, talk)
    function()
    assert Sessions(store=store).open("s").restore().usage == {"inputTokens": 3, "outputTokens": 2}
    assert function().is_redelivery


def test_a_turn_tells_what_a_function_needs(store: MemoryStore) -> None:
    seen: dict[str, Any] = {}

    def look(turn: LambdaTurn) -> dict[str, Any]:
        seen.update(
            ids=(turn.session_id, turn.agent_id, turn.write_id, turn.tenant),
            body=turn.body,
            event=turn.event,
            request=turn.context.aws_request_id,
            seconds=turn.seconds_left,
            history=turn.history.next_index,
        )
        turn.sessions.open("other").append({"content": "beside"})
        return {"content": "seen"}

    context = LambdaContext(milliseconds=10_000)
    Function(store, look, reserve=2)("hi", name="n", context=context, event={"raw": True})
    assert seen == {
        "ids": ("s", "default", "n", None),
        "body": {"message": "hi"},
        "event": {"raw": True},
        "request": context.aws_request_id,
        "seconds": 8.0,
        "history": 0,
    }
    assert contents(store, "other") == ["beside"]


def test_messages_of_a_batch_become_visible_together_and_are_heard(store: MemoryStore) -> None:
    def talk(turn: LambdaTurn) -> dict[str, Any]:
        turn.append_many([{"content": "call"}, {"content": "result"}])
        return {"content": " ".join(message["content"] for message in turn.messages)}

    Function(store, talk)()
    Function(store, talk)()
    assert contents(store) == ["call", "result", "call result"]


def test_an_error_of_the_turn_function_leaves_as_it_is_and_undoes_nothing(
    store: MemoryStore,
) -> None:
    error = ZeroDivisionError("mine")

    def fail(turn: LambdaTurn) -> dict[str, Any]:
        turn.append({"content": "hi"})
        raise error

    with pytest.raises(ZeroDivisionError) as caught:
        Function(store, fail)()
    assert caught.value is error
    assert contents(store) == ["hi"]
    assert LEASE not in keys(store)


@pytest.mark.parametrize("given", [None, "a text", 7, ["a", "list"], b"bytes"])
def test_what_is_no_answer_is_an_error_that_says_what_to_return(
    store: MemoryStore, given: Any
) -> None:
    def talk(turn: LambdaTurn) -> Any:
        turn.append({"content": "hi"})
        return given

    with pytest.raises(InvalidAnswer, match=rf"returned a {type(given).__name__}: return the ans"):
        Function(store, talk)()
    assert contents(store) == ["hi"]
    assert LEASE not in keys(store)


def test_a_message_that_a_redelivery_would_not_know_for_the_answer_is_no_answer(
    store: MemoryStore,
) -> None:
    def talk(turn: LambdaTurn) -> Any:
        turn.append({"content": "hi"})
        return turn.append({"content": "hello"})

    with pytest.raises(InvalidAnswer, match=r"what turn\.answer\(…\) gives"):
        Function(store, talk)()


def test_an_answer_may_be_stored_in_part_and_then_completed(store: MemoryStore) -> None:
    partials = []

    def talk(turn: LambdaTurn) -> Any:
        turn.answer({"content": "It is"}, status="partial")
        partials.append(stored(store)[-1].status)
        return turn.answer({"content": "It is 42."}, usage={"outputTokens": 4})

    answer = Function(store, talk)()
    assert partials == ["partial"]
    assert answer.message == stored(store)[-1]
    assert [(m.payload, m.status, m.usage) for m in stored(store)] == [
        ({"content": "It is 42."}, None, {"outputTokens": 4})
    ]
    assert Function(store, talk)().is_redelivery


def test_an_answer_that_was_cut_off_in_part_is_made_anew_in_its_place(store: MemoryStore) -> None:
    def break_off(turn: LambdaTurn) -> Any:
        turn.append({"content": "hi"})
        turn.answer({"content": "It"}, status="partial")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Function(store, break_off)()
    model = Model()
    answer = Function(store, talking(model))("hi")
    assert not answer.is_redelivery
    assert model.heard == [["hi"]]
    assert [(m.payload["content"], m.status) for m in stored(store)] == [
        ("hi", None),
        ("answer 1", None),
    ]


def test_a_coroutine_function_is_told_to_be_a_plain_one(store: MemoryStore) -> None:
    async def talk(turn: LambdaTurn) -> dict[str, Any]:
        return {"content": "never"}

    with pytest.raises(InvalidAnswer, match="make it a plain one"):
        Function(store, talk)()


def test_an_answer_that_cannot_be_stored_is_the_fault_of_the_function(store: MemoryStore) -> None:
    with pytest.raises(InvalidAnswer, match="cannot be stored"):
        Function(store, lambda turn: {"content": float("nan")})()
    assert keys(store) == []


def test_what_answers_no_turn_is_refused_before_any_request(store: MemoryStore) -> None:
    function: Any = Function(store, "no function")
    with pytest.raises(InvalidSettings, match="give a function of the turn"):
        function()
    assert function.sessions.requests.total == 0


@pytest.mark.parametrize("name", ["", "x" * 257])
def test_a_name_of_a_delivery_that_cannot_be_one_is_refused_before_any_request(
    store: MemoryStore, name: str
) -> None:
    function = Function(store, talking(Model()))
    with pytest.raises(InvalidId, match="write_id"):
        function(name=name)
    assert function.sessions.requests.total == 0


@pytest.mark.parametrize("session_id", ["", "x" * 300])
def test_a_session_id_that_cannot_be_one_is_refused_before_any_request(
    store: MemoryStore, session_id: str
) -> None:
    function = Function(store, talking(Model()))
    with pytest.raises(InvalidId):
        function(session_id=session_id)
    assert function.sessions.requests.total == 0


@pytest.mark.parametrize(
    "options",
    [
        *({"last": -1}, {"wait": -1}, {"reserve": "1"}, {"retries": 0.5}, {"retries": True}),
        *({"metrics": ""}, {"metrics": "  "}, {"metrics": 5}, {"metrics": "a\nb"}),
    ],
)
def test_settings_that_cannot_work_are_refused_in_init(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettings, match=next(iter(options))):
        SessionFunction("memory://", **options)


def test_sessions_that_are_given_go_with_no_url_and_no_options() -> None:
    sessions = Sessions("memory://")
    with pytest.raises(InvalidSettings, match="sessions are given"):
        SessionFunction("memory://", sessions=lambda: sessions)
    with pytest.raises(InvalidSettings, match="sessions are given"):
        SessionFunction(sessions=lambda: sessions, width=3)


def test_a_function_keeps_its_sessions_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"file://{tmp_path}/sessions"
    monkeypatch.setenv("S3SESSIONS_URL", url)
    from s3sessions.awslambda import Delivery

    function = SessionFunction(metrics=None)
    delivery = Delivery("s", "default", "r1", {"message": "hi"})
    function.take(delivery, LambdaContext(), talking(Model()))
    assert len(Sessions(url).open("s").restore().messages) == 2


def test_an_invocation_prints_its_metrics_once(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    function = Function(store, talking(Model()), metrics="mine")
    context = LambdaContext(function_name="talk")
    function(context=context)
    function(context=context)
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    (directive,) = first["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("mine", [["FunctionName"]])
    assert (first["FunctionName"], first["RequestId"]) == ("talk", context.aws_request_id)
    assert [first[name] for name in ("Turns", "Redeliveries", "Failures")] == [1, 0, 0]
    assert [second[name] for name in ("Turns", "Redeliveries", "Failures")] == [0, 1, 0]
    assert first["Requests"] + second["Requests"] == function.sessions.requests.total


def test_no_thread_outlives_an_invocation_on_lambda(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")
    url = f"file://{tmp_path}/sessions"
    for n in range(12):
        Sessions(url).open("s").append({"content": str(n)})
    before = set(threading.enumerate())
    function = SessionFunction(url, metrics=None)
    from s3sessions.awslambda import Delivery

    model = Model()
    function.take(
        Delivery("s", "default", "r1", {"message": "hi"}), LambdaContext(), talking(model)
    )
    assert len(model.heard[0]) == 13
    assert set(threading.enumerate()) == before


def test_importing_it_loads_nothing_that_a_turn_can_do_without() -> None:
    loaded = loaded_by(
        "from s3sessions.awslambda import Delivery, SessionFunction\n"
        "class Context:\n"
        "    aws_request_id = function_name = 'f'\n"
        "    get_remaining_time_in_millis = lambda self: 3000\n"
        "function = SessionFunction('memory://', metrics=None)\n"
        "def talk(turn):\n"
        "    turn.append({'content': 'hi'})\n"
        "    return {'content': 'hello'}\n"
        "function.take(Delivery('s', 'default', 'r', {}), Context(), talk)\n"
    )
    assert loaded & NOT_FOR_AN_APPEND == set()
    ways = {f"s3sessions.awslambda.{name}" for name in ("http", "api", "sqs", "agent_turn")}
    assert loaded & ways == set()
