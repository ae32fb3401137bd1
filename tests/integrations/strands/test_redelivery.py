"""An invocation that is delivered again: stored once, and the agent remembers what is stored."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from strands import Agent
from strands.types.exceptions import EventLoopException, SessionException

from s3sessions import StoreUnavailable
from s3sessions.integrations.strands import S3SessionManager
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from s3sessions.testing.faults import Crash
from tests.integrations.strands.agents import ANSWER, agent_of, calls, clock, says, texts
from tests.integrations.strands.shared_store import TIMEOUT, SharedStore
from tests.interposed import Interposed
from tests.rig import Colour


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> Colour:
    given: Colour = request.param
    return given


@pytest.fixture
def shared(colour: Colour) -> SharedStore:
    return SharedStore(colour)


def deliver(agent: Agent, text: str, name: str) -> str:
    """Hand an invocation over as a queue does, and give what the agent answers."""
    result = agent(text, invocation_state={"write_id": name})
    return texts([result.message])[0]


def test_a_delivery_that_is_repeated_in_one_process_is_stored_once(shared: SharedStore) -> None:
    agent = shared.agent(says("first answer"), says("second answer"))
    assert deliver(agent, "hi", "d1") == "first answer"
    assert deliver(agent, "hi", "d1") == "first answer"
    assert shared.stored_texts() == ["hi", "first answer"]
    assert agent.messages == shared.stored()
    answer = deliver(agent, "and now", "d2")
    assert shared.stored_texts() == ["hi", "first answer", "and now", answer]
    assert agent.messages == shared.stored()


def test_the_model_does_not_hear_its_own_first_answer_to_a_repeated_delivery(
    shared: SharedStore,
) -> None:
    agent = shared.agent()
    deliver(agent, "begin", "d1")
    for _ in range(2):
        deliver(agent, "hi", "d2")
    model: Any = agent.model
    heard = [texts(messages) for messages in model.heard[1:]]
    assert heard == [["begin", ANSWER, "hi"]] * len(heard)


def test_a_delivery_that_is_repeated_in_a_new_process_is_stored_once(shared: SharedStore) -> None:
    deliver(shared.agent(says("first answer")), "hi", "d1")
    agent = shared.agent(says("second answer"))
    assert deliver(agent, "hi", "d1") == "first answer"
    assert agent.messages == shared.stored()
    assert len(agent.messages) == 2


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_a_delivery_that_a_crash_has_cut_off_is_ended_by_the_next(
    colour: Colour, fault: Fault, index: int
) -> None:
    faulty = FaultyStore(MemoryStore())
    shared = SharedStore(colour, faulty)
    deliver(shared.agent(), "begin", "d0")
    index += 2
    # A process that is dead sends nothing more.
    faulty.add(
        Rule(fault, verb="put", key=f"*/message_{index}.json"),
        Rule(Fault.CRASH_BEFORE, verb="put", nth=index - 1, count=None),
    )

    def agent() -> Agent:
        def think() -> Any:
            knows = "toolResult" in thinker.messages[-1]["content"][0]
            return says() if knows else calls("clock")

        thinker = agent_of(shared.manager(), think, tools=[clock])
        return thinker

    with pytest.raises(Crash):
        deliver(agent(), "what time is it?", "d1")
    faulty.clear()
    again = agent()
    deliver(again, "what time is it?", "d1")
    assert again.messages == shared.stored()
    said = ["begin", ANSWER, "what time is it?", "<toolUse>", "<toolResult>", ANSWER]
    assert shared.stored_texts() == said


def test_a_delivery_to_two_processes_at_once_is_stored_once() -> None:
    together, is_watched = threading.Barrier(2), False

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if is_watched and verb == "put" and "/message_" in key:
            together.wait(TIMEOUT)
        return call()

    shared = SharedStore(store=Interposed(MemoryStore(), hook))
    shared.agent()("begin")
    agents = [shared.agent(says(f"answer {n}")) for n in range(2)]
    assert all(len(agent.messages) == 2 for agent in agents)
    is_watched = True
    threads = [threading.Thread(target=deliver, args=(agent, "hi", "d1")) for agent in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    is_watched = False
    stored = shared.stored()
    assert texts(stored[2:3]) == ["hi"]
    assert texts(stored[3:]) in (["answer 0"], ["answer 1"])
    assert [agent.messages for agent in agents] == [stored, stored]


def test_the_later_one_of_two_processes_goes_on_with_what_the_other_has_stored(
    shared: SharedStore,
) -> None:
    late = shared.agent(says("late answer"))
    assert late.messages == []
    deliver(shared.agent(says("first answer")), "hi", "d1")
    assert deliver(late, "hi", "d1") == "first answer"
    assert late.messages == shared.stored()
    answer = deliver(late, "and now", "d2")
    assert shared.stored_texts() == ["hi", "first answer", "and now", answer]


@pytest.mark.parametrize("on_error", ["raise", "log"])
def test_the_later_one_of_two_processes_whose_model_takes_another_path_stores_nothing(
    shared: SharedStore, on_error: str
) -> None:
    late = agent_of(shared.manager(on_error=on_error), calls("clock"), tools=[clock])
    assert late.messages == []
    deliver(shared.agent(says("first answer")), "hi", "d1")
    with suppress(SessionException, EventLoopException):
        deliver(late, "hi", "d1")
    assert shared.stored_texts() == ["hi", "first answer"]
    again = shared.agent()
    assert deliver(again, "hi", "d1") == "first answer"
    assert again.messages == shared.stored()


@pytest.mark.parametrize("is_restored", [False, True])
def test_a_delivery_that_comes_again_after_another_takes_nothing_from_memory(
    shared: SharedStore, is_restored: bool
) -> None:
    agent = shared.agent()
    deliver(agent, "one", "d1")
    deliver(agent, "two", "d2")
    if is_restored:
        agent = shared.agent()
    deliver(agent, "one", "d1")
    assert shared.stored_texts() == ["one", ANSWER, "two", ANSWER]
    assert agent.messages == shared.stored()
    deliver(agent, "three", "d3")
    assert shared.stored_texts() == ["one", ANSWER, "two", ANSWER, "three", ANSWER]
    assert agent.messages == shared.stored()


def test_an_answer_that_wants_a_tool_becomes_the_one_that_was_stored(shared: SharedStore) -> None:
    steps = (says("first answer"), calls("clock"))
    agent = agent_of(shared.manager(), *steps, tools=[clock])
    deliver(agent, "hi", "d1")
    deliver(agent, "hi", "d1")
    assert shared.stored_texts() == ["hi", "first answer"]
    assert agent.messages == shared.stored()


def test_a_text_where_a_tool_was_called_leaves_the_agent_with_what_is_stored(
    shared: SharedStore,
) -> None:
    steps = (calls("clock"), says("at noon"), says("I do not know"))
    agent = agent_of(shared.manager(), *steps, tools=[clock])
    assert deliver(agent, "what time is it?", "d1") == "at noon"
    assert deliver(agent, "what time is it?", "d1") == "at noon"
    said = ["what time is it?", "<toolUse>", "<toolResult>", "at noon"]
    assert shared.stored_texts() == said
    assert agent.messages == shared.stored()
    answer = deliver(agent, "and now?", "d2")
    assert shared.stored_texts() == [*said, "and now?", answer]


def test_what_is_delivered_without_a_name_is_said_as_often_as_it_comes(
    shared: SharedStore,
) -> None:
    agent = shared.agent()
    agent("hi")
    agent("hi")
    assert shared.stored_texts() == ["hi", ANSWER, "hi", ANSWER]


def test_an_invocation_may_be_named_by_what_a_program_has(shared: SharedStore) -> None:
    manager = S3SessionManager(
        "s",
        sessions=shared.sessions(),
        name_invocation=lambda state: state["lambda"].aws_request_id,
    )
    agent = agent_of(manager)

    class Context:
        aws_request_id = "8f5c"

    for _ in range(2):
        agent("hi", invocation_state={"lambda": Context()})
    assert shared.stored_texts() == ["hi", ANSWER]
    assert agent.messages == shared.stored()


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.LOST_ANSWER])
@pytest.mark.parametrize("index", [0, 1])
def test_a_delivery_whose_messages_could_not_be_stored_is_not_doubled(
    colour: Colour, fault: Fault, index: int
) -> None:
    faulty = FaultyStore(MemoryStore())
    shared = SharedStore(colour, faulty)
    agent = shared.agent()
    key = f"*/message_{index}.json"
    faulty.add(
        Rule(fault, verb="put", key=key, count=None),
        Rule(Fault.REFUSED, verb="get", key=key, count=None),
    )
    with pytest.raises((StoreUnavailable, EventLoopException)):
        deliver(agent, "hi", "d1")
    faulty.clear()
    deliver(agent, "hi", "d1")
    assert shared.stored_texts() == ["hi", ANSWER]
    assert agent.messages == shared.stored()


def test_a_delivery_that_is_repeated_while_the_store_refuses_is_remembered_once(
    colour: Colour,
) -> None:
    faulty = FaultyStore(MemoryStore())
    shared = SharedStore(colour, faulty)
    agent = shared.agent(on_error="log")
    faulty.add(Rule(Fault.REFUSED, verb="put", count=None))
    for _ in range(3):
        deliver(agent, "hi", "d1")
    assert texts(agent.messages) == ["hi", ANSWER]
    faulty.clear()
    deliver(agent, "go on", "d2")
    assert shared.stored_texts() == ["hi", ANSWER, "go on", ANSWER]
    assert agent.messages == shared.stored()


def test_a_delivery_whose_messages_had_no_answer_is_not_doubled(colour: Colour) -> None:
    faulty = FaultyStore(MemoryStore())
    shared = SharedStore(colour, faulty)
    agent = shared.agent(on_error="log")
    unanswered = (
        Rule(Fault.LOST_ANSWER, verb="put", key="*/message_*", count=None),
        Rule(Fault.REFUSED, verb="get", key="*/message_*", count=None),
    )
    faulty.add(*unanswered)
    deliver(agent, "hi", "d1")
    faulty.clear()
    deliver(agent, "hi", "d1")
    assert shared.stored_texts() == ["hi", ANSWER]
    assert agent.messages == shared.stored()
