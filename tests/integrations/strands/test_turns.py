"""Turns of agents: who comes second waits, or is told, before a model is called."""

from __future__ import annotations

import asyncio
import threading

import pytest
from strands.types.exceptions import SessionException

from s3sessions import SessionBusy, StoreUnavailable
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.agents import ANSWER
from tests.integrations.strands.shared_store import SharedStore
from tests.integrations.strands.turn_taking import Watched, claim, heard, until
from tests.rig import Colour


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> Colour:
    given: Colour = request.param
    return given


@pytest.fixture
def shared(colour: Colour) -> SharedStore:
    return SharedStore(colour)


def test_who_comes_second_waits_and_then_hears_what_the_first_has_said(colour: Colour) -> None:
    store = Watched()
    shared = SharedStore(colour, store)
    held = threading.Event()

    async def think() -> None:
        held.set()
        await store.until_refused()

    async def run() -> None:
        one = asyncio.create_task(first.invoke_async("one"))
        await until(held)
        await second.invoke_async("two")
        await one

    first, second = shared.agent(think, turns=True), shared.agent(turns=True)
    asyncio.run(run())
    assert heard(second) == [["one", ANSWER, "two"]]
    assert shared.stored_texts() == ["one", ANSWER, "two", ANSWER]
    assert second.messages == shared.stored()
    first("three")
    assert heard(first)[-1] == ["one", ANSWER, "two", ANSWER, "three"]


def test_who_does_not_wait_is_told_before_its_model_is_called(shared: SharedStore) -> None:
    turn = claim(shared)
    agent = shared.agent(turns=True, turn_wait=0)
    with pytest.raises(SessionBusy, match="another invocation has the turn") as caught:
        agent("hi")
    assert isinstance(caught.value, SessionException)
    assert caught.value.holder == turn.holder
    assert heard(agent) == []
    assert agent.messages == []
    turn.__exit__(None, None, None)
    agent("hi")
    assert shared.stored_texts() == ["hi", ANSWER]


def test_without_turns_nobody_waits(shared: SharedStore) -> None:
    claim(shared)
    shared.agent()("hi")
    assert shared.stored_texts() == ["hi", ANSWER]


def test_those_who_wait_do_not_keep_the_holder_of_the_turn_from_ending_it(colour: Colour) -> None:
    store = Watched()
    shared = SharedStore(colour, store)
    held = threading.Event()

    async def think() -> None:
        held.set()
        await store.until_refused(len(others))

    async def run() -> None:
        turn = asyncio.create_task(first.invoke_async("one"))
        await until(held)
        waiting = [asyncio.create_task(agent.invoke_async("two")) for agent in others]
        await turn
        assert not any(task.done() and task.exception() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    first = shared.agent(think, turns=True)
    others = [shared.agent(turns=True, turn_wait=3_600) for _ in range(100)]
    try:
        asyncio.run(run())
    finally:
        store.over.set()
    assert shared.stored_texts()[:2] == ["one", ANSWER]


def test_a_store_that_does_not_answer_is_told_before_the_model_is_called(colour: Colour) -> None:
    faulty = FaultyStore(MemoryStore())
    shared = SharedStore(colour, faulty)
    agent = shared.agent(turns=True)
    faulty.add(Rule(Fault.REFUSED, key="*/lease.json", count=None))
    with pytest.raises(StoreUnavailable):
        agent("hi")
    assert heard(agent) == []
    faulty.clear()
    agent("again")
    assert shared.stored_texts() == ["again", ANSWER]
