"""What a session has used, through everything that hides, replaces and deletes its messages."""

from __future__ import annotations

import threading
from typing import Any

from s3sessions import Sessions
from s3sessions.stores.memory import MemoryStore
from s3sessions.usage import fold
from tests.behaviour.speaking import document
from tests.rig import Rig

NESTED = {"inputTokens": 10, "cost": 0.1, "details": {"cached": 3}}


def used(rig: Rig, **how: Any) -> Any:
    return rig.sessions().open("s").restore(**how).usage


def test_what_is_used_stays_counted_whatever_becomes_of_the_messages(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    said: list[Any] = []

    def speak(times: int) -> None:
        for _ in range(times):
            said.append(chat.append({"n": len(said)}, usage=NESTED))

    speak(3)
    assert used(memory_rig) == {"inputTokens": 30, "cost": 0.3, "details": {"cached": 9}}
    assert chat.truncate(1).usage == fold(said[:2])
    assert document(memory_rig)["usage"] == fold(said[:2]), (
        "what is written is what adding up anew gives"
    )
    speak(2)
    chat.summarize("so far", keep_last=1)
    said += chat.append_many([{"n": 5}, {"n": 6}], usage=[NESTED, None])
    chat.replace([{"n": "a"}, {"n": "b"}])
    assert document(memory_rig)["usage"] == fold(said)
    speak(1)
    chat.compact(min_age=0)
    chat.clear()
    chat.compact(min_age=0)
    assert document(memory_rig)["usage"] == fold(said) == used(memory_rig)
    assert used(memory_rig) == {"inputTokens": 70, "cost": 0.7, "details": {"cached": 21}}


def test_a_part_of_the_history_is_told_with_all_that_is_hidden(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    for _ in range(6):
        chat.append({}, usage={"in": 1})
    chat.truncate(4)
    assert used(memory_rig) == {"in": 6}
    assert used(memory_rig, last=1) == {"in": 3}
    assert used(memory_rig, start=4) == {"in": 4}


def test_a_stated_total_counts_for_what_is_hidden_before_it(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append({}, usage={"in": 5, "out": 1})
    chat.append({}, usage_total={"in": 100})
    chat.append({}, usage={"in": 1})
    assert used(memory_rig) == {"in": 101}
    assert chat.truncate(2).usage == {"in": 5, "out": 1}
    assert used(memory_rig) == {"in": 101}
    assert chat.truncate(1).usage == {"in": 100}
    chat.append({}, usage_total={"in": 7})
    assert used(memory_rig) == {"in": 7}
    assert chat.clear().usage == {"in": 7}


def test_agents_count_for_themselves(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    for agent, tokens in (("one", 1), ("two", 2)):
        sessions.open("s", agent).append({}, usage={"in": tokens})
    assert sessions.open("s", "two").restore().usage == {"in": 2}


def test_what_a_removed_message_used_is_told_while_it_is_there(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    for _ in range(3):
        chat.append({"content": "x"}, usage={"in": 1})
    chat.redact(0)
    assert used(memory_rig) == {"in": 3}
    other = memory_rig.sessions().open("s")
    other.remove(1)
    assert used(memory_rig) == {"in": 2}
    assert chat.truncate(0).usage == {"in": 2}, "as a reader has added it up before"


def test_two_writers_at_once_count_exactly() -> None:
    memory = MemoryStore()

    def speak() -> None:
        chat = Sessions(store=memory).open("s", on_conflict="rebase")
        for n in range(100):
            chat.append({"n": n}, usage={"in": 3, "cost": 0.1})

    threads = [threading.Thread(target=speak) for _ in range(2)]
    for thread in threads:
        thread.start()
    cutter = Sessions(store=memory).open("s")
    for _ in range(5):
        cutter.restore()
        cutter.truncate(10)
    for thread in threads:
        thread.join()
    history = Sessions(store=memory).open("s").restore()
    assert history.next_index == 200
    assert history.usage == {"in": 600, "cost": 20.0}
