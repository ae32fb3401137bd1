"""What was appended is confirmed, or taken back where the session was deleted meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from s3sessions import SessionDeleted, Sessions
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from s3sessions.testing.faults import Crash
from tests.behaviour.counting import Counted
from tests.rig import Rig

SECRET = b"a secret"


def knowing(rig: Rig, *, agent: str = "default") -> Any:
    """A handle that has read a session in which something was said."""
    rig.sessions().open("s", agent).append({"n": 0})
    chat = rig.sessions().open("s", agent)
    chat.restore()
    return chat


def said(rig: Rig, agent: str = "default") -> list[Any]:
    return [payload["n"] for payload in rig.sessions().open("s", agent).restore().payloads]


def is_anywhere(rig: Rig, data: bytes) -> bool:
    return any(data in rig.body(key) for key in rig.keys())


def test_what_stands_in_its_session_is_confirmed(memory_rig: Rig) -> None:
    chat = knowing(memory_rig)
    message = chat.append({"n": 1})
    chat.confirm([message])
    chat.confirm([message])
    assert said(memory_rig) == [0, 1]


def test_what_has_begun_its_session_is_confirmed(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.confirm([chat.append({"n": 0}), *chat.append_many([{"n": 1}, {"n": 2}])])
    assert said(memory_rig) == [0, 1, 2]


def test_to_confirm_is_one_request(counted: Counted) -> None:
    counted.fill(1)
    sessions = counted.rig.sessions()
    chat = sessions.open("s")
    chat.restore()
    message = chat.append({"n": 1})
    assert counted.cost(lambda _: chat.confirm([message]), sessions) == {"get": 1}


def test_what_stands_in_a_session_that_was_deleted_is_taken_back(sync_rig: Rig) -> None:
    chat = knowing(sync_rig)
    sync_rig.sessions().delete("s")
    message = chat.append({"n": SECRET.decode()})
    batch = chat.append_many([{"n": SECRET.decode()}] * 2)
    with pytest.raises(SessionDeleted, match="deleted after this handle had read it"):
        chat.confirm([message, *batch])
    assert said(sync_rig) == []
    assert not is_anywhere(sync_rig, SECRET)
    sync_rig.sessions().open("s").append({"n": "anew"})
    assert said(sync_rig) == ["anew"]


def test_what_stands_in_a_session_that_was_begun_anew_is_taken_back(memory_rig: Rig) -> None:
    chat = knowing(memory_rig)
    memory_rig.sessions().delete("s")
    memory_rig.sessions().open("s").append({"n": "anew"})
    message = chat.append({"n": "late"})
    with pytest.raises(SessionDeleted):
        chat.confirm([message])
    assert said(memory_rig) == ["anew"]


def test_what_stands_in_a_session_that_is_being_deleted_is_taken_back() -> None:
    store = FaultyStore(MemoryStore())
    chat = Sessions(store=store).open("s")
    chat.append({"n": 0})
    store.add(Rule(Fault.CRASH_BEFORE, verb="delete_many"))
    with pytest.raises(Crash):
        Sessions(store=store).delete("s")
    message = chat.append({"n": SECRET.decode()})
    with pytest.raises(SessionDeleted, match="is being deleted"):
        chat.confirm([message])
    assert SECRET not in store.get("session_s/agents/agent_default/messages/message_1.json").data


def test_what_somebody_else_has_put_there_since_is_left(memory_rig: Rig) -> None:
    chat = knowing(memory_rig)
    message = chat.append({"n": 1})
    memory_rig.sessions().delete("s")
    other = memory_rig.sessions().open("s")
    for n in range(3):
        other.append({"n": f"anew {n}"})
    with pytest.raises(SessionDeleted):
        chat.confirm([message])
    assert said(memory_rig) == ["anew 0", "anew 1", "anew 2"]


def test_of_an_agent_that_was_deleted_it_is_taken_back_and_others_keep_theirs(
    memory_rig: Rig,
) -> None:
    memory_rig.sessions().open("s", "b").append({"n": "b"})
    chat = knowing(memory_rig, agent="a")
    memory_rig.sessions().delete("s", agent="a")
    message = chat.append({"n": SECRET.decode()})
    with pytest.raises(SessionDeleted):
        chat.confirm([message])
    assert not is_anywhere(memory_rig, SECRET)
    assert said(memory_rig, "b") == ["b"]


def test_a_handle_that_was_refused_looks_before_it_appends_again(memory_rig: Rig) -> None:
    chat = knowing(memory_rig)
    memory_rig.sessions().delete("s")
    message = chat.append({"n": 1})
    with pytest.raises(SessionDeleted):
        chat.confirm([message])
    lists = chat.requests.by_verb["list"]
    chat.restore()
    chat.append({"n": 2})
    chat.confirm([])
    assert chat.requests.by_verb["list"] > lists
    assert said(memory_rig) == [2]


def test_nothing_confirmed_is_a_look_at_the_session(memory_rig: Rig) -> None:
    chat = knowing(memory_rig)
    chat.confirm([])
    memory_rig.sessions().delete("s")
    with pytest.raises(SessionDeleted):
        chat.confirm([])


def test_a_session_whose_session_json_was_never_read_has_any_life(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    memory_rig.sessions().open("s").append({"n": 0})
    chat.confirm([chat.append({"n": 1})])
    assert said(memory_rig) == [0, 1]


def test_preparing_makes_no_request_and_may_be_done_twice(rig: Rig) -> None:
    sessions = rig.sessions()
    sessions.prepare()
    sessions.prepare()
    sessions.under("deeper").prepare()
    assert sessions.requests.total == 0
    sessions.open("s").append({"n": 0})
    assert said(rig) == [0]
