"""Two writers of one session, and writes that fail: what was stored stays, in its order."""

from __future__ import annotations

from contextlib import suppress

import pytest
from strands import Agent
from strands.types.exceptions import EventLoopException, SessionException

from s3sessions import AppendConflict
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.agents import ANSWER, texts
from tests.integrations.strands.place import Place


def test_of_two_processes_that_restored_the_same_the_second_to_speak_is_told(
    manager_place: Place,
) -> None:
    manager_place.agent()("before")
    first, second = manager_place.agent(), manager_place.agent()
    assert first.messages == second.messages
    first("from the first")
    with pytest.raises(AppendConflict) as caught:
        second("from the second")
    assert isinstance(caught.value, SessionException)
    assert manager_place.stored_texts() == ["before", ANSWER, "from the first", ANSWER]


def test_a_warm_process_never_writes_over_what_another_has_said_since(
    manager_place: Place,
) -> None:
    manager, warm = manager_place.pair()
    warm("a1")
    manager_place.agent()("b1")
    with pytest.raises(AppendConflict):
        warm("a2")
    assert manager_place.stored_texts() == ["a1", ANSWER, "b1", ANSWER]
    manager.restore(warm)
    warm("a2")
    assert texts(warm.messages) == ["a1", ANSWER, "b1", ANSWER, "a2", ANSWER]
    assert manager_place.stored_texts() == texts(warm.messages)


def test_two_processes_that_begin_a_session_at_once_do_not_share_its_first_message(
    manager_place: Place,
) -> None:
    first, second = manager_place.agent(), manager_place.agent()
    assert first.messages == second.messages == []
    first("a1")
    with pytest.raises(SessionException):
        second("b1")
    assert manager_place.stored_texts() == ["a1", ANSWER]


def test_what_two_processes_set_in_the_state_is_there_side_by_side(manager_place: Place) -> None:
    manager_place.agent()("before")
    pairs = [manager_place.pair() for _ in range(2)]
    for (_, agent), name in zip(pairs, ("from the first", "from the second"), strict=True):
        agent.state.set(name, 1)
    for manager, agent in pairs:
        manager.sync_agent(agent)
    assert manager_place.agent().state.get() == {"from the first": 1, "from the second": 1}


def test_what_one_process_drops_from_the_state_another_does_not_bring_back(
    manager_place: Place,
) -> None:
    agent = manager_place.agent()
    agent.state.set("old", 1)
    agent("before")
    (first, dropping), (second, setting) = manager_place.pair(), manager_place.pair()
    assert dropping.state.get("old") == setting.state.get("old") == 1
    dropping.state.delete("old")
    setting.state.set("new", 2)
    first.sync_agent(dropping)
    second.sync_agent(setting)
    assert manager_place.agent().state.get() == {"new": 2}


@pytest.mark.parametrize("index", [2, 3])
def test_a_message_that_could_not_be_stored_is_stored_before_the_next_one(index: int) -> None:
    store = FaultyStore(MemoryStore())
    place = Place.over(store)
    agent = place.agent()
    agent("q0")
    store.add(Rule(Fault.REFUSED, verb="put", key=f"*/message_{index}.json", count=None))
    # Strands puts errors at an answer into one of its own.
    with pytest.raises((SessionException, EventLoopException)) as caught:
        agent("q1")
    error = getattr(caught.value, "original_exception", caught.value)
    assert isinstance(error, SessionException)
    store.clear()
    agent("q2")
    assert place.indexes() == list(range(len(agent.messages)))
    assert place.stored_texts() == texts(agent.messages)
    assert place.agent().messages == agent.messages


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.LOST_ANSWER, Fault.LATE, Fault.REPEATED])
@pytest.mark.parametrize(
    "key", ["*/message_0.json", "*/message_1.json", "*/agent.json", "*/session.json", "*"]
)
def test_whatever_the_first_turn_of_a_session_met_with_all_is_stored_once(
    fault: Fault, key: str
) -> None:
    store = FaultyStore(MemoryStore(), Rule(fault, verb="put", key=key, count=None))
    check_all_is_stored_once(store, Place.over(store).agent(), Place.over(store))


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.LOST_ANSWER, Fault.LATE, Fault.REPEATED])
@pytest.mark.parametrize("key", ["*/message_2.json", "*/message_3.json", "*/agent.json", "*"])
def test_whatever_a_later_turn_met_with_all_is_stored_once(fault: Fault, key: str) -> None:
    store = FaultyStore(MemoryStore())
    agent = Place.over(store).agent()
    agent("before")
    store.add(Rule(fault, verb="put", key=key, count=None))
    check_all_is_stored_once(store, agent, Place.over(store))


def check_all_is_stored_once(store: FaultyStore, agent: Agent, place: Place) -> None:
    """Take a turn that the store disturbs, and one after it that it does not."""
    agent.state.set("step", 1)
    with suppress(SessionException, EventLoopException):
        agent("q0")
    store.clear()
    store.deliver()
    agent("q1")
    said = [text for text in texts(agent.messages) if text != ANSWER]
    assert said[-2:] == ["q0", "q1"]
    assert place.stored_texts() == texts(agent.messages)
    restored = place.agent()
    assert restored.messages == agent.messages
    assert restored.state.get() == {"step": 1}
