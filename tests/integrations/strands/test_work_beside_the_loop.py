"""What an agent asks for in the middle of its loop: done beside it, and stored when it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from strands import Agent
from strands.types.exceptions import EventLoopException, SessionException

from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.agents import agent_of, overflows, redacts, says, texts
from tests.integrations.strands.shared_store import TIMEOUT, Gate, SharedStore
from tests.interposed import Hook, Interposed
from tests.rig import Colour


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> Colour:
    given: Colour = request.param
    return given


def over(colour: Colour, hook: Hook) -> SharedStore:
    return SharedStore(colour, Interposed(MemoryStore(), hook))


async def wait(gate: Gate) -> None:
    """Wait until a request has reached a gate; the loop goes on meanwhile."""
    assert await asyncio.to_thread(gate.reached.wait, TIMEOUT)


def test_a_redaction_does_not_hold_up_the_loop_and_is_stored_when_the_invocation_ends(
    colour: Colour,
) -> None:
    gate = Gate()

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "get" and key.endswith("/message_0.json"):
            gate.wait()
        return call()

    async def run(agent: Agent) -> None:
        turn = asyncio.create_task(agent.invoke_async("a secret"))
        await wait(gate)
        assert not turn.done()
        gate.open()
        await turn

    shared = over(colour, hook)
    agent = shared.agent(redacts())
    asyncio.run(run(agent))
    assert shared.stored_texts() == ["[redacted]", "I will not."]
    assert agent.messages == shared.stored()
    assert not any(b"a secret" in shared.store.get(key).data for key in shared.keys())


@pytest.mark.parametrize("verb", ["get", "put"])
@pytest.mark.parametrize("on_error", ["raise", "log"])
def test_a_redaction_that_fails_is_made_good_by_the_next_invocation(
    colour: Colour, verb: str, on_error: str
) -> None:
    faulty = FaultyStore(MemoryStore())
    shared = SharedStore(colour, faulty)
    agent = shared.agent(says(), redacts(), on_error=on_error)
    agent("begin")
    # The first put of that key stores the message.
    nth = 2 if verb == "put" else 1
    faulty.add(Rule(Fault.REFUSED, verb=verb, key="*/message_2.json", nth=nth, count=None))
    with suppress(SessionException, EventLoopException):
        agent("a secret")
    faulty.clear()
    agent("go on")
    assert not any(b"a secret" in shared.store.get(key).data for key in shared.keys())
    assert shared.stored_texts()[2:4] == ["[redacted]", "I will not."]
    assert agent.messages == shared.stored()


def test_an_overflow_does_not_hold_up_the_loop_and_is_stored_when_the_invocation_ends(
    colour: Colour,
) -> None:
    gate, is_watched = Gate(), False

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if is_watched and verb == "put" and key.endswith("/agent.json"):
            gate.wait()
        return call()

    async def run(agent: Agent) -> None:
        turn = asyncio.create_task(agent.invoke_async("hi"))
        await wait(gate)
        assert not turn.done()
        gate.open()
        await turn

    shared = over(colour, hook)
    shared.fill(*"abcdef")
    agent = shared.agent(says(), overflows())
    agent("begin")
    is_watched = True
    asyncio.run(run(agent))
    assert len(agent.messages) < 6 + 4
    assert texts(shared.agent().messages) == texts(agent.messages)


def test_what_is_asked_for_by_hand_in_a_loop_is_stored_when_the_next_invocation_ends(
    colour: Colour,
) -> None:
    shared = SharedStore(colour)
    manager = shared.manager()
    agent = agent_of(manager)

    async def run() -> None:
        await agent.invoke_async("a secret")
        agent.messages[1]["content"] = [{"text": "[redacted]"}]
        manager.redact_latest_message(agent.messages[1], agent)
        agent.state.set("step", 1)
        manager.sync_agent(agent)
        await agent.invoke_async("hi")

    asyncio.run(run())
    assert shared.stored_texts() == ["a secret", "[redacted]", "hi", "an answer"]
    assert shared.state() == {"step": 1}


def test_what_is_asked_for_in_a_loop_that_ends_does_not_stop_an_agent_in_another(
    colour: Colour,
) -> None:
    shared = SharedStore(colour)
    manager = shared.manager()
    agent = agent_of(manager)
    agent("hello")

    async def sync() -> None:
        agent.state.set("step", 1)
        manager.sync_agent(agent)

    asyncio.run(sync())
    agent("hi")
    assert shared.stored_texts() == ["hello", "an answer", "hi", "an answer"]
    assert shared.state() == {"step": 1}


def test_what_is_asked_for_in_a_running_loop_does_not_stop_an_agent_that_blocks_it(
    colour: Colour,
) -> None:
    # As in a notebook, whose cells are run in a loop.
    shared = SharedStore(colour)
    manager = shared.manager()
    agent = agent_of(manager)
    agent("hello")

    async def cell() -> None:
        agent.state.set("step", 1)
        manager.sync_agent(agent)
        agent("hi")

    asyncio.run(asyncio.wait_for(cell(), TIMEOUT))
    assert shared.stored_texts() == ["hello", "an answer", "hi", "an answer"]
    assert shared.state() == {"step": 1}


def test_what_one_agent_of_a_manager_asks_for_is_not_waited_for_by_another_in_another_thread(
    colour: Colour,
) -> None:
    gate, answer = Gate(), threading.Event()

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "get" and key.endswith("/agent_guarded/messages/message_0.json"):
            gate.wait()
        return call()

    async def pause() -> None:
        assert await asyncio.to_thread(answer.wait, TIMEOUT)

    shared = over(colour, hook)
    manager = shared.manager()
    guarded = agent_of(manager, [*redacts(), pause], agent_id="guarded")
    other = agent_of(manager, agent_id="other")
    thread = threading.Thread(target=guarded, args=("a secret",))
    thread.start()
    assert gate.reached.wait(TIMEOUT)
    other("hi")
    assert texts(shared.stored(agent="other")) == ["hi", "an answer"]
    for event in (answer.set, gate.open):
        event()
    thread.join(TIMEOUT)
    assert texts(shared.stored(agent="guarded")) == ["[redacted]", "I will not."]
