"""The newest message redacted: what it said is in no object any more."""

from __future__ import annotations

import pytest
from strands.types.exceptions import SessionException

from tests.integrations.strands.agents import ANSWER, agent_of, redacts, texts
from tests.integrations.strands.place import Place, user

SECRET = "4111 1111"


def test_what_is_redacted_by_hand_is_in_no_object_any_more(manager_place: Place) -> None:
    manager, agent = manager_place.pair()
    agent("q0")
    manager.append_message(user(f"my card is {SECRET}"), agent)  # type: ignore[arg-type]
    assert manager_place.holds(SECRET)
    manager.redact_latest_message(user("[gone]"), agent)  # type: ignore[arg-type]
    assert not manager_place.holds(SECRET)
    assert manager_place.stored_texts() == ["q0", ANSWER, "[gone]"]
    assert texts(manager_place.agent().messages) == ["q0", ANSWER, "[gone]"]


def test_what_a_guardrail_redacts_is_in_no_object_any_more(manager_place: Place) -> None:
    agent = manager_place.agent("s", redacts("[gone]"))
    agent(f"my card is {SECRET}")
    assert not manager_place.holds(SECRET)
    assert texts(agent.messages)[0] == "[gone]"
    assert manager_place.stored_texts() == texts(agent.messages)
    assert manager_place.agent().messages == agent.messages


def test_a_message_of_an_earlier_process_can_be_redacted(manager_place: Place) -> None:
    first = manager_place.manager()
    agent = agent_of(first)
    agent("q0")
    first.append_message(user(SECRET), agent)  # type: ignore[arg-type]
    manager, restored = manager_place.pair()
    manager.redact_latest_message(user("[gone]"), restored)  # type: ignore[arg-type]
    assert not manager_place.holds(SECRET)


def test_to_redact_where_nothing_was_said_is_an_error(manager_place: Place) -> None:
    manager, agent = manager_place.pair()
    with pytest.raises(SessionException, match="No message to redact"):
        manager.redact_latest_message(user("[gone]"), agent)  # type: ignore[arg-type]
