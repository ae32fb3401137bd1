"""Sessions that nobody has spoken in yet, and agents that bring messages with them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionType

from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.agents import ANSWER, texts
from tests.integrations.strands.place import AGENT, SESSION, Place, assistant, message_key, user
from tests.interposed import Interposed

SEEDS = ("be kind", "I am", "good")


def seeds() -> list[dict[str, Any]]:
    return [user(SEEDS[0]), assistant(SEEDS[1]), user(SEEDS[2])]


def test_a_session_that_nobody_speaks_in_never_exists(manager_place: Place) -> None:
    agent = manager_place.agent(messages=seeds())
    agent.state.set("step", 1)
    assert texts(agent.messages) == list(SEEDS)
    assert manager_place.rig.keys() == []


def test_a_session_that_was_looked_at_is_none(manager_place: Place) -> None:
    manager, agent = manager_place.pair()
    assert agent.messages == []
    manager.restore(agent)
    assert manager.read_session("s") is None
    assert manager_place.rig.keys() == []


def test_an_invocation_in_which_nothing_is_said_makes_no_session(manager_place: Place) -> None:
    agent = manager_place.agent("s", RuntimeError("no model today"), messages=seeds())
    with pytest.raises(RuntimeError):
        agent()
    assert manager_place.rig.keys() == []


def test_the_first_turn_writes_both_documents_and_both_messages(manager_place: Place) -> None:
    agent = manager_place.agent()
    agent.state.set("step", 1)
    agent("q0")
    documents = [SESSION, f"{AGENT}/agent.json"]
    assert manager_place.rig.keys() == sorted([*documents, message_key(0), message_key(1)])
    assert manager_place.agent().state.get() == {"step": 1}


def test_a_state_that_is_set_and_a_sync_by_hand_make_a_session(manager_place: Place) -> None:
    manager, agent = manager_place.pair()
    agent.state.set("step", 1)
    manager.sync_agent(agent)
    assert manager_place.rig.keys() == sorted([SESSION, f"{AGENT}/agent.json"])
    assert manager_place.agent().state.get() == {"step": 1}


def test_of_two_that_create_a_session_at_once_one_is_told() -> None:
    memory = MemoryStore()
    outcomes: list[str] = []

    def create(place: Place, who: str) -> None:
        place.manager("another").create_session(Session("s", SessionType.AGENT))
        outcomes.append(who)

    def faster(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key == SESSION and not outcomes:
            create(Place.over(memory), "faster")
        return call()

    with pytest.raises(SessionException):
        create(Place.over(Interposed(memory, faster)), "slower")
    assert outcomes == ["faster"]


def test_messages_that_an_agent_brings_are_stored_before_the_first_that_is_said(
    manager_place: Place,
) -> None:
    agent = manager_place.agent(messages=seeds())
    agent("go on")
    assert manager_place.stored_texts() == [*SEEDS, "go on", ANSWER] == texts(agent.messages)
    assert len([key for key in manager_place.rig.keys() if "/message_" in key]) == 3 + 2
    assert manager_place.agent().messages == agent.messages


def test_a_program_that_brings_the_same_messages_each_time_has_them_once(
    manager_place: Place,
) -> None:
    manager_place.agent(messages=seeds())("go on")
    again = manager_place.agent(messages=seeds())
    again("and on")
    assert texts(again.messages) == [*SEEDS, "go on", ANSWER, "and on", ANSWER]
    assert manager_place.stored_texts() == texts(again.messages)


def test_a_session_that_is_there_wins_over_what_an_agent_brings(manager_place: Place) -> None:
    first = manager_place.agent(state={"of": "first"})
    first("q0")
    second = manager_place.agent(messages=seeds(), state={"of": "second"})
    assert second.messages == first.messages
    assert second.state.get() == {"of": "first"}


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.LOST_ANSWER, Fault.LATE])
@pytest.mark.parametrize("key", ["*/message_0.json", "*/message_1.json", "*/message_3.json", "*"])
def test_messages_that_an_agent_brings_are_stored_once_whatever_the_first_turn_met_with(
    fault: Fault, key: str
) -> None:
    store = FaultyStore(MemoryStore(), Rule(fault, verb="put", key=key, count=None))
    place = Place.over(store)
    agent = place.agent(messages=seeds())
    with suppress(SessionException):
        agent("q0")
    store.clear()
    store.deliver()
    agent("q1")
    assert [text for text in texts(agent.messages) if text != ANSWER] == [*SEEDS, "q0", "q1"]
    restored = place.agent()
    assert texts(restored.messages) == texts(agent.messages)
