"""Two writers in one history: what a handle is told, and how it goes on."""

from __future__ import annotations

import json

import pytest

from s3sessions import AppendConflict, Conflict, SessionDeleted
from tests.rig import Rig

MESSAGES = "session_s/agents/agent_default/messages"


def test_a_conflict_carries_what_the_others_said(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.restore()
    other = rig.sessions().open("s")
    theirs = [other.append({"n": n}) for n in range(3)]
    with pytest.raises(AppendConflict) as caught:
        chat.append({"n": "mine"})
    assert caught.value.index == 0
    assert list(caught.value.messages) == theirs
    assert caught.value.key == f"{rig.prefix}{MESSAGES}/message_0.json"


def test_a_conflict_carries_at_most_a_hundred_messages(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.restore()
    memory_rig.sessions().open("s").append_many([{"n": n} for n in range(150)])
    with pytest.raises(AppendConflict) as caught:
        chat.append({"n": "mine"})
    assert len(caught.value.messages) == 100
    assert len(chat.refresh()) == 150


def test_a_handle_refreshes_and_goes_on(rig: Rig) -> None:
    rig.sessions().open("s").append({"n": 0})
    chat = rig.sessions().open("s")
    chat.restore()
    assert chat.refresh() == []
    theirs = rig.sessions().open("s").append({"n": 1})
    with pytest.raises(AppendConflict):
        chat.append({"n": 2})
    assert chat.refresh() == [theirs]
    assert chat.append({"n": 2}).index == 2
    assert chat.refresh() == []


def test_a_refresh_costs_a_list_a_get_and_what_is_new(memory_rig: Rig) -> None:
    other = memory_rig.sessions().open("s")
    for n in range(5):
        other.append({"n": n})
    chat = memory_rig.sessions().open("s")
    chat.restore()
    other.append({"n": 5})
    before = dict(chat.requests.by_verb)
    chat.refresh()
    after = chat.requests.by_verb
    assert after["list"] - before["list"] == 1
    assert after["get"] - before["get"] == 2


def test_a_handle_that_never_restored_restores_when_it_refreshes(memory_rig: Rig) -> None:
    memory_rig.sessions().open("s").append({"n": 0})
    chat = memory_rig.sessions().open("s")
    assert [message.payload for message in chat.refresh()] == [{"n": 0}]
    memory_rig.sessions().open("s").append({"n": 1})
    with pytest.raises(AppendConflict):
        chat.append({"n": 2})


def test_a_refresh_says_when_what_the_handle_knew_is_gone(rig: Rig) -> None:
    first = rig.sessions()
    first.open("s").append({"n": 0})
    chat = rig.sessions().open("s")
    chat.restore()
    first.delete("s")
    with pytest.raises(Conflict, match="restore it anew"):
        chat.refresh()
    first.open("s").append({"n": "another life"})
    with pytest.raises(Conflict, match="restore it anew"):
        chat.refresh()
    assert chat.restore().payloads == [{"n": "another life"}]


def test_a_refresh_goes_on_where_the_last_message_was_changed_in_place(rig: Rig) -> None:
    rig.sessions().open("s").append({"n": 0})
    chat = rig.sessions().open("s")
    chat.restore()
    other = rig.sessions().open("s")
    other.redact(0)
    other.append({"n": 1})
    assert [message.payload for message in chat.refresh()] == [{"n": 1}]
    assert chat.append({"n": 2}).index == 2


def test_a_redelivery_finds_its_message_behind_those_of_another_writer(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.restore()
    stored = rig.sessions().open("s").append({"n": 0}, write_id="event-1")
    rig.sessions().open("s").append({"n": 1})
    assert chat.append({"n": 0}, write_id="event-1") == stored
    with pytest.raises(AppendConflict):
        chat.append({"n": 2}, write_id="event-2")


def test_after_a_restore_of_the_last_few_a_redelivery_is_looked_for_in_the_last_twenty(
    memory_rig: Rig,
) -> None:
    other = memory_rig.sessions().open("s")
    stored = other.append({"n": 0}, write_id="event-1")
    for n in range(1, 20):
        other.append({"n": n})
    chat = memory_rig.sessions().open("s")
    chat.restore(last=3)
    assert chat.append({"n": 0}, write_id="event-1") == stored
    assert chat.append({"n": 20}, write_id="event-2").index == 20


def test_a_void_with_our_write_id_is_not_our_message(memory_rig: Rig) -> None:
    """A message taken back, or removed, is not there: appending it again stores it."""
    chat = memory_rig.sessions().open("s")
    chat.append({"n": 0}, write_id="event-1")
    memory_rig.sessions().open("s").remove(0)
    again = memory_rig.sessions().open("s").append({"n": 0}, write_id="event-1")
    assert (again.index, again.payload) == (1, {"n": 0})


def test_a_marked_session_stops_a_refresh(memory_rig: Rig) -> None:
    memory_rig.sessions().open("s").append({"n": 0})
    chat = memory_rig.sessions().open("s")
    chat.restore()
    body = json.loads(memory_rig.body("session_s/session.json"))
    body["s3sessions"]["deleted_at"] = "2026-11-21T09:00:00.000000+00:00"
    memory_rig.plant("session_s/session.json", json.dumps(body).encode())
    with pytest.raises(SessionDeleted):
        chat.refresh()
