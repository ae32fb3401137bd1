"""Sessions that are deleted, and agents that are alive meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from strands.types.exceptions import SessionException

from s3sessions import PartialDelete, SessionNotFound
from s3sessions.health import FindingKind
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.agents import ANSWER, agent_of, texts
from tests.integrations.strands.place import Place, message_key
from tests.interposed import Interposed


def spoken(place: Place, session_id: str = "s", turns: int = 2) -> Any:
    agent = place.agent(session_id)
    for turn in range(turns):
        agent(f"q{turn}")
    return agent


def test_a_session_is_deleted_with_all_that_is_in_it_and_no_other(manager_place: Place) -> None:
    for session_id in ("s", "s2"):
        spoken(manager_place, session_id)
    manager = manager_place.manager()
    manager.delete_session("s")
    assert {key.partition("/")[0] for key in manager_place.rig.keys()} == {"session_s2"}
    assert manager.read_session("s") is None
    assert manager_place.agent().messages == []
    assert len(manager_place.agent("s2").messages) == 4


def test_to_delete_a_session_that_is_not_there_is_an_error(manager_place: Place) -> None:
    with pytest.raises(SessionException) as caught:
        manager_place.manager("another").delete_session("s")
    assert isinstance(caught.value, SessionNotFound)


def test_a_deletion_that_the_store_refuses_in_part_says_what_is_left() -> None:
    store = FaultyStore(MemoryStore())
    place = Place.over(store)
    spoken(place)
    store.add(Rule(Fault.KEYS_REFUSED, key=message_key(1), count=None))
    manager = place.manager()
    with pytest.raises(SessionException) as caught:
        manager.delete_session("s")
    assert isinstance(caught.value, PartialDelete)
    assert [key for key, _ in caught.value.left] == [message_key(1)]
    assert message_key(1) in place.rig.keys()
    store.clear()
    manager.delete_session("s")
    assert place.rig.keys() == []


def test_a_session_whose_deletion_has_not_ended_is_not_restored() -> None:
    store = FaultyStore(MemoryStore())
    place = Place.over(store)
    spoken(place)
    store.add(Rule(Fault.KEYS_REFUSED, count=None))
    with pytest.raises(SessionException):
        place.manager().delete_session("s")
    agent = place.agent()
    with pytest.raises(SessionException, match="deleted"):
        agent("q2")
    assert place.stored_texts() == ["q0", ANSWER, "q1", ANSWER]


def test_what_is_said_while_a_session_is_deleted_is_deleted_with_it() -> None:
    memory = MemoryStore()
    place = Place.over(memory)
    agent = spoken(place)
    said: list[bool] = []

    def speak(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "delete_many" and not said:
            said.append(True)
            agent("meanwhile")
        return call()

    Place.over(Interposed(memory, speak)).manager().delete_session("s")
    assert said
    assert place.rig.keys() == []


def test_what_is_said_to_an_agent_after_its_session_was_deleted_is_not_overwritten() -> None:
    place = Place.over()
    agent = spoken(place)
    place.manager().delete_session("s")
    agent("too late")
    late = place.indexes()
    again = place.agent()
    assert texts(again.messages) == ["too late", ANSWER]
    again("go on")
    assert texts(again.messages) == ["too late", ANSWER, "go on", ANSWER]
    assert place.indexes()[: len(late)] == late
    assert place.stored_texts() == texts(again.messages)


def test_the_doctor_finds_what_was_said_after_a_session_was_deleted() -> None:
    place = Place.over()
    agent = spoken(place)
    place.manager().delete_session("s")
    agent("too late")
    with place.rig.sessions() as sessions:
        kinds = {finding.kind for finding in sessions.doctor("s")}
    assert FindingKind.MISSING_DOCUMENT in kinds


def test_an_agent_that_takes_turns_is_told_that_its_session_was_deleted() -> None:
    place = Place.over()
    agent = agent_of(place.manager(turns=True))
    agent("q0")
    place.manager().delete_session("s")
    with pytest.raises(SessionException):
        agent("too late")
    assert place.indexes() == []


def test_one_agent_of_several_is_deleted_alone(manager_place: Place) -> None:
    for agent_id in ("one", "two"):
        manager_place.agent(agent_id=agent_id)("q0")
    manager_place.manager().delete_agent("s", "one")
    assert manager_place.agent(agent_id="one").messages == []
    assert len(manager_place.agent(agent_id="two").messages) == 2
    with pytest.raises(SessionException):
        manager_place.manager().delete_agent("s", "one")
