"""A batch when answers are lost, refused or late, and when its writer dies, request by request."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import (
    AppendConflict,
    PreconditionFailed,
    S3SessionsError,
    SessionDeleted,
    Sessions,
    StoreUnavailable,
)
from s3sessions.stores.memory import MemoryStore
from tests.dao.mishaps import raced, unanswered, unsent
from tests.interposed import Interposed

MESSAGES = "session_s/agents/agent_default/messages"
PAYLOADS = [{"n": n} for n in range(3)]


class Died(BaseException):
    """The process is gone."""


def at_request(number: int, fault: Callable[[Callable[[], Any]], Any]) -> tuple[Any, list[str]]:
    """Meet the request of that number with a fault; give what was asked for, too."""
    asked: list[str] = []

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        asked.append(f"{verb} {key}")
        return fault(call) if len(asked) == number + 1 else call()

    return hook, asked


def died_before(call: Callable[[], Any]) -> Any:
    raise Died


def died_after(call: Callable[[], Any]) -> Any:
    with suppress(S3SessionsError):
        call()
    raise Died


def seen(memory: MemoryStore) -> list[Any]:
    return [payload["n"] for payload in Sessions(store=memory).open("s").restore().payloads]


def requests_of_a_batch(*, warm: bool) -> int:
    memory = MemoryStore()
    hook, asked = at_request(10**6, unsent)
    append_batch(memory, hook, warm=warm)
    return len(asked)


def append_batch(memory: MemoryStore, hook: Any, *, warm: bool) -> Any:
    """Append a batch behind a message; a warm handle has restored before the hook listens."""
    listens = [not warm]
    store = Interposed(memory, lambda v, k, c: hook(v, k, c) if listens[0] else c())
    chat = Sessions(store=store).open("s")
    if warm:
        chat.append({"n": "first"})
        chat.restore()
    listens[0] = True
    return chat.append_many(PAYLOADS, write_id="event-1")


@pytest.mark.parametrize("warm", [False, True], ids=["fresh", "restored"])
@pytest.mark.parametrize("fault", [unsent, unanswered, raced], ids=lambda f: f.__name__)
def test_a_batch_survives_a_fault_at_every_request(fault: Callable[..., Any], warm: bool) -> None:
    before: list[Any] = ["first"] if warm else []
    for number in range(requests_of_a_batch(warm=warm)):
        memory = MemoryStore()
        hook, asked = at_request(number, fault)
        if fault is raced and not asked_is_put(warm, number):
            continue
        stored = append_batch(memory, hook, warm=warm)
        assert [message.payload for message in stored] == PAYLOADS, asked
        assert seen(memory) == [*before, 0, 1, 2], asked


def asked_is_put(warm: bool, number: int) -> bool:
    hook, asked = at_request(10**6, unsent)
    append_batch(MemoryStore(), hook, warm=warm)
    return asked[number].startswith("put")


@pytest.mark.parametrize("warm", [False, True], ids=["fresh", "restored"])
@pytest.mark.parametrize("death", [died_before, died_after], ids=lambda f: f.__name__)
def test_a_batch_whose_writer_dies_is_there_whole_or_not_at_all_and_can_be_repeated(
    death: Callable[..., Any], warm: bool
) -> None:
    before: list[Any] = ["first"] if warm else []
    outcomes = set()
    for number in range(requests_of_a_batch(warm=warm)):
        memory = MemoryStore()
        hook, asked = at_request(number, death)
        with pytest.raises(Died):
            append_batch(memory, hook, warm=warm)
        found = seen(memory)
        assert found in ([*before], [*before, 0, 1, 2]), asked
        outcomes.add(len(found))
        again = Sessions(store=memory).open("s")
        again.append_many(PAYLOADS, write_id="event-1")
        assert seen(memory) == [*before, 0, 1, 2], asked
        again.append({"n": 3})
        assert seen(memory) == [*before, 0, 1, 2, 3], asked
    # By a warm handle the commit is the last request: dead before it, nothing is there.
    assert len(outcomes) == (1 if warm and death is died_before else 2)


def test_whoever_takes_the_next_index_first_kills_the_batch_and_nobody_waits() -> None:
    memory = MemoryStore()
    chat = Sessions(store=memory).open("s")
    chat.append({"n": "first"})

    def overtaken(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key.endswith("message_1.json") and not overtakers:
            overtakers.append(Sessions(store=memory).open("s").append({"n": "quick"}))
        return call()

    overtakers: list[Any] = []
    slow = Sessions(store=Interposed(memory, overtaken)).open("s")
    stored = slow.append_many(PAYLOADS)
    assert overtakers[0].index == 1
    # Members of the first try stand at 2 and 3 for good; the second goes behind them.
    assert [message.index for message in stored] == [4, 5, 6]
    assert seen(memory) == ["first", "quick", 0, 1, 2]


def test_a_restored_handle_is_told_that_its_batch_was_overtaken() -> None:
    memory = MemoryStore()
    Sessions(store=memory).open("s").append({"n": "first"})

    def overtaken(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key.endswith("message_1.json"):
            Sessions(store=memory).open("s").append({"n": "quick"})
        return call()

    slow = Sessions(store=Interposed(memory, overtaken)).open("s")
    slow.restore()
    with pytest.raises(AppendConflict) as caught:
        slow.append_many(PAYLOADS)
    assert [message.payload for message in caught.value.messages] == [{"n": "quick"}]
    assert seen(memory) == ["first", "quick"]


def test_two_batches_at_once_are_both_there_whole() -> None:
    memory = MemoryStore()
    others: list[Any] = []

    def between_the_waves(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key.endswith("message_0.json") and not others:
            other = Sessions(store=memory).open("s")
            others.append(other.append_many([{"n": "a"}, {"n": "b"}]))
        return call()

    slow = Sessions(store=Interposed(memory, between_the_waves)).open("s")
    slow.append_many(PAYLOADS)
    assert seen(memory) == ["a", "b", 0, 1, 2]


def test_a_commit_that_arrives_late_counts_as_the_one_that_was_acknowledged() -> None:
    memory = MemoryStore()
    late: list[Callable[[], Any]] = []

    def delayed(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key.endswith("message_0.json") and not late:
            late.append(call)
            raise StoreUnavailable("timeout")
        if verb == "put" and key.endswith("message_0.json"):
            late[0]()
        return call()

    stored = Sessions(store=Interposed(memory, delayed)).open("s").append_many(PAYLOADS)
    assert [message.payload for message in stored] == PAYLOADS
    assert seen(memory) == [0, 1, 2]


def test_a_late_commit_behind_another_writer_changes_nothing() -> None:
    memory = MemoryStore()
    late: list[Callable[[], Any]] = []

    def delayed(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key.endswith("message_0.json"):
            late.append(call)
            raise StoreUnavailable("timeout")
        return call()

    with pytest.raises(StoreUnavailable) as caught:
        Sessions(store=Interposed(memory, delayed)).open("s").append_many(PAYLOADS)
    Sessions(store=memory).open("s").append({"n": "other"})
    for call in late:
        with pytest.raises(PreconditionFailed):
            call()
    assert seen(memory) == ["other"]
    again = Sessions(store=memory).open("s")
    again.append_many(PAYLOADS, write_id=caught.value.write_id)
    assert seen(memory) == ["other", 0, 1, 2]


def test_a_session_that_is_being_deleted_keeps_nothing_of_a_batch() -> None:
    memory = MemoryStore()

    def deleted_meanwhile(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key.endswith("message_0.json"):
            # Between the list, which showed no session, and the commit a deletion begins.
            mark = b'{"session_id":"s","s3sessions":{"v":1,"deleted_at":"x","deletion":"d"}}'
            memory.put("session_s/session.json", mark)
        return call()

    chat = Sessions(store=Interposed(memory, deleted_meanwhile)).open("s")
    with pytest.raises(SessionDeleted):
        chat.append_many(PAYLOADS)
    memory.delete("session_s/session.json")
    assert seen(memory) == []
    for entry in memory.list(MESSAGES).entries:
        assert b'"status":"void"' in memory.get(entry.key).data
        assert b'"n"' not in memory.get(entry.key).data
