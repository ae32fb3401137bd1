"""Append when answers are lost, refused or late, step by step; races are the simulator's."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import (
    AccessDenied,
    AppendConflict,
    SessionDeleted,
    Sessions,
    StoreUnavailable,
)
from s3sessions.stores.memory import MemoryStore
from tests.dao.mishaps import denied, raced, repeated, unanswered, unsent
from tests.interposed import Hook, Interposed

MESSAGES = "session_s/agents/agent_default/messages"
MESSAGE_0 = f"{MESSAGES}/message_0.json"
MESSAGE_1 = f"{MESSAGES}/message_1.json"


class Script:
    """Meets the requests that match with a fault each, in turn; lets all others through."""

    def __init__(self, verb: str, key: str, *faults: Callable[[Callable[[], Any]], Any]) -> None:
        self._verb, self._key, self._faults = verb, key, list(faults)

    def __call__(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        if self._faults and verb == self._verb and key.endswith(self._key):
            return self._faults.pop(0)(call)
        return call()

    @property
    def is_over(self) -> bool:
        return not self._faults


def place(hook: Hook, memory: MemoryStore, **options: Any) -> tuple[Sessions, Interposed]:
    store = Interposed(memory, hook)
    return Sessions(store=store, **options), store


def stored(memory: MemoryStore) -> list[Any]:
    history = Sessions(store=memory).open("s").restore()
    return [payload["n"] for payload in history.payloads]


@pytest.mark.parametrize("fault", [unanswered, unsent, repeated, raced], ids=lambda f: f.__name__)
@pytest.mark.parametrize("key", [MESSAGE_0, MESSAGE_1], ids=["first", "second"])
@pytest.mark.parametrize("strict", [False, True], ids=["fresh", "restored"])
def test_a_put_whose_answer_says_too_little_stores_its_message_once(
    fault: Callable[..., Any], key: str, strict: bool
) -> None:
    memory, script = MemoryStore(), Script("put", key, fault)
    sessions, _ = place(script, memory)
    chat = sessions.open("s")
    if strict:
        chat.restore()
    assert [chat.append({"n": n}).index for n in range(3)] == [0, 1, 2]
    assert script.is_over
    assert stored(memory) == [0, 1, 2]


def test_a_refused_race_is_sent_again_after_a_random_wait_below_a_growing_bound() -> None:
    waits = {}
    for name, byte in (("least", b"\x00"), ("most", b"\xff")):
        memory = MemoryStore()
        script = Script("put", MESSAGE_0, *[raced] * 8)
        sessions, store = place(script, memory, entropy=lambda count, byte=byte: byte * count)
        sessions.open("s").append({"n": 0})
        assert stored(memory) == [0]
        waits[name] = [round(pause, 3) for pause in store.slept]
    assert waits["least"] == [0.0] * 8
    assert waits["most"] == [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0, 1.0]


def test_a_store_that_never_takes_the_message_is_given_up_after_three_tries() -> None:
    memory = MemoryStore()
    script = Script("put", MESSAGE_0, *[unsent] * 4)
    sessions, _ = place(script, memory)
    with pytest.raises(StoreUnavailable) as caught:
        sessions.open("s").append({"n": 0})
    assert caught.value.write_id
    assert not script.is_over
    assert stored(memory) == []


def test_a_store_that_stays_silent_is_an_error_with_the_write_id_to_repeat() -> None:
    memory = MemoryStore()
    puts = Script("put", MESSAGE_0, unsent, unsent, unanswered)
    # The read that would settle the last one is not answered either.
    reads = Script("get", MESSAGE_0, *[unsent] * 3)
    sessions, _ = place(lambda v, k, c: reads(v, k, lambda: puts(v, k, c)), memory)
    with pytest.raises(StoreUnavailable) as caught:
        sessions.open("s").append({"n": 0})
    assert caught.value.write_id
    again = Sessions(store=memory).open("s").append({"n": 0}, write_id=caught.value.write_id)
    assert again.index == 0
    assert stored(memory) == [0]


def test_a_write_id_of_another_writer_at_our_index_is_a_conflict() -> None:
    memory = MemoryStore()
    strict = Sessions(store=memory).open("s")
    strict.restore()
    Sessions(store=memory).open("s").append({"n": "theirs"})
    with pytest.raises(AppendConflict):
        strict.append({"n": "ours"})
    assert stored(memory) == ["theirs"]


def test_after_a_conflict_a_shared_log_lists_again_instead_of_probing() -> None:
    memory = MemoryStore()
    shared = Sessions(store=memory).open("s")
    shared.append({"n": 0})
    other = Sessions(store=memory).open("s")
    for n in range(1, 9):
        other.append({"n": n})
    before = shared.requests.by_verb
    assert shared.append({"n": 9}).index == 9
    after = shared.requests.by_verb
    assert {v: after[v] - before.get(v, 0) for v in after} == {"list": 1, "get": 2, "put": 2}


def test_a_writer_that_never_finds_a_place_gives_up_and_says_how_to_go_on() -> None:
    memory = MemoryStore()
    rival = Sessions(store=memory).open("s")

    def beaten(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and "message_" in key:
            rival.append({"n": "rival"})
        return call()

    sessions, _ = place(beaten, memory, attempts=4)
    with pytest.raises(
        AppendConflict, match="no place found in 4 tries.*append again with write_id="
    ):
        sessions.open("s").append({"n": "ours"})
    assert stored(memory) == ["rival"] * 4


def test_an_unwritten_session_document_costs_no_message_and_is_healed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory = MemoryStore()
    sessions, _ = place(Script("put", "session.json", unsent), memory)
    chat = sessions.open("s", title="T")
    with caplog.at_level(logging.WARNING, logger="s3sessions"):
        assert chat.append({"n": 0}).index == 0
    assert ["document_not_written" in line for line in caplog.messages] == [True]
    assert chat.append({"n": 1}).index == 1
    assert Sessions(store=memory).info("s").title == "T"
    assert stored(memory) == [0, 1]


@pytest.mark.parametrize("restores", [False, True], ids=["fresh", "restored"])
def test_a_redelivery_brings_back_what_a_crash_beside_its_message_left_out(restores: bool) -> None:
    memory = MemoryStore()
    Sessions(store=memory).open("s").append({"n": 0}, write_id="event-1")
    for document in ("session_s/session.json", "session_s/agents/agent_default/agent.json"):
        memory.delete(document)
    chat = Sessions(store=memory).open("s", title="T")
    if restores:
        assert chat.restore().missing == ("agent", "session")
    assert chat.append({"n": 0}, write_id="event-1").index == 0
    assert Sessions(store=memory).open("s").restore().missing == ()
    assert Sessions(store=memory).info("s").title == "T"
    assert stored(memory) == [0]


def test_a_refused_message_is_an_error_even_if_its_documents_were_written() -> None:
    memory = MemoryStore()
    sessions, _ = place(Script("put", MESSAGE_0, denied), memory)
    chat = sessions.open("s")
    with pytest.raises(AccessDenied):
        chat.append({"n": 0})
    assert chat.append({"n": 1}).index == 0
    assert stored(memory) == [1]


@pytest.mark.parametrize("answer", [lambda call: call(), repeated], ids=["answered", "repeated"])
def test_a_first_message_that_meets_a_deletion_is_taken_back(answer: Callable[..., Any]) -> None:
    memory = MemoryStore()
    mark = {"session_id": "s", "s3sessions": {"v": 1, "deleted_at": "x", "deletion": "d"}}

    def deleted_in_between(call: Callable[[], Any]) -> Any:
        memory.put("session_s/session.json", json.dumps(mark).encode())
        return answer(call)

    sessions, _ = place(Script("put", MESSAGE_0, deleted_in_between), memory)
    with pytest.raises(SessionDeleted):
        sessions.open("s").append({"n": 0})
    document = json.loads(memory.get(MESSAGE_0).data)
    assert document["s3sessions"]["status"] == "void"
    memory.delete("session_s/session.json")
    assert Sessions(store=memory).open("s").restore().messages == []


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def test_what_a_handle_knows_is_trusted_for_an_hour_and_then_listed_anew() -> None:
    memory, clock = MemoryStore(), Clock()
    chat = Sessions(store=memory, clock=clock).open("s")
    chat.append({"n": 0})
    clock.now += 3600
    before = chat.requests.by_verb
    chat.append({"n": 1})
    assert chat.requests.by_verb == {**before, "put": before["put"] + 1}
    clock.now += 3601
    chat.append({"n": 2})
    after = chat.requests.by_verb
    assert (after["list"], after["get"]) == (before["list"] + 1, before["get"] + 1)
    clock.now -= 7200
    chat.append({"n": 3})
    assert chat.requests.by_verb["list"] == before["list"] + 2
    assert stored(memory) == [0, 1, 2, 3]


def test_a_stale_strict_handle_notices_what_changed_before_it_puts_anything() -> None:
    memory, clock = MemoryStore(), Clock()
    chat = Sessions(store=memory, clock=clock).open("s")
    chat.restore()
    chat.append({"n": 0})
    memory.put(MESSAGE_0, memory.get(MESSAGE_0).data + b" ")
    clock.now += 4000
    puts = chat.requests.by_verb["put"]
    with pytest.raises(AppendConflict):
        chat.append({"n": 1})
    assert chat.requests.by_verb["put"] == puts


def test_a_stale_handle_notices_a_deletion_and_begins_a_new_life() -> None:
    memory, clock = MemoryStore(), Clock()
    chat = Sessions(store=memory, clock=clock).open("s")
    chat.append({"n": 0})
    clock.now += 4000
    Sessions(store=memory).delete("s")
    assert chat.append({"n": 1}).index == 0
    assert "session_s/session.json" in [e.key for e in memory.list("").entries]


def test_an_open_put_is_settled_against_the_list_that_staleness_asks_for() -> None:
    memory, clock = MemoryStore(), Clock()

    def lost_for_hours(call: Callable[[], Any]) -> Any:
        call()
        clock.now += 4000
        raise StoreUnavailable("timeout")

    puts = Script("put", MESSAGE_1, lost_for_hours)
    # The read that would settle the put at once fails, so that it stays open.
    reads = Script("get", MESSAGE_1, unsent)
    store = Interposed(memory, lambda v, k, c: reads(v, k, lambda: puts(v, k, c)))
    chat = Sessions(store=store, clock=clock).open("s")
    chat.restore()
    chat.append({"n": 0})
    assert chat.append({"n": 1}).index == 1
    assert puts.is_over
    assert reads.is_over
    assert chat.append({"n": 2}).index == 2
    assert stored(memory) == [0, 1, 2]


def test_a_redelivery_is_recognised_among_the_newest_twenty_and_not_before() -> None:
    memory = MemoryStore()
    chat = Sessions(store=memory).open("s")
    for n in range(30):
        chat.append({"n": n}, write_id=f"w{n}")
    fresh = Sessions(store=memory).open("s")
    assert fresh.append({"n": 10}, write_id="w10").index == 10
    assert fresh.append({"n": 9}, write_id="w9").index == 30
    restored = Sessions(store=memory).open("s")
    restored.restore()
    assert restored.append({"n": 0}, write_id="w0").index == 0
    assert len(stored(memory)) == 31


def test_a_warm_handle_recognises_what_another_process_stored_before_it_looked() -> None:
    memory = MemoryStore()
    Sessions(store=memory).open("s").append({"n": 0}, write_id="event-1")
    warm = Sessions(store=memory).open("s")
    warm.append({"n": 1})
    assert warm.append({"n": 0}, write_id="event-1").index == 0
    other = Sessions(store=memory).open("s")
    other.append({"n": 2}, write_id="event-2")
    assert warm.append({"n": 2}, write_id="event-2").index == 2
    other.append({"n": 3}, write_id="event-3")
    warm.append({"n": 4})
    assert warm.append({"n": 3}, write_id="event-3").index == 3
    assert stored(memory) == [0, 1, 2, 3, 4]


def test_of_one_event_delivered_to_two_at_once_both_are_told_what_is_stored() -> None:
    memory = MemoryStore()

    def beaten(call: Callable[[], Any]) -> Any:
        Sessions(store=memory).open("s").append({"n": "first answer"}, write_id="event-1")
        return call()

    sessions, _ = place(Script("put", MESSAGE_0, beaten), memory)
    told = sessions.open("s").append({"n": "second answer"}, write_id="event-1")
    assert (told.index, told.payload) == (0, {"n": "first answer"})
    assert stored(memory) == ["first answer"]


def test_a_write_id_whose_message_was_taken_back_is_stored_anew() -> None:
    memory = MemoryStore()
    chat = Sessions(store=memory).open("s")
    chat.append({"n": 0}, write_id="w")
    memory.put(MESSAGE_0, memory.get(MESSAGE_0).data.replace(b'"v":1', b'"v":1,"status":"void"'))
    assert chat.append({"n": 1}, write_id="w").index == 1
    assert stored(memory) == [1]


def test_a_message_without_a_stamp_is_read_and_extended() -> None:
    memory = MemoryStore()
    body = {"message": {"n": 0}, "message_id": 0, "redact_message": None}
    memory.put(MESSAGE_0, json.dumps(body, indent=2).encode())
    chat = Sessions(store=memory).open("s")
    history = chat.restore()
    assert history.payloads == [{"n": 0}]
    assert history.messages[0].write_id is None
    assert chat.append({"n": 1}).index == 1


def test_what_strands_redacted_is_read_redacted() -> None:
    memory = MemoryStore()
    body = {"message": {"n": "secret"}, "message_id": 0, "redact_message": {"n": "redacted"}}
    memory.put(MESSAGE_0, json.dumps(body).encode())
    assert stored(memory) == ["redacted"]


def test_a_tool_result_that_looks_like_encoded_bytes_bricks_no_session() -> None:
    memory = MemoryStore()
    look_alike = {"__bytes_encoded__": True, "data": "abc"}
    real = {"__bytes_encoded__": True, "data": "AAE="}
    body = {"message": {"n": [look_alike, real]}, "message_id": 0}
    memory.put(MESSAGE_0, json.dumps(body).encode())
    assert stored(memory) == [[look_alike, b"\x00\x01"]]
