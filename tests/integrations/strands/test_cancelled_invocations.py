"""Invocations that are cancelled while a request is under way: nothing is lost, nothing doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from strands import Agent

from s3sessions.stores.memory import MemoryStore
from tests.integrations.strands.agents import ANSWER, redacts, says, texts
from tests.integrations.strands.shared_store import TIMEOUT, Gate, SharedStore
from tests.interposed import Interposed
from tests.rig import Colour


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> Colour:
    given: Colour = request.param
    return given


class Held:
    """A store in which one request, the first of its kind, is held up."""

    def __init__(self, colour: Colour, verb: str, name: str, *, is_done: bool) -> None:
        self.gate = Gate()
        self.shared = SharedStore(colour, Interposed(MemoryStore(), self._hold))
        self.is_watched = False
        self._held = (verb, name)
        self._is_done = is_done

    def _hold(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        is_held = self.is_watched and verb == self._held[0] and key.endswith(self._held[1])
        if not is_held:
            return call()
        self.is_watched = False
        if not self._is_done:
            self.gate.wait()
            return call()
        done = call()
        self.gate.wait()
        return done

    def cancel(self, agent: Agent, text: str) -> None:
        """Begin an invocation and cancel it while the request is held up."""

        async def run() -> None:
            self.is_watched = True
            turn = asyncio.create_task(agent.invoke_async(text))
            assert await asyncio.to_thread(self.gate.reached.wait, TIMEOUT)
            # Some servers' scopes cancel again and again until it ends.
            for _ in range(3):
                turn.cancel()
                await asyncio.sleep(0)
            self.gate.open()
            with pytest.raises(asyncio.CancelledError):
                await turn

        asyncio.run(run())


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("is_begun", [False, True])
@pytest.mark.parametrize("at", [0, 1])
def test_a_message_whose_append_was_cancelled_is_stored_once(
    colour: Colour, is_done: bool, is_begun: bool, at: int
) -> None:
    said = ["begin", ANSWER] if is_begun else []
    held = Held(colour, "put", f"/message_{len(said) + at}.json", is_done=is_done)
    agent = held.shared.agent()
    if is_begun:
        agent("begin")
    held.cancel(agent, "one")
    agent("two")
    said += ["one", ANSWER][: at + 1]
    assert held.shared.stored_texts() == [*said, "two", ANSWER]
    assert agent.messages == held.shared.stored()
    agent("three")
    assert agent.messages == held.shared.stored()


def test_an_agent_whose_restore_was_cancelled_is_restored_at_its_next_use(colour: Colour) -> None:
    held = Held(colour, "get", "/message_0.json", is_done=False)
    held.shared.fill("hello", "hello")
    agent = held.shared.agent()
    held.cancel(agent, "one")
    assert texts(agent.messages) == ["hello", "hello"]
    agent("two")
    assert held.shared.stored_texts() == ["hello", "hello", "two", ANSWER]


def test_a_state_whose_save_was_cancelled_is_stored(colour: Colour) -> None:
    held = Held(colour, "put", "/agent.json", is_done=False)
    agent = held.shared.agent()
    agent("begin")
    agent.state.set("step", 1)
    held.cancel(agent, "one")
    agent("two")
    assert held.shared.state() == {"step": 1}
    assert agent.messages == held.shared.stored()


def test_a_redaction_whose_invocation_was_cancelled_is_done(colour: Colour) -> None:
    held = Held(colour, "get", "/message_2.json", is_done=False)
    agent = held.shared.agent(says(), redacts())
    agent("begin")
    held.cancel(agent, "a secret")
    agent("two")
    assert held.shared.stored_texts()[2] == "[redacted]"
    assert agent.messages == held.shared.stored()
