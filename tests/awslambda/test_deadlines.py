"""The time of an invocation: what is begun in it ends in it, and nothing is left in doubt."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from s3sessions import DeadlineExceeded, SessionBusy, Sessions, StoreUnavailable
from s3sessions.awslambda import LambdaTurn
from s3sessions.stores.memory import MemoryStore
from tests.awslambda.contexts import LambdaContext
from tests.awslambda.functions import LEASE, Function, Model, contents, keys, talking
from tests.interposed import Interposed


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_an_invocation_without_time_asks_for_nothing(store: MemoryStore) -> None:
    function = Function(store, talking(Model()), reserve=0.5)
    with pytest.raises(DeadlineExceeded) as caught:
        function(context=LambdaContext(milliseconds=400))
    assert caught.value.fate == "not_written"
    assert function.sessions.requests.total == 0


def test_the_lease_lasts_as_long_as_the_invocation_can_live(store: MemoryStore) -> None:
    leases = []

    def look(turn: LambdaTurn) -> dict[str, Any]:
        leases.append(json.loads(store.get(LEASE).data))
        return {"content": "seen"}

    Function(store, look)(context=LambdaContext(milliseconds=12_000))
    taken, expires = (
        datetime.fromisoformat(leases[0][name]) for name in ("taken_at", "expires_at")
    )
    assert 13 <= (expires - taken).total_seconds() < 14


def test_a_clock_that_is_wrong_holds_no_session_for_days(store: MemoryStore) -> None:
    def look(turn: LambdaTurn) -> dict[str, Any]:
        lease = json.loads(store.get(LEASE).data)
        taken, expires = map(datetime.fromisoformat, (lease["taken_at"], lease["expires_at"]))
        return {"content": (expires - taken).total_seconds() <= 902}

    answer = Function(store, look)(context=LambdaContext(milliseconds=1e9))
    assert answer.message.payload == {"content": True}


def test_past_its_time_a_turn_stores_nothing_more_and_says_so(store: MemoryStore) -> None:
    context = LambdaContext(milliseconds=10_000)

    def sleep(turn: LambdaTurn) -> dict[str, Any]:
        turn.append({"content": "hi"})
        context.pass_time(9.6)
        return {"content": "too late"}

    with pytest.raises(DeadlineExceeded) as caught:
        Function(store, sleep, reserve=0.5)(context=context)
    assert caught.value.fate == "not_written"
    assert contents(store) == ["hi"]


def test_the_turn_is_given_back_in_the_reserve(store: MemoryStore) -> None:
    context = LambdaContext(milliseconds=10_000)

    def sleep(turn: LambdaTurn) -> dict[str, Any]:
        context.pass_time(9.6)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Function(store, sleep, reserve=0.5)(context=context)
    assert keys(store) == []


def test_a_deadline_of_a_function_does_not_outlive_the_invocation(store: MemoryStore) -> None:
    context = LambdaContext(milliseconds=10_000)

    def insist(turn: LambdaTurn) -> dict[str, Any]:
        context.pass_time(9.6)
        turn.chat.append({"content": "later"}, deadline=600)
        return {"content": "never"}

    with pytest.raises(DeadlineExceeded):
        Function(store, insist, reserve=0.5)(context=context)
    assert contents(store) == []


def test_a_shorter_deadline_of_a_function_holds(store: MemoryStore) -> None:
    def hurry(turn: LambdaTurn) -> dict[str, Any]:
        with pytest.raises(DeadlineExceeded):
            turn.chat.append({"content": "now"}, deadline=0)
        return {"content": "no hurry"}

    Function(store, hurry)()
    assert contents(store) == ["no hurry"]


@pytest.mark.parametrize(("milliseconds", "waits"), [(30_000, 5), (3_000, 1.25)])
def test_an_invocation_waits_for_another_no_longer_than_it_may(
    store: MemoryStore, milliseconds: int, waits: float
) -> None:
    watched = Interposed(store, lambda verb, key, call: call())
    second = Function(watched, talking(Model()), wait=5, reserve=0.5)
    with Sessions(store=store).open("s").turn(), pytest.raises(SessionBusy):
        second(name="r2", context=LambdaContext(milliseconds=milliseconds))
    assert sum(watched.slept) == pytest.approx(waits, abs=0.1)


def test_a_store_that_stays_silent_is_given_up_in_time(store: MemoryStore) -> None:
    context = LambdaContext(milliseconds=10_000)

    def silent(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and "/messages/" in key:
            context.pass_time(3)
            raise StoreUnavailable("no answer")
        return call()

    function = Function(Interposed(store, silent), talking(Model()), reserve=0.5)
    with pytest.raises(DeadlineExceeded) as caught:
        function("hi", context=context)
    assert caught.value.fate == "unknown"
    assert caught.value.write_id == "r1/0"
    assert context.milliseconds > -3_000
    assert LEASE in keys(store)
