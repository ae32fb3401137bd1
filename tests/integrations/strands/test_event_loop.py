"""Agents in one event loop: none waits for the requests of another, however it is called.

A request waits here for what only another coroutine of the same loop can bring about, so a loop
that was blocked, even once, would end in a timeout.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import BaseModel
from strands import Agent
from strands.agent import AgentResult
from strands.hooks import HookOrder, MessageAddedEvent
from strands.types.exceptions import ConcurrencyException

from s3sessions.stores.memory import MemoryStore
from tests.integrations.strands.agents import agent_of, texts
from tests.integrations.strands.shared_store import TIMEOUT, SharedStore
from tests.interposed import Hook, Interposed
from tests.rig import Colour

MANY = 10


class Nothing(BaseModel):
    """A structured output that says nothing."""


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> Colour:
    given: Colour = request.param
    return given


def over(colour: Colour, hook: Hook) -> SharedStore:
    return SharedStore(colour, Interposed(MemoryStore(), hook))


async def invoke(agent: Agent) -> None:
    await agent.invoke_async("hi")


async def stream(agent: Agent) -> None:
    events = [event async for event in agent.stream_async("hi")]
    assert "result" in events[-1]


async def ask(agent: Agent) -> None:
    await agent.structured_output_async(Nothing, "what?")


@pytest.mark.parametrize("act", [invoke, stream])
@pytest.mark.parametrize(
    ("verb", "name"),
    [
        ("list", "/agent_default/"),
        ("get", "/agent.json"),
        ("get", "/session.json"),
        ("get", "/message_0.json"),
        ("put", "/message_2.json"),
        ("put", "/message_3.json"),
        ("put", "/agent.json"),
    ],
)
def test_ten_agents_have_their_requests_under_way_at_once(
    colour: Colour, act: Callable[[Agent], Awaitable[None]], verb: str, name: str
) -> None:
    together, is_watched = threading.Barrier(MANY), False

    def hook(asked: str, key: str, call: Callable[[], Any]) -> Any:
        if is_watched and asked == verb and key.endswith(name):
            together.wait(TIMEOUT)
        return call()

    async def run(agents: list[Agent]) -> None:
        await asyncio.gather(*map(act, agents))

    shared = over(colour, hook)
    sessions = [f"s{n}" for n in range(MANY)]
    for session_id in sessions:
        shared.fill("hello", "hello", session_id=session_id)
    is_watched = True

    def learn(agent: Agent) -> Callable[[], None]:
        return lambda: agent.state.set("step", 1)

    agents = [shared.agent(session_id=session_id) for session_id in sessions]
    for agent in agents:
        agent.model = type(agent.model)(learn(agent))  # type: ignore[call-arg]
    asyncio.run(run(agents))
    is_watched = False
    for session_id in sessions:
        assert shared.stored_texts(session_id) == ["hello", "hello", "hi", "an answer"]
        assert shared.state(session_id) == {"step": 1}


def test_ten_structured_outputs_restore_at_once(colour: Colour) -> None:
    together = threading.Barrier(MANY)

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "list" and key.endswith("/agent_default/"):
            together.wait(TIMEOUT)
        return call()

    async def run() -> None:
        shared = over(colour, hook)
        agents = [shared.agent(session_id=f"s{n}") for n in range(MANY)]
        await asyncio.gather(*map(ask, agents))

    with pytest.warns(DeprecationWarning, match="structured_output_async"):
        asyncio.run(run())


def test_an_agent_in_blocking_code_stores_as_one_in_a_loop(colour: Colour) -> None:
    shared = SharedStore(colour)
    agent = shared.agent()
    agent("in blocking code")
    asyncio.run(agent.invoke_async("in a loop"))
    asyncio.run(agent.invoke_async("in another loop"))
    expected = ["in blocking code", "an answer", "in a loop", "an answer"]
    assert shared.stored_texts() == [*expected, "in another loop", "an answer"]
    assert agent.messages == shared.stored()


def test_agents_of_one_manager_may_run_in_one_loop(colour: Colour) -> None:
    shared = SharedStore(colour)
    manager = shared.manager()
    agents = [agent_of(manager, agent_id=f"a{n}") for n in range(MANY)]

    async def run() -> None:
        await asyncio.gather(*map(invoke, agents))

    asyncio.run(run())
    for agent in agents:
        assert agent.messages == shared.stored(agent=agent.agent_id)
        assert len(agent.messages) == 2


def test_an_agent_that_is_called_twice_at_once_is_restored_once(colour: Colour) -> None:
    """The second call is refused by Strands, and must not undo what the first has said."""
    lists, is_said = 0, threading.Event()

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        nonlocal lists
        if verb == "list" and key.endswith("/agent_default/"):
            lists += 1
            assert lists == 1 or is_said.wait(TIMEOUT)
        return call()

    async def run(agent: Agent) -> list[Any]:
        calls = (agent.invoke_async("one"), agent.invoke_async("two"))
        return list(await asyncio.gather(*calls, return_exceptions=True))

    shared = over(colour, hook)
    shared.fill("hello", "hello")
    lists = 0
    agent = shared.agent()
    agent.add_hook(lambda _: is_said.set(), MessageAddedEvent, order=HookOrder.SDK_FIRST)
    results = asyncio.run(run(agent))
    assert [type(result) for result in results] == [AgentResult, ConcurrencyException]
    assert shared.stored_texts() == ["hello", "hello", "one", "an answer"]
    assert texts(agent.messages) == shared.stored_texts()
    agent("two")
    assert texts(agent.messages) == shared.stored_texts()
