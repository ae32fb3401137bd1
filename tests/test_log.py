"""What is logged: one line an event, with its session and agent, and never a payload."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from s3sessions import AppendConflict, Sessions
from s3sessions.stores.memory import MemoryStore

SECRET = "hunter2"


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[Any]:
    return [r for r in caplog.records if r.name == "s3sessions" and r.levelno == level]


def test_events_carry_their_fields_for_people_and_for_machines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="s3sessions")
    sessions = Sessions("memory://")
    chat = sessions.open("s\nforged", agent="a")
    chat.append({"text": SECRET})
    chat.restore()
    sessions.delete("s\nforged")
    assert [r.s3sessions["event"] for r in lines(caplog, logging.INFO)] == [
        "session_created",
        "session_restored",
        "session_deleted",
    ]
    restored = lines(caplog, logging.INFO)[1]
    assert restored.s3sessions["session"] == "s\nforged"
    assert restored.s3sessions["agent"] == "a"
    assert restored.s3sessions["messages"] == 1
    assert restored.getMessage().startswith('session_restored session="s\\nforged" agent="a"')
    assert "\n" not in caplog.text.rstrip("\n").replace("\nINFO", "")


def test_what_becomes_of_a_session_is_logged_with_its_counts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [1_700_000_000.0]
    sessions = Sessions(store=MemoryStore(clock=lambda: now[0]), clock=lambda: now[0])
    chat = sessions.open("s")
    chat.append_many([{"text": SECRET}] * 3)
    chat.append({"text": SECRET})
    caplog.set_level(logging.INFO, logger="s3sessions")
    chat.summarize(SECRET, keep_last=1)
    chat.compact(min_age=0)
    sessions.describe("s", title=SECRET)
    sessions.fork("s", "child", agent="default")
    sessions.end("s", SECRET)
    sessions.reopen("s")
    del chat
    now[0] += 3600
    list(sessions.prune(60))
    told = [record.s3sessions for record in lines(caplog, logging.INFO)]
    named = {each["event"]: each for each in told}
    assert list(named) == [
        "session_restored",
        "history_changed",
        "history_compacted",
        "session_described",
        "session_forked",
        "session_ended",
        "session_reopened",
        "session_deleted",
        "session_pruned",
        "prune_finished",
    ]
    assert (named["history_changed"]["first"], named["history_compacted"]["objects"]) == (3, 3)
    assert {each.get("session") for each in told} == {"s", "child", None}
    assert (named["prune_finished"]["sessions"], named["prune_finished"]["deleted"]) == (2, 2)
    assert SECRET not in caplog.text


def test_requests_are_logged_at_debug_level_with_session_and_agent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="s3sessions")
    Sessions("memory://").under("t").open("s", agent="a").append({"text": SECRET})
    requests = [r.s3sessions for r in lines(caplog, logging.DEBUG) if "verb" in r.s3sessions]
    puts = [r for r in requests if r["verb"] == "put" and "message_0" in r["key"]]
    assert [(r["session"], r["agent"], r["status"]) for r in puts] == [("s", "a", 200)]
    assert SECRET not in caplog.text


def test_a_conflict_and_damage_are_said_at_their_level(caplog: pytest.LogCaptureFixture) -> None:
    memory = MemoryStore()
    strict = Sessions(store=memory).open("s")
    strict.restore()
    Sessions(store=memory).open("s").append({"text": SECRET})
    caplog.set_level(logging.INFO, logger="s3sessions")
    with pytest.raises(AppendConflict):
        strict.append({})
    assert lines(caplog, logging.INFO)[-1].s3sessions == {
        "event": "append_conflict",
        "session": "s",
        "agent": "default",
        "index": 0,
    }
    memory.put("session_s/agents/agent_default/messages/message_0.json", SECRET.encode())
    strict.restore(on_corrupt="report")
    (warning,) = lines(caplog, logging.WARNING)
    assert warning.s3sessions == {
        "event": "corrupt_object",
        "session": "s",
        "agent": "default",
        "key": "session_s/agents/agent_default/messages/message_0.json",
        "kind": "corrupt_object",
    }
    assert SECRET not in caplog.text


def test_nothing_is_logged_above_debug_for_an_append(caplog: pytest.LogCaptureFixture) -> None:
    chat = Sessions("memory://").open("s")
    chat.append({})
    caplog.set_level(logging.INFO, logger="s3sessions")
    chat.append({})
    assert caplog.records == []
