"""Others in the same session at the same moment: invocations, writers without turns, deleters."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import AppendConflict, SessionBusy, SessionDeleted, Sessions
from s3sessions.awslambda import LambdaTurn
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from s3sessions.testing.faults import Crash
from tests.awslambda.functions import LEASE, Function, Model, contents, keys, talking


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def meanwhile(act: Callable[[int], object]) -> Any:
    """A turn function in whose model call something happens; it is told which call it is."""
    calls = 0

    def model(messages: list[dict[str, Any]]) -> str:
        nonlocal calls
        calls += 1
        act(calls)
        return " ".join(message["content"] for message in messages)

    return talking(model)


def metrics(capsys: pytest.CaptureFixture[str], *names: str) -> list[int]:
    """Give the metrics of the invocation that has ended first."""
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    return [line[name] for name in names]


def test_a_second_invocation_is_told_before_its_model_is_called(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    second, model = [], Model()

    def call_again(_: int) -> None:
        with pytest.raises(SessionBusy) as caught:
            Function(store, talking(model), wait=0, metrics="m")("too", name="r2")
        second.append(caught.value)

    Function(store, meanwhile(call_again))("one", name="r1")
    assert model.heard == []
    assert 0 < second[0].seconds_left <= 31
    assert contents(store) == ["one", "one"]
    assert metrics(capsys, "Busy", "Turns", "Failures") == [1, 0, 0]


def test_the_turn_is_free_again_for_the_next(store: MemoryStore) -> None:
    for n in range(3):
        Function(store, talking(Model()), wait=0)(name=f"r{n}")
    assert LEASE not in keys(store)


def test_a_writer_that_takes_no_turn_makes_the_turn_run_again_and_is_heard(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    def speak(call: int) -> None:
        if call == 1:
            Sessions(store=store).open("s").append({"content": "by the way"})

    answer = Function(store, meanwhile(speak), metrics="m")("hi")
    assert answer.message.payload["content"] == "by the way hi"
    assert contents(store) == ["hi", "by the way", "by the way hi"]
    assert metrics(capsys, "Conflicts", "Turns", "Failures") == [1, 1, 0]
    assert LEASE not in keys(store)


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_turn_that_always_meets_another_writer_is_given_up(
    store: MemoryStore, retries: int, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = []

    def speak(call: int) -> None:
        calls.append(call)
        Sessions(store=store).open("s").append({"content": f"again {call}"})

    with pytest.raises(AppendConflict):
        Function(store, meanwhile(speak), retries=retries, metrics="m")("hi")
    assert len(calls) == retries + 1
    assert contents(store) == ["hi", *(f"again {call}" for call in calls)]
    assert metrics(capsys, "Conflicts", "Turns", "Failures") == [retries + 1, 0, 0]
    assert LEASE not in keys(store)


def test_a_session_that_is_deleted_under_a_turn_is_not_brought_back(store: MemoryStore) -> None:
    Function(store, talking(Model()))("before", name="r0")
    sessions = Sessions(store=store)
    with pytest.raises(SessionDeleted):
        Function(store, meanwhile(lambda _: sessions.delete("s")))("hi", name="r1")
    assert contents(store) == []
    assert all(b"hi" not in store.get(key).data for key in keys(store))
    assert LEASE not in keys(store)


def test_a_session_that_is_begun_anew_under_a_turn_is_left_as_it_is(store: MemoryStore) -> None:
    Function(store, talking(Model()))("before", name="r0")

    def begin_anew(_: int) -> None:
        sessions = Sessions(store=store)
        sessions.delete("s")
        for n in range(5):
            sessions.open("s").append({"content": f"new {n}"})
        assert sessions.info("s").messages == 5

    with pytest.raises((SessionDeleted, AppendConflict)):
        Function(store, meanwhile(begin_anew), retries=0)("hi", name="r1")
    assert contents(store) == [f"new {n}" for n in range(5)]


def test_an_answer_in_a_later_life_of_the_session_is_taken_back(store: MemoryStore) -> None:
    Function(store, talking(Model()))("before", name="r0")

    def begin_anew(_: int) -> None:
        sessions = Sessions(store=store)
        sessions.delete("s")
        sessions.open("s").append({"content": "new"})

    with pytest.raises(SessionDeleted):
        Function(store, meanwhile(begin_anew), retries=0)("hi", name="r1")
    assert contents(store) == ["new"]
    answer = Function(store, talking(Model()))("hi", name="r1")
    assert not answer.is_redelivery
    assert contents(store) == ["new", "hi", "answer 1"]


def test_a_session_whose_deletion_has_not_ended_takes_no_turn() -> None:
    store, model = FaultyStore(MemoryStore()), Model()
    Function(store, talking(model))("before", name="r0")
    store.add(Rule(Fault.CRASH_BEFORE, verb="delete_many"))
    with pytest.raises(Crash):
        Sessions(store=store).delete("s")
    store.clear()
    with pytest.raises(SessionDeleted):
        Function(store, talking(model))("hi", name="r1")
    assert len(model.heard) == 1
    Sessions(store=store).delete("s")
    assert keys(MemoryStore()) == []


def test_a_function_may_go_on_after_a_conflict_of_its_own(store: MemoryStore) -> None:
    def talk(turn: LambdaTurn) -> dict[str, Any]:
        turn.append({"content": "hi"})
        Sessions(store=store).open("s").append({"content": "between"})
        with pytest.raises(AppendConflict):
            turn.append({"content": "there"})
        turn.chat.refresh()
        return {"content": "so be it"}

    Function(store, talk, retries=0)()
    assert contents(store) == ["hi", "between", "so be it"]
