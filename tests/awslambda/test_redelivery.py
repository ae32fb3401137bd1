"""An event that is delivered again: answered with what is stored, or gone on with."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.awslambda import LambdaTurn
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from s3sessions.testing.faults import Crash
from tests.awslambda.contexts import LambdaContext
from tests.awslambda.functions import LEASE, Function, Model, contents, keys, stored, talking

LIFE = 30.0
"""Seconds that an invocation of these tests can live."""


class Clock:
    """Seconds since the epoch, as the test says."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_an_event_that_was_answered_is_answered_again_without_a_model() -> None:
    store, model = MemoryStore(), Model()
    first = Function(store, talking(model))("hi", name="r1")
    again = Function(store, talking(model))("hi", name="r1")
    assert len(model.heard) == 1
    assert again.message == first.message
    assert (first.is_redelivery, again.is_redelivery) == (False, True)
    assert contents(store) == ["hi", "answer 1"]
    assert LEASE not in keys(store)


def test_an_event_is_answered_again_though_others_were_answered_since() -> None:
    store, model = MemoryStore(), Model()
    function = Function(store, talking(model))
    first = function("one", name="r1")
    function("two", name="r2")
    again = function("one", name="r1")
    assert again.message.payload == first.message.payload
    assert contents(store) == ["one", "answer 1", "two", "answer 2"]


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
@pytest.mark.parametrize("begun", [False, True], ids=["new", "begun"])
def test_a_process_may_die_at_any_request_and_the_event_comes_again(
    fault: Fault, begun: bool
) -> None:
    deaths = 0
    for nth in range(1, 30):
        store, clock = FaultyStore(MemoryStore()), Clock()
        if begun:
            Function(store, talking(Model()), clock=clock)("before", name="r0")
        store.add(Rule(fault, nth=nth, count=None))
        died = False
        try:
            Function(store, talking(lambda _: "the answer"), clock=clock)("hi", name="r1")
        except Crash:
            died = True
        store.clear()
        deaths += died
        clock.now += LIFE + 1.1
        answer = Function(store, talking(lambda _: "the answer"), clock=clock)("hi", name="r1")
        said = ["hi", "the answer"]
        assert contents(store) == (["before", "answer 1", *said] if begun else said), nth
        assert answer.message == stored(store)[-1]
        assert LEASE not in keys(store)
        if not died:
            break
    assert deaths == (10 if begun else 9)


def test_a_turn_that_was_cut_off_goes_on_with_what_it_has_stored() -> None:
    store = MemoryStore()
    paths = iter(["first thought", "second thought"])
    is_cut = True

    def think(turn: LambdaTurn) -> dict[str, Any]:
        nonlocal is_cut
        turn.append({"content": "question"})
        thought = turn.append({"content": next(paths)})
        if is_cut:
            is_cut = False
            raise Crash
        assert turn.messages[-1] == thought.payload
        return {"content": f"so: {thought.payload['content']}"}

    with suppress(Crash):
        Function(store, think)(name="r1")
    Function(store, think)(name="r1")
    assert contents(store) == ["question", "first thought", "so: first thought"]


def test_a_turn_that_was_cut_off_hears_what_was_said_since_and_its_own_message_once() -> None:
    store, model = MemoryStore(), Model()

    def fail(messages: list[dict[str, Any]]) -> str:
        raise Crash

    with suppress(Crash):
        Function(store, talking(fail))("one", name="r1")
    Function(store, talking(model))("two", name="r2")
    Function(store, talking(model))("one", name="r1")
    assert model.heard == [["one", "two"], ["two", "answer 1", "one"]]
    assert contents(store) == ["one", "two", "answer 1", "answer 2"]


def test_a_batch_of_a_turn_that_was_cut_off_is_stored_once() -> None:
    store = MemoryStore()
    cuts = iter([True, False])

    def work(turn: LambdaTurn) -> dict[str, Any]:
        turn.append_many([{"content": "call"}, {"content": "result"}])
        if next(cuts):
            raise Crash
        return {"content": "done"}

    with suppress(Crash):
        Function(store, work)(name="r1")
    Function(store, work)(name="r1")
    assert contents(store) == ["call", "result", "done"]


def test_names_of_which_one_begins_as_another_are_events_of_their_own() -> None:
    store, model = MemoryStore(), Model()
    names = ["a", "a/0", "a%2F0", "a/answer", "a%"]
    for name in names:
        assert not Function(store, talking(model))(name, name=name).is_redelivery
    for name in names:
        assert Function(store, talking(model))(name, name=name).is_redelivery
    assert contents(store)[::2] == names


def test_what_an_event_of_a_longer_name_said_is_heard_by_that_of_the_shorter() -> None:
    store, model = MemoryStore(), Model()
    Function(store, talking(model))("longer", name="a/0")
    Function(store, talking(model))("shorter", name="a")
    assert model.heard[-1] == ["longer", "answer 1", "shorter"]


def test_an_event_of_another_session_with_the_same_name_is_another_one() -> None:
    store, model = MemoryStore(), Model()
    function = Function(store, talking(model))
    function("hi", name="r1", session_id="s")
    assert not function("hi", name="r1", session_id="t").is_redelivery
    assert contents(store, "t") == ["hi", "answer 2"]


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.REPEATED, Fault.RACE, Fault.REFUSED])
def test_a_lost_answer_of_the_store_is_no_second_message(fault: Fault) -> None:
    store = FaultyStore(MemoryStore())
    store.add(Rule(fault, verb="put", key="*/messages/*", count=2))
    Function(store, talking(Model()))("hi", context=LambdaContext(milliseconds=LIFE * 1000))
    assert [m.payload["content"] for m in Sessions(store=store).open("s").restore().messages] == [
        "hi",
        "answer 1",
    ]
