"""Documents that are missing or cannot be read: an agent goes on where its messages end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from strands.types.exceptions import SessionException

from s3sessions import CorruptObject
from tests.integrations.strands.agents import ANSWER, texts
from tests.integrations.strands.place import AGENT, SESSION, Place

AGENT_DOCUMENT = f"{AGENT}/agent.json"
DOCUMENTS = (SESSION, AGENT_DOCUMENT)

UNREADABLE: dict[str, Callable[[bytes], bytes]] = {
    "no byte": lambda body: b"",
    "cut off": lambda body: body[: len(body) // 2],
    "not UTF-8": lambda body: b'{"agent_id": "\xff\xfe"}',
    "a list": lambda body: b"[]",
}


def spoken(place: Place) -> None:
    agent = place.agent()
    agent.state.set("step", 1)
    agent("q0")
    agent("q1")


@pytest.mark.parametrize("missing", [DOCUMENTS, DOCUMENTS[:1], DOCUMENTS[1:]])
def test_a_session_whose_documents_are_missing_is_restored_and_gets_them_back(
    manager_place: Place, missing: tuple[str, ...]
) -> None:
    spoken(manager_place)
    first = manager_place.stored(0)
    for key in missing:
        manager_place.rig.remove(key)
    agent = manager_place.agent()
    assert texts(agent.messages) == ["q0", ANSWER, "q1", ANSWER]
    agent("q2")
    assert manager_place.stored(0) == first
    assert manager_place.stored_texts() == ["q0", ANSWER, "q1", ANSWER, "q2", ANSWER]
    assert set(DOCUMENTS) <= set(manager_place.rig.keys())


@pytest.mark.parametrize("key", DOCUMENTS)
@pytest.mark.parametrize("damage", UNREADABLE)
def test_an_agent_talks_on_where_a_document_cannot_be_read(
    manager_place: Place, key: str, damage: str
) -> None:
    spoken(manager_place)
    body = UNREADABLE[damage](manager_place.rig.body(key))
    manager_place.rig.plant(key, body)
    manager, agent = manager_place.pair()
    agent("q2")
    assert texts(agent.messages) == ["q0", ANSWER, "q1", ANSWER, "q2", ANSWER]
    assert manager_place.stored_texts() == texts(agent.messages)
    assert [error.key for error in manager.unreadable] == [manager_place.full(key)]
    assert manager_place.rig.body(key) == body


def test_a_state_that_cannot_be_read_is_not_replaced_by_a_new_one(manager_place: Place) -> None:
    spoken(manager_place)
    manager_place.rig.plant(AGENT_DOCUMENT, b"{")
    manager, agent = manager_place.pair()
    agent.state.set("step", 2)
    with pytest.raises(CorruptObject) as caught:
        manager.sync_agent(agent)
    assert isinstance(caught.value, SessionException)
    assert manager_place.rig.body(AGENT_DOCUMENT) == b"{"
