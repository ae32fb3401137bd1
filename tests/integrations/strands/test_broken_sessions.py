"""Messages that are damaged, foreign or gone: an agent goes on, and overwrites nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions.stores.memory import MemoryStore
from tests.integrations.strands.agents import ANSWER, texts
from tests.integrations.strands.place import AGENT, Place, message_key
from tests.interposed import Interposed

UNREADABLE: dict[str, Callable[[bytes], bytes]] = {
    "no byte": lambda body: b"",
    "cut off": lambda body: body[: len(body) // 2],
    "not UTF-8": lambda body: b'{"message": "\xff\xfe"}',
    "another shape": lambda body: b'{"hello": "world"}',
    "a message that is none": lambda body: b'{"message": "text", "message_id": 1}',
    "a list": lambda body: b"[]",
}


def spoken(place: Place, turns: int = 2) -> None:
    agent = place.agent()
    for turn in range(turns):
        agent(f"q{turn}")


@pytest.mark.parametrize("damage", UNREADABLE)
def test_an_agent_goes_on_without_a_message_that_cannot_be_read_and_names_it(
    manager_place: Place, damage: str
) -> None:
    spoken(manager_place)
    before = manager_place.rig.body(message_key(1))
    manager_place.rig.plant(message_key(1), UNREADABLE[damage](before))
    manager, agent = manager_place.pair()
    agent("q2")
    assert texts(agent.messages) == ["q0", "q1", ANSWER, "q2", ANSWER]
    assert [error.key for error in manager.unreadable] == [manager_place.full(message_key(1))]
    assert manager_place.rig.body(message_key(1)) == UNREADABLE[damage](before)
    assert manager_place.indexes() == list(range(6))


def test_a_message_without_its_number_is_read_by_its_key(manager_place: Place) -> None:
    spoken(manager_place)
    document = manager_place.document(message_key(1))
    del document["message_id"]
    manager_place.rig.plant(message_key(1), json.dumps(document).encode())
    assert texts(manager_place.agent().messages) == ["q0", ANSWER, "q1", ANSWER]


@pytest.mark.parametrize(
    "name",
    ["message_backup.json", "message_1.json.bak", "message_.json", "message_01.json", "notes.txt"],
)
def test_an_object_that_is_no_message_is_passed_over(manager_place: Place, name: str) -> None:
    spoken(manager_place)
    manager_place.rig.plant(f"{AGENT}/messages/{name}", b"whatever")
    manager, agent = manager_place.pair()
    agent("q2")
    assert texts(agent.messages) == ["q0", ANSWER, "q1", ANSWER, "q2", ANSWER]
    assert manager.unreadable == ()
    assert manager_place.rig.body(f"{AGENT}/messages/{name}") == b"whatever"


def test_a_message_that_answers_404_once_is_not_left_out() -> None:
    memory = MemoryStore()
    spoken(Place.over(memory))
    lost: list[bytes] = []

    def lose(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "get" and key == message_key(1) and not lost:
            lost.append(memory.get(key).data)
            memory.delete(key)
            try:
                return call()
            finally:
                memory.put(key, lost[0])
        return call()

    agent = Place.over(Interposed(memory, lose)).agent()
    assert texts(agent.messages) == ["q0", ANSWER, "q1", ANSWER]
    assert lost


def test_a_message_that_is_gone_is_named_and_nothing_takes_its_place(manager_place: Place) -> None:
    spoken(manager_place)
    manager_place.rig.remove(message_key(1))
    manager, agent = manager_place.pair()
    agent("q2")
    assert texts(agent.messages) == ["q0", "q1", ANSWER, "q2", ANSWER]
    assert [index for hole in manager.holes for index in hole] == [1]
    assert manager_place.indexes() == [0, 2, 3, 4, 5]


def test_messages_are_in_the_order_of_their_numbers(manager_place: Place) -> None:
    spoken(manager_place, turns=6)
    restored = manager_place.agent()
    assert [text for text in texts(restored.messages) if text != ANSWER] == [
        f"q{turn}" for turn in range(6)
    ]
    restored("q6")
    assert manager_place.indexes() == list(range(14))
