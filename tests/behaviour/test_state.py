"""What an agent's state promises, on every store and in both colours."""

from __future__ import annotations

import json

import pytest

from s3sessions import InvalidMessage, SessionDeleted
from tests.rig import Rig

DOCUMENT = "session_s/agents/agent_default/agent.json"


def test_a_state_that_was_saved_is_restored_by_another_process(rig: Rig) -> None:
    assert rig.sessions().open("s").save_state({"step": 3, "raw": b"\x00"}) == {
        "step": 3,
        "raw": b"\x00",
    }
    assert rig.sessions().open("s").restore().state == {"step": 3, "raw": b"\x00"}


def test_a_state_that_does_not_change_costs_no_request(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append({"role": "user"})
    chat.save_state({"step": 1})
    before = chat.requests.total
    for _ in range(10):
        assert chat.save_state({"step": 1}) == {"step": 1}
    assert chat.requests.total == before


def test_a_change_of_state_after_a_restore_is_one_conditional_put(rig: Rig) -> None:
    rig.sessions().open("s").append({"role": "user"})
    chat = rig.sessions().open("s")
    chat.restore()
    before = chat.requests.by_verb
    chat.save_state({"step": 2})
    assert chat.requests.by_verb == {**before, "put": 1}


def test_two_writers_of_different_keys_lose_nothing(rig: Rig) -> None:
    first, second = rig.sessions().open("s"), rig.sessions().open("s")
    for n in range(10):
        first.save_state({"a": n})
        second.save_state({"b": n})
    assert rig.sessions().open("s").restore().state == {"a": 9, "b": 9}


def test_a_state_saved_into_a_session_that_is_being_deleted_leaves_no_ghost(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append({"role": "user"})
    document = rig.body("session_s/session.json")
    rig.plant("session_s/session.json", document.replace(b'"life"', b'"deleted_at":"x","life"'))
    rig.remove(DOCUMENT)
    with pytest.raises(SessionDeleted):
        chat.save_state({"step": 1})
    assert DOCUMENT not in rig.keys()


def test_keys_are_dropped_by_name_and_others_stay(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.save_state({"a": 1, "b": 2})
    assert chat.save_state({"c": 3}, remove=["a", "unknown"]) == {"b": 2, "c": 3}
    assert rig.sessions().open("s").restore().state == {"b": 2, "c": 3}


def test_fields_that_are_not_ours_survive_a_change_of_state(rig: Rig) -> None:
    rig.sessions().open("s").append({"role": "user"})
    document = json.loads(rig.body(DOCUMENT))
    document["_internal_state"] = {"interrupts": [1]}
    document["from_the_future"] = {"x": 1}
    rig.plant(DOCUMENT, json.dumps(document).encode())
    rig.sessions().open("s").save_state({"step": 1})
    after = json.loads(rig.body(DOCUMENT))
    assert after["_internal_state"] == {"interrupts": [1]}
    assert after["from_the_future"] == {"x": 1}
    assert after["created_at"] == document["created_at"]
    assert after["updated_at"] > document["updated_at"]


def test_a_state_that_json_cannot_hold_is_refused_before_any_request(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    with pytest.raises(InvalidMessage, match=r"state\.x is of type set"):
        sessions.open("s").save_state({"x": {1}})
    assert sessions.requests.total == 0
