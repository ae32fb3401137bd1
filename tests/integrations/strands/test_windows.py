"""Conversation managers that drop messages: a restored agent holds what the live one held."""

from __future__ import annotations

from typing import Any

import pytest
from strands.agent.conversation_manager import (
    NullConversationManager,
    SlidingWindowConversationManager,
)
from strands.agent.conversation_manager.compression.pin_message import pin_message
from strands.types.exceptions import SessionException

from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.agents import ANSWER, calls, clock, overflows, texts
from tests.integrations.strands.place import Place, assistant, message, message_key, user


def window(size: int, **options: Any) -> dict[str, Any]:
    return {"conversation_manager": SlidingWindowConversationManager(size, **options)}


def blocks(agent: Any) -> list[tuple[str, Any]]:
    """What an agent's messages say, without the names and the pins that they have in memory."""
    return [(message["role"], message["content"]) for message in agent.messages]


def check_restored(place: Place, live: Any, **arguments: Any) -> Any:
    """Check that a new process has what the live agent has."""
    restored = place.agent(**arguments)
    assert blocks(restored) == blocks(live)
    return restored


def tool_call(call_id: str) -> dict[str, Any]:
    return message("assistant", {"toolUse": {"toolUseId": call_id, "name": "clock", "input": {}}})


def orphan(place: Place) -> None:
    """Store a conversation in which a tool was called and never answered."""
    with place.rig.sessions() as sessions:
        chat = sessions.open("s")
        for payload in (user("q0"), tool_call("t1"), user("q1"), assistant("a1")):
            chat.append(payload)


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("per_turn", [False, True])
def test_after_each_turn_a_new_process_has_the_window_of_the_live_agent(
    size: int, per_turn: bool
) -> None:
    place = Place.over()
    live = place.agent(**window(size, per_turn=per_turn))
    for turn in range(6):
        live(f"q{turn}")
        check_restored(place, live, **window(size, per_turn=per_turn))
    assert len(place.indexes()) == 12


@pytest.mark.parametrize("size", range(2, 8))
def test_a_process_for_each_turn_has_the_window_that_one_process_has(size: int) -> None:
    live, moving = Place.over(), Place.over()
    agent = live.agent(**window(size))
    for turn in range(6):
        agent(f"q{turn}")
        next_one = moving.agent(**window(size))
        next_one(f"q{turn}")
        assert blocks(next_one) == blocks(agent)


@pytest.mark.parametrize("size", range(2, 9))
def test_a_repaired_tool_call_does_not_shift_the_window(size: int) -> None:
    place = Place.over()
    orphan(place)
    live = place.agent(**window(size))
    # The message with the missing result is in memory alone.
    assert len(live.messages) == 5
    for turn in range(2, 5):
        live(f"q{turn}")
        restored = check_restored(place, live, **window(size))
        assert restored.messages[0]["role"] == "user" or size < 3


def test_a_message_that_could_not_be_stored_at_first_does_not_shift_the_window() -> None:
    store = FaultyStore(MemoryStore())
    place = Place.over(store)
    live = place.agent(**window(4))
    live("q0")
    store.add(Rule(Fault.REFUSED, verb="put", key="*/message_2.json", count=None))
    with pytest.raises(SessionException):
        live("q1")
    store.clear()
    for turn in range(2, 6):
        live(f"q{turn}")
        check_restored(place, live, **window(4))


def test_a_hole_does_not_shift_the_window(manager_place: Place) -> None:
    first = manager_place.agent()
    for turn in range(3):
        first(f"q{turn}")
    manager_place.rig.remove(message_key(1))
    live = manager_place.agent(**window(4))
    for turn in range(3, 6):
        live(f"q{turn}")
        check_restored(manager_place, live, **window(4))
    assert texts(live.messages) == ["q4", ANSWER, "q5", ANSWER]


@pytest.mark.parametrize("pinned", [1, 2, 3])
def test_the_first_messages_stay_pinned_in_a_new_process(pinned: int) -> None:
    place = Place.over()
    options = {"size": 4, "pin_first": pinned}
    live = place.agent(**window(**options))
    for turn in range(6):
        live(f"q{turn}")
        restored = check_restored(place, live, **window(**options))
    assert texts(live.messages)[:pinned] == ["q0", ANSWER, "q1"][:pinned]
    assert len(live.messages) < 12
    for turn in range(6, 9):
        live = restored
        live(f"q{turn}")
        restored = check_restored(place, live, **window(**options))
    assert texts(restored.messages)[:pinned] == ["q0", ANSWER, "q1"][:pinned]


def test_a_message_that_a_program_pins_stays_pinned_in_a_new_process() -> None:
    place = Place.over()
    live = place.agent(**window(4))
    live("q0")
    live("keep this")
    pin_message(live.messages, 2)
    for turn in range(2, 5):
        live(f"q{turn}")
    assert texts(live.messages)[0] == "keep this"
    restored = check_restored(place, live, **window(4))
    for turn in range(5, 8):
        restored(f"q{turn}")
    assert texts(restored.messages)[0] == "keep this"
    check_restored(place, restored, **window(4))


def test_tool_calls_are_dropped_with_their_results(manager_place: Place) -> None:
    steps = [calls("clock", f"t{turn}") for turn in range(1)]
    for turn in range(5):
        agent = manager_place.agent("s", *steps, tools=[clock], **window(5))
        agent(f"q{turn}")
        check_restored(manager_place, agent, tools=[clock], **window(5))


def test_what_an_overflow_drops_is_dropped_in_a_new_process_too(manager_place: Place) -> None:
    live = manager_place.agent(**window(6))
    for turn in range(2):
        live(f"q{turn}")
    live = manager_place.agent("s", overflows(), **window(6))
    live("q2")
    assert len(live.messages) < 6
    assert len(manager_place.indexes()) == 6
    check_restored(manager_place, live, **window(6))


def test_a_window_of_none_drops_all_and_talks_on(manager_place: Place) -> None:
    live = manager_place.agent(**window(0))
    for turn in range(3):
        live(f"q{turn}")
        assert live.messages == []
        check_restored(manager_place, live, **window(0))
    assert manager_place.stored_texts() == ["q0", ANSWER, "q1", ANSWER, "q2", ANSWER]


def test_a_manager_that_drops_nothing_is_given_all(manager_place: Place) -> None:
    live = manager_place.agent(conversation_manager=NullConversationManager())
    for turn in range(3):
        live(f"q{turn}")
    check_restored(manager_place, live, conversation_manager=NullConversationManager())


def test_what_was_dropped_is_stored_all_the_same(manager_place: Place) -> None:
    live = manager_place.agent(**window(2))
    for turn in range(4):
        live(f"q{turn}")
    assert texts(live.messages) == ["q3", ANSWER]
    assert [text for text in manager_place.stored_texts() if text != ANSWER] == [
        f"q{turn}" for turn in range(4)
    ]
