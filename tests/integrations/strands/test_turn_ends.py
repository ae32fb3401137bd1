"""Turns of agents end with their invocation, however that ends, and with their process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from strands.hooks import BeforeInvocationEvent, HookOrder
from strands.types.exceptions import EventLoopException

from s3sessions import AccessDenied, AppendConflict, SessionBusy
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.agents import ANSWER
from tests.integrations.strands.shared_store import Gate, SharedStore
from tests.integrations.strands.turn_taking import LEASE, Watched, claim, until
from tests.interposed import Interposed
from tests.rig import Colour


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> Colour:
    given: Colour = request.param
    return given


@pytest.fixture
def shared(colour: Colour) -> SharedStore:
    return SharedStore(colour)


def test_a_turn_is_held_while_the_model_thinks_and_given_back(shared: SharedStore) -> None:
    seen: list[bool] = []
    agent = shared.agent(lambda: seen.append(LEASE in shared.keys()), turns=True)
    agent("hi")
    assert seen == [True]
    assert LEASE not in shared.keys()


def test_a_turn_is_given_back_when_the_model_fails(shared: SharedStore) -> None:
    agent = shared.agent(ZeroDivisionError(), turns=True)
    with pytest.raises(ZeroDivisionError):
        agent("hi")
    assert LEASE not in shared.keys()
    agent("again")
    assert shared.stored_texts() == ["hi", "again", ANSWER]


@pytest.mark.parametrize("name", [None, "d1"])
def test_a_turn_is_given_back_when_its_messages_cannot_be_stored(
    colour: Colour, name: str | None
) -> None:
    faulty = FaultyStore(MemoryStore())
    shared = SharedStore(colour, faulty)
    agent = shared.agent(turns=True)
    faulty.add(Rule(Fault.DENIED, verb="put", key="*/message_*", count=None))
    for _ in range(3):
        with pytest.raises(AccessDenied):
            agent("hi", invocation_state={"write_id": name})
        assert LEASE not in shared.keys()
    faulty.clear()
    agent("again")
    assert shared.stored_texts()[-2:] == ["again", ANSWER]
    assert agent.messages == shared.stored()


def test_a_turn_is_given_back_when_its_invocation_is_cancelled(shared: SharedStore) -> None:
    thinks = threading.Event()

    async def think() -> None:
        thinks.set()
        await asyncio.Event().wait()

    async def run() -> None:
        turn = asyncio.create_task(agent.invoke_async("hi"))
        await until(thinks)
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn

    agent = shared.agent(think, turns=True)
    asyncio.run(run())
    assert LEASE not in shared.keys()
    agent("again")
    assert shared.stored_texts() == ["hi", "again", ANSWER]


def test_a_turn_is_given_back_when_its_stream_is_left(shared: SharedStore) -> None:
    async def run() -> None:
        events = agent.stream_async("hi")
        async for event in events:
            if "data" in event:
                break
        await events.aclose()  # type: ignore[attr-defined]

    agent = shared.agent(turns=True)
    asyncio.run(run())
    assert LEASE not in shared.keys()
    agent("again")
    assert shared.stored_texts() == ["hi", "again", ANSWER]


@pytest.mark.parametrize("order", [HookOrder.DEFAULT, HookOrder.SDK_LAST])
def test_an_invocation_that_a_hook_refuses_does_not_keep_the_turn(
    shared: SharedStore, order: float
) -> None:
    refused = iter([True])

    def refuse(event: BeforeInvocationEvent) -> None:
        if next(refused, False):
            raise PermissionError

    agent = shared.agent(turns=True)
    agent.add_hook(refuse, BeforeInvocationEvent, order=order)
    with pytest.raises(PermissionError):
        agent("hi")
    agent("again")
    assert shared.stored_texts() == ["again", ANSWER]
    assert LEASE not in shared.keys()


def test_an_invocation_that_is_cancelled_while_it_waits_does_not_stop_the_next(
    colour: Colour,
) -> None:
    store = Watched()
    shared = SharedStore(colour, store)
    turn = claim(shared)

    async def run() -> None:
        waiting = asyncio.create_task(agent.invoke_async("hi"))
        await store.until_refused()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    agent = shared.agent(turns=True)
    asyncio.run(run())
    turn.__exit__(None, None, None)
    agent("again")
    assert shared.stored_texts() == ["again", ANSWER]
    assert LEASE not in shared.keys()


def test_a_turn_that_is_had_while_its_invocation_is_cancelled_is_given_back(
    colour: Colour,
) -> None:
    gate = Gate()

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if (verb, key) == ("put", LEASE):
            gate.wait()
        return call()

    async def run() -> None:
        claiming = asyncio.create_task(agent.invoke_async("hi"))
        await until(gate.reached)
        for _ in range(3):
            claiming.cancel()
            await asyncio.sleep(0)
        gate.open()
        with pytest.raises(asyncio.CancelledError):
            await claiming

    shared = SharedStore(colour, Interposed(MemoryStore(), hook))
    agent = shared.agent(turns=True)
    asyncio.run(run())
    assert LEASE not in shared.keys()
    agent("again")
    assert shared.stored_texts() == ["again", ANSWER]


def test_the_turn_of_a_process_that_died_is_taken_over(shared: SharedStore) -> None:
    now = 1_800_000_000.0
    shared.clock = lambda: now
    claim(shared, lease=60)
    now += 59
    with pytest.raises(SessionBusy):
        shared.agent(turns=True, turn_wait=0)("hi")
    now += 2
    shared.agent(turns=True, turn_wait=0)("hi")
    assert shared.stored_texts() == ["hi", ANSWER]


def test_a_turn_that_was_lost_does_not_lose_what_is_said(shared: SharedStore) -> None:
    now = 1_800_000_000.0
    shared.clock = lambda: now

    def stall() -> None:
        nonlocal now
        now += 61
        shared.agent(turns=True)("two")

    agent = shared.agent(stall, turns=True)
    with pytest.raises(EventLoopException) as caught:
        agent("one")
    # Strands wraps what is raised when a model's message is added.
    assert isinstance(caught.value.original_exception, AppendConflict)
    assert shared.stored_texts() == ["one", "two", ANSWER]
    agent("three")
    assert agent.messages == shared.stored()
