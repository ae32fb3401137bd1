"""What an agent with our session manager costs, counted in requests."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel
from strands import Agent
from strands.agent.conversation_manager import (
    NullConversationManager,
    SlidingWindowConversationManager,
)

from tests.dao.test_round_trips import Waiting
from tests.integrations.strands.agents import (
    agent_of,
    calls,
    clock,
    overflows,
    redacts,
    says,
    texts,
)
from tests.integrations.strands.shared_store import SharedStore

TEXT_TURN = {"put": 2}


class Nothing(BaseModel):
    """A structured output that says nothing."""


@pytest.fixture(params=["sync", "async"])
def shared(request: pytest.FixtureRequest) -> SharedStore:
    return SharedStore(request.param)


def unabridged(shared: SharedStore) -> Agent:
    """An agent that keeps all messages in memory."""
    return agent_of(shared.manager(), conversation_manager=NullConversationManager())


def begin(shared: SharedStore, count: int) -> None:
    """Let there be a session of so many messages."""
    unabridged(shared)("begin")
    shared.fill(*(f"m{n}" for n in range(count - 2)))


def test_building_managers_and_agents_asks_nothing(shared: SharedStore) -> None:
    shared.fill("hi", "hello")

    def build() -> None:
        for n in range(100):
            shared.agent(session_id=f"s{n}", turns=True)
        shared.agent()

    assert shared.cost(build) == {}


def test_the_first_turn_of_a_new_session_reads_three_times_and_writes_four_objects(
    shared: SharedStore,
) -> None:
    agent = shared.agent()
    # One list more than the core's own: whether the session has an agent of another id.
    assert shared.cost(lambda: agent("hi")) == {"list": 2, "get": 2, "put": 4}
    written = sorted(key.rpartition("/")[2] for key in shared.keys())
    assert written == ["agent.json", "message_0.json", "message_1.json", "session.json"]


def test_the_first_turn_of_a_new_agent_that_was_named_needs_one_list_less(
    shared: SharedStore,
) -> None:
    agent = agent_of(shared.manager(), agent_id="support")
    assert shared.cost(lambda: agent("hi")) == {"list": 1, "get": 2, "put": 4}


def test_what_is_set_before_the_first_turn_is_written_with_it(shared: SharedStore) -> None:
    agent = shared.agent()
    agent.state.set("step", 1)
    assert shared.cost(lambda: agent("hi")) == {"put": 4}
    assert shared.state() == {"step": 1}


@pytest.mark.parametrize("count", [2, 30, 1_200])
def test_the_first_turn_of_an_existing_session_reads_each_object_once(
    shared: SharedStore, count: int
) -> None:
    begin(shared, count)
    agent = unabridged(shared)
    lists = -(-(count + 1) // 1_000)
    # Past one page of keys history.json is asked for, too: it may have come behind the first.
    documents = 2 if lists == 1 else 3
    assert shared.cost(lambda: agent("hi")) == {"list": lists, "get": count + documents, "put": 2}


def test_looking_at_an_agent_restores_it_once(shared: SharedStore) -> None:
    shared.agent()("hi")
    agent = shared.agent()
    assert shared.cost(lambda: texts(agent.messages)) == {"list": 1, "get": 4}
    assert shared.cost(lambda: (agent.messages, agent.state.get())) == {}
    assert shared.cost(lambda: agent("hi")) == TEXT_TURN


def test_a_later_text_turn_is_one_put_for_each_message(shared: SharedStore) -> None:
    agent = shared.agent()
    agent("hi")
    for _ in range(3):
        assert shared.cost(lambda: agent("hi")) == TEXT_TURN


@pytest.mark.parametrize("is_restored", [False, True])
def test_a_turn_with_another_state_is_one_put_more_and_no_get(
    shared: SharedStore, is_restored: bool
) -> None:
    agent = shared.agent()
    agent("hi")
    if is_restored:
        agent = shared.agent()
        assert agent.state.get() == {}
    for step in (1, 2):
        agent.state.set("step", step)
        assert shared.cost(lambda: agent("hi")) == {"put": 3}
    agent.state.set("step", 2)
    assert shared.cost(lambda: agent("hi")) == TEXT_TURN
    agent.state.delete("step")
    assert shared.cost(lambda: agent("hi")) == {"put": 3}
    assert shared.state() == {}


def test_a_tool_turn_is_one_put_for_each_of_its_four_messages(shared: SharedStore) -> None:
    steps = (calls("clock", "t1"), says(), calls("clock", "t2"), says())
    agent = agent_of(shared.manager(), *steps, tools=[clock])
    assert shared.cost(lambda: agent("hi")) == {"list": 2, "get": 2, "put": 4 + 2}
    assert shared.cost(lambda: agent("hi")) == {"put": 4}


def test_ten_syncs_without_a_change_ask_nothing(shared: SharedStore) -> None:
    manager = shared.manager()
    agent = agent_of(manager)
    agent("hi")

    def sync() -> None:
        for _ in range(10):
            manager.sync_agent(agent)

    assert shared.cost(sync) == {}
    agent.state.set("step", 1)
    assert shared.cost(sync) == {"put": 1}


def test_a_window_that_moves_is_one_put_more(shared: SharedStore) -> None:
    window = SlidingWindowConversationManager(window_size=2)
    agent = agent_of(shared.manager(), conversation_manager=window)
    agent("hi")
    for _ in range(3):
        assert shared.cost(lambda: agent("hi")) == {"put": 3}
        assert len(agent.messages) == 2


def test_a_context_that_is_too_long_for_its_model_is_one_put_more(shared: SharedStore) -> None:
    shared.fill(*"abcdef")
    agent = shared.agent(says(), overflows(), says())
    agent("hi")
    assert shared.cost(lambda: agent("hi")) == {"put": 3}


def test_a_redaction_is_one_put_more_and_a_look_for_packed_copies(shared: SharedStore) -> None:
    agent = shared.agent(says(), redacts())
    agent("hi")
    # Behind the write it looks for copies in the two segments that could hold the message.
    assert shared.cost(lambda: agent("a secret")) == {"put": 3, "get": 3}
    assert shared.stored_texts()[2:] == ["[redacted]", "I will not."]


def test_a_window_of_ten_of_two_hundred_messages_is_restored_by_ten_gets(
    shared: SharedStore,
) -> None:
    def agent() -> Any:
        window = SlidingWindowConversationManager(window_size=10)
        return agent_of(shared.manager(), conversation_manager=window)

    first = agent()
    for n in range(100):
        first(f"q{n}")
    assert len(shared.stored()) == 200
    again = agent()
    documents = 2
    assert shared.cost(lambda: texts(again.messages)) == {"list": 1, "get": 10 + documents}
    assert again.messages == first.messages


def test_structured_output_reads_the_history_and_writes_nothing(shared: SharedStore) -> None:
    def ask() -> None:
        with pytest.warns(DeprecationWarning, match="structured_output_async"):
            asyncio.run(shared.agent().structured_output_async(Nothing, "what?"))

    assert shared.cost(ask) == {"list": 2, "get": 2}
    shared.fill("hi", "hello")
    assert shared.cost(ask) == {"list": 1, "get": 4}


def test_a_turn_of_its_own_costs_a_put_and_a_delete_and_a_look_at_what_was_said(
    shared: SharedStore,
) -> None:
    agent = shared.agent(turns=True)
    agent("hi")
    claim = {"list": 1, "get": 1, "delete": 1}
    assert shared.cost(lambda: agent("hi")) == {**claim, "put": 1 + 2}


@pytest.mark.parametrize("count", [2, 300])
def test_an_agent_is_restored_in_two_round_trips(count: int) -> None:
    waiting = Waiting(SharedStore().store)
    shared = SharedStore(store=waiting)
    begin(shared, count)
    agent = unabridged(shared)
    waiting.trips = 0
    assert len(agent.messages) == count
    assert waiting.trips == 2
    agent("hi")
    assert waiting.trips == 2 + 2


def test_a_first_turn_waits_for_two_reads_and_two_writes() -> None:
    waiting = Waiting(SharedStore().store)
    shared = SharedStore(store=waiting)
    agent_of(shared.manager(), agent_id="support")("hi")
    assert waiting.trips == 2 + 2
