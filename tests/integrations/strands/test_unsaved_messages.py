"""Messages that the store does not take at once: kept, and stored later in their order."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest
from strands import Agent
from strands.types.exceptions import EventLoopException, SessionException

from s3sessions import InvalidMessage, S3SessionsError, StoreUnavailable
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.agents import ANSWER, agent_of, calls, clock, redacts, says, texts
from tests.integrations.strands.shared_store import SharedStore

UNANSWERED = (
    Rule(Fault.LOST_ANSWER, verb="put", key="*/message_*", count=None),
    Rule(Fault.REFUSED, verb="get", key="*/message_*", count=None),
)
"""Writes take effect, but nobody is told, nor can anybody look."""


@pytest.fixture
def faulty() -> FaultyStore:
    return FaultyStore(MemoryStore())


@pytest.fixture(params=["sync", "async"])
def shared(request: pytest.FixtureRequest, faulty: FaultyStore) -> SharedStore:
    return SharedStore(request.param, faulty)


def refused(key: str = "*", count: int | None = None) -> Rule:
    return Rule(Fault.REFUSED, verb="put", key=key, count=count)


def cause_of(error: BaseException) -> BaseException:
    """What was raised, where Strands has wrapped it: that of a message that its loop adds."""
    return getattr(error, "original_exception", error)


def seeds(text: str) -> list[Any]:
    """Messages that an agent is built with."""
    return [{"role": role, "content": [{"text": text}]} for role in ("user", "assistant")]


# Logged


@pytest.mark.parametrize("is_begun", [False, True])
def test_an_agent_goes_on_while_the_store_refuses_and_all_is_stored_later(
    shared: SharedStore, faulty: FaultyStore, is_begun: bool
) -> None:
    manager = shared.manager(on_error="log")
    agent = agent_of(manager)
    said = ["begin", ANSWER] if is_begun else []
    if is_begun:
        agent("begin")
    faulty.add(refused())
    agent("one")
    agent("two")
    assert shared.stored_texts() == said
    assert manager.failures.count >= 4
    faulty.clear()
    count = manager.failures.count
    agent("three")
    assert shared.stored_texts() == [*said, "one", ANSWER, "two", ANSWER, "three", ANSWER]
    assert agent.messages == shared.stored()
    assert manager.failures.count == count
    assert shared.agent().messages == agent.messages


def test_each_failure_is_counted_told_and_logged_without_what_was_said(
    shared: SharedStore, faulty: FaultyStore, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[S3SessionsError] = []
    manager = shared.manager(on_error="log", tell_error=told.append)
    agent = agent_of(manager)
    agent("begin")
    faulty.add(refused(key="*/message_*"))
    with caplog.at_level(logging.ERROR, "s3sessions"):
        agent("a secret")
    assert manager.failures.count == 2
    assert [type(error) for error in told] == [StoreUnavailable] * 2
    events = [record.getMessage() for record in caplog.records]
    assert len([event for event in events if "strands_not_saved" in event]) == 2
    assert not any("a secret" in event for event in events)


def test_a_tool_turn_that_is_refused_in_the_middle_is_stored_in_order(
    shared: SharedStore, faulty: FaultyStore
) -> None:
    agent = agent_of(shared.manager(on_error="log"), calls("clock"), tools=[clock])
    # The question is stored; of what follows the store refuses the first requests.
    faulty.add(refused(key="*/message_1.json", count=6))
    agent("what time is it?")
    agent("and now?")
    said = ["what time is it?", "<toolUse>", "<toolResult>", ANSWER, "and now?", ANSWER]
    assert shared.stored_texts() == said
    assert agent.messages == shared.stored()


def test_writes_whose_answers_were_lost_are_not_doubled(
    shared: SharedStore, faulty: FaultyStore
) -> None:
    manager = shared.manager(on_error="log")
    agent = agent_of(manager)
    faulty.add(*UNANSWERED)
    agent("one")
    assert manager.failures.count > 0
    faulty.clear()
    agent("two")
    assert shared.stored_texts() == ["one", ANSWER, "two", ANSWER]
    assert agent.messages == shared.stored()


def test_a_write_that_takes_effect_late_is_not_doubled(
    shared: SharedStore, faulty: FaultyStore
) -> None:
    agent = shared.agent(on_error="log")
    agent("begin")
    faulty.add(Rule(Fault.LATE, verb="put", key="*/message_2.json", count=None))
    agent("one")
    faulty.clear()
    faulty.deliver()
    agent("two")
    assert shared.stored_texts() == ["begin", ANSWER, "one", ANSWER, "two", ANSWER]
    assert agent.messages == shared.stored()


def test_a_state_that_could_not_be_stored_is_stored_later(
    shared: SharedStore, faulty: FaultyStore
) -> None:
    agent = shared.agent(on_error="log")
    agent("begin")
    faulty.add(refused(key="*/agent.json"))
    agent.state.set("step", 1)
    agent("one")
    assert shared.state() == {}
    faulty.clear()
    agent("two")
    assert shared.state() == {"step": 1}


def test_what_a_guardrail_takes_out_before_it_is_stored_is_never_stored(
    shared: SharedStore, faulty: FaultyStore
) -> None:
    agent = shared.agent(says(), redacts(), on_error="log")
    agent("begin")
    faulty.add(refused(key="*/message_2.json"))
    agent("a secret")
    faulty.clear()
    agent("go on")
    said = ["begin", ANSWER, "[redacted]", "I will not.", "go on", ANSWER]
    assert shared.stored_texts() == said
    assert agent.messages == shared.stored()
    assert not any(b"a secret" in shared.store.get(key).data for key in shared.keys())


def test_messages_that_an_agent_began_with_are_stored_later_with_what_was_said_behind_them(
    shared: SharedStore, faulty: FaultyStore
) -> None:
    agent = agent_of(shared.manager(on_error="log"), messages=seeds("a"))
    faulty.add(refused())
    agent("one")
    faulty.clear()
    agent("two")
    assert shared.stored_texts() == ["a", "a", "one", ANSWER, "two", ANSWER]
    assert agent.messages == shared.stored()


# Raised


@pytest.mark.parametrize("index", [0, 1])
def test_a_call_fails_and_a_later_one_stores_what_was_left_over(
    shared: SharedStore, faulty: FaultyStore, index: int
) -> None:
    agent = shared.agent()
    agent("begin")
    faulty.add(refused(key=f"*/message_{index + 2}.json"))
    with pytest.raises((SessionException, EventLoopException)) as caught:
        agent("one")
    cause = cause_of(caught.value)
    assert isinstance(cause, StoreUnavailable)
    assert isinstance(cause, SessionException)
    faulty.clear()
    said = texts(agent.messages)
    assert said[:3] == ["begin", ANSWER, "one"]
    agent("two")
    assert shared.stored_texts() == [*said, "two", ANSWER]
    assert agent.messages == shared.stored()


def test_a_call_that_fails_because_an_answer_was_lost_is_not_doubled(
    shared: SharedStore, faulty: FaultyStore
) -> None:
    agent = shared.agent()
    agent("begin")
    faulty.add(*UNANSWERED)
    with pytest.raises(StoreUnavailable):
        agent("one")
    faulty.clear()
    agent("two")
    assert shared.stored_texts() == ["begin", ANSWER, "one", "two", ANSWER]
    assert agent.messages == shared.stored()


def test_an_error_is_told_before_it_is_raised(shared: SharedStore, faulty: FaultyStore) -> None:
    told: list[S3SessionsError] = []
    manager = shared.manager(tell_error=told.append)
    agent = agent_of(manager)
    faulty.add(refused(key="*/message_*"))
    with pytest.raises(StoreUnavailable) as caught:
        agent("one")
    assert told == [caught.value]
    assert manager.failures.count == 0


@pytest.mark.parametrize("on_error", ["raise", "log"])
def test_a_history_that_cannot_be_read_is_raised_and_read_at_the_next_use(
    shared: SharedStore, faulty: FaultyStore, on_error: str
) -> None:
    """An agent that knew nothing of its history would say the wrong things."""
    shared.fill("hello", "hello")
    agent = shared.agent(on_error=on_error)
    faulty.add(Rule(Fault.REFUSED, verb="list", count=None))
    for act in (lambda: agent("hi"), lambda: agent.messages):
        with pytest.raises(StoreUnavailable) as caught:
            act()
        assert isinstance(caught.value, SessionException)
    faulty.clear()
    agent("hi")
    assert shared.stored_texts() == ["hello", "hello", "hi", ANSWER]
    assert texts(agent.messages) == shared.stored_texts()


# Not fit to be stored


UNFIT: list[Any] = [
    {"text": "lone \ud800"},
    {"toolResult": {"toolUseId": "t", "status": "success", "content": [{"json": math.nan}]}},
    {"toolResult": {"toolUseId": "t", "status": "success", "content": [{"json": {1, 2}}]}},
]


@pytest.mark.parametrize("block", UNFIT, ids=["surrogate", "nan", "set"])
def test_what_json_cannot_hold_is_raised_and_does_not_block_what_follows(
    shared: SharedStore, block: Any
) -> None:
    agent = shared.agent()
    agent("begin")
    with pytest.raises(InvalidMessage) as caught:
        agent([block])
    assert isinstance(caught.value, SessionException)
    agent("go on")
    assert shared.stored_texts() == ["begin", ANSWER, "go on", ANSWER]


@pytest.mark.parametrize("block", UNFIT, ids=["surrogate", "nan", "set"])
def test_what_json_cannot_hold_is_logged_and_all_else_is_stored(
    shared: SharedStore, block: Any
) -> None:
    manager = shared.manager(on_error="log")
    agent: Agent = agent_of(manager)
    agent([block])
    assert manager.failures.count == 1
    agent("go on")
    assert shared.stored_texts() == [ANSWER, "go on", ANSWER]


def test_what_an_agent_began_with_does_not_block_what_follows(shared: SharedStore) -> None:
    manager = shared.manager(on_error="log")
    agent = agent_of(manager, messages=seeds("lone \ud800"))
    agent("one")
    assert manager.failures.count > 0
    agent("two")
    assert shared.stored_texts()[-4:] == ["one", ANSWER, "two", ANSWER]


def test_a_state_that_json_cannot_hold_costs_no_message(shared: SharedStore) -> None:
    manager = shared.manager(on_error="log")
    agent = agent_of(manager)
    agent.state.set("share", math.nan)
    agent("one")
    assert manager.failures.count > 0
    agent.state.set("share", 0.5)
    agent("two")
    assert shared.stored_texts() == ["one", ANSWER, "two", ANSWER]
    assert shared.state() == {"share": 0.5}
