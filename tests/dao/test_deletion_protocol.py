"""Deletion that is killed, refused or overtaken at every single request, step by step."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import (
    AccessDenied,
    AsyncSessions,
    Conflict,
    CorruptObject,
    NotFound,
    PartialDelete,
    SessionDeleted,
    SessionNotFound,
    Sessions,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.bridge import Blocking
from s3sessions.ports import DeleteOutcome, SyncStore
from s3sessions.stores.memory import MemoryStore
from tests.dao.deleting import KillAt, KilledError
from tests.interposed import Interposed

DOCUMENT = "session_s/session.json"
ONE = "session_s/agents/agent_one/"
MESSAGE = ONE + "messages/message_{}.json"
BESIDE = (
    ONE + "lease.json",
    ONE + "history.json",
    ONE + "archive/segment_0-98.jsonl",
    ONE + "messages/.DS_Store",
    "session_s/agents/notes.txt",
    "session_s/children/fork_c.json",
    "session_s/multi_agents/multi_agent_g/multi_agent.json",
    "session_s/foreign",
)
MOST_REQUESTS = 40

Delete = Callable[[SyncStore, str | None], object]


def delete_blocking(store: SyncStore, agent: str | None) -> object:
    return Sessions(store=store).delete("s", agent=agent)


def delete_async(store: SyncStore, agent: str | None) -> object:
    return asyncio.run(AsyncSessions(store=Blocking(store)).delete("s", agent=agent))


def filled(count: int = 5, beside: tuple[str, ...] = ()) -> MemoryStore:
    memory = MemoryStore()
    sessions = Sessions(store=memory)
    for agent in ("one", "two"):
        chat = sessions.open("s", agent=agent)
        for n in range(count):
            chat.append({"n": n})
    sessions.open("sa").append({"n": 0})
    for key in beside:
        memory.put(key, b"{}")
    return memory


def keys(memory: MemoryStore, prefix: str = "session_s/") -> list[str]:
    return [entry.key for entry in memory.list(prefix).entries]


def nobody_is_left(memory: MemoryStore, agent: str | None) -> None:
    """Check that all of it is gone and that the rest is as it was."""
    if agent is None:
        assert keys(memory) == []
    else:
        assert keys(memory, ONE) == []
        assert len(Sessions(store=memory).open("s", agent="two").restore().messages) == 5
        assert "deleted_agents" not in json.loads(memory.get(DOCUMENT).data)["s3sessions"]
    assert len(Sessions(store=memory).open("sa").restore().messages) == 1


def readers_see_all_or_nothing(memory: MemoryStore) -> None:
    sessions = Sessions(store=memory)
    looks: list[Callable[[], int]] = [
        lambda: len(sessions.open("s", agent="one").restore().messages),
        lambda: len(list(sessions.open("s", agent="one").iterate())),
        lambda: sessions.info("s").agents.get("one", 0),
    ]
    for look in looks:
        with suppress(SessionNotFound):
            assert look() in (0, 5)


def every_request(*, after: bool, least: int = 8, **strike: Any) -> Iterator[KillAt]:
    """Strike at each request in turn, until one comes that is never made."""
    for request in range(1, MOST_REQUESTS):
        hook = KillAt(request, after=after, **strike)
        yield hook
        if not hook.struck:
            assert request > least
            return
    pytest.fail("the deletion never ended")


whole_or_agent = pytest.mark.parametrize("agent", [None, "one"], ids=["session", "agent"])
before_or_after = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])


@before_or_after
@whole_or_agent
@pytest.mark.parametrize("delete", [delete_blocking, delete_async], ids=["sync", "async"])
def test_a_deletion_killed_at_any_request_is_run_again_and_ends(
    delete: Delete, agent: str | None, after: bool
) -> None:
    for kill in every_request(after=after):
        memory = filled(beside=BESIDE)
        with suppress(KilledError):
            delete(Interposed(memory, kill), agent)
        readers_see_all_or_nothing(memory)
        try:
            delete(memory, agent)
        except SessionNotFound:
            assert after or not kill.struck, "nothing is left to do only after the last request"
        nobody_is_left(memory, agent)


@before_or_after
@whole_or_agent
def test_an_answer_lost_at_any_request_is_an_error_and_the_next_run_ends(
    agent: str | None, after: bool
) -> None:
    for lose in every_request(after=after, error=StoreUnavailable("no answer")):
        memory = filled()
        try:
            delete_blocking(Interposed(memory, lose), agent)
        except StoreUnavailable:
            readers_see_all_or_nothing(memory)
            with suppress(SessionNotFound):
                delete_blocking(memory, agent)
        nobody_is_left(memory, agent)


@whole_or_agent
def test_a_write_refused_as_a_race_is_made_again(agent: str | None) -> None:
    for race in every_request(after=False, least=2, error=WriteRace("a write was under way")):
        memory = filled()

        def at_writes(verb: str, key: str, call: Callable[[], Any], race: KillAt = race) -> Any:
            return race(verb, key, call) if verb in ("put", "delete") else call()

        delete_blocking(Interposed(memory, at_writes), agent)
        nobody_is_left(memory, agent)


@before_or_after
@whole_or_agent
def test_of_two_deletions_at_once_both_end(agent: str | None, after: bool) -> None:
    memory = MemoryStore()

    def delete() -> None:
        delete_blocking(memory, agent)

    for other in every_request(after=after, instead=delete):
        memory = filled()
        try:
            delete_blocking(Interposed(memory, other), agent)
        except SessionNotFound:
            assert other.struck
        nobody_is_left(memory, agent)


@before_or_after
@pytest.mark.parametrize("document", [True, False], ids=["with document", "without"])
@whole_or_agent
def test_a_deletion_that_stalls_at_any_request_takes_nothing_of_a_new_life(
    agent: str | None, document: bool, after: bool
) -> None:
    memory = MemoryStore()
    first_look = 1 if agent is None and document else 2

    def live_again() -> None:
        with suppress(SessionNotFound):
            delete_blocking(memory, agent)
        chat = Sessions(store=memory).open("s", agent="one")
        for n in range(2):
            chat.append({"new life": n})

    for stall in every_request(after=after, instead=live_again):
        memory = filled()
        if not document:
            memory.delete(DOCUMENT)
        with suppress(SessionNotFound, Conflict):
            delete_blocking(Interposed(memory, stall), agent)
        # What it has not looked at yet, it is asked to delete as it is then.
        looked = stall.request > first_look or (after and stall.request == first_look)
        if stall.struck and looked:
            history = Sessions(store=memory).open("s", agent="one").restore()
            assert history.payloads == [{"new life": 0}, {"new life": 1}]
            assert history.missing == ()


def test_a_document_that_appears_before_it_could_be_marked_is_not_taken_for_the_old_one() -> None:
    memory = filled()
    memory.delete(DOCUMENT)

    def speak() -> None:
        Sessions(store=memory).open("s", agent="one").append({"n": 5})

    late = KillAt(3, after=False, instead=speak)
    with pytest.raises(Conflict, match="delete again"):
        delete_blocking(Interposed(memory, late), None)
    assert len(Sessions(store=memory).open("s", agent="one").restore().messages) == 6
    delete_blocking(memory, None)
    nobody_is_left(memory, None)


@before_or_after
def test_an_append_by_a_fresh_handle_is_refused_or_stands_as_a_new_life(after: bool) -> None:
    memory, told = MemoryStore(), [""]

    def append() -> None:
        try:
            Sessions(store=memory).open("s", agent="one").append({"n": "late"})
            told[0] = "acknowledged"
        except SessionDeleted:
            told[0] = "refused"

    answers = []
    for late in every_request(after=after, instead=append):
        memory = filled()
        delete_blocking(Interposed(memory, late), None)
        answers.append(told[0])
        kept = Sessions(store=memory).open("s", agent="one").restore().payloads
        # Acknowledged before the mark, it belongs to what was deleted.
        ended = len(answers) > 2 and told[0] == "acknowledged" and late.struck
        assert kept == ([{"n": "late"}] if ended else [])
    assert answers.count("refused") >= 6


@before_or_after
def test_a_deletion_at_any_request_of_an_append_leaves_all_of_it_or_nothing(after: bool) -> None:
    memory = MemoryStore()

    def delete() -> None:
        delete_blocking(memory, None)

    for other in every_request(after=after, least=3, instead=delete):
        memory = filled()
        chat = Sessions(store=Interposed(memory, other)).open("s", agent="one")
        try:
            chat.append({"n": "late"})
        except SessionDeleted:
            expected: list[Any] = []
        else:
            expected = [{"n": "late"}]
        if other.struck:
            kept = Sessions(store=memory).open("s", agent="one").restore().payloads
            # Stored and then deleted, before its acknowledgement arrived.
            assert kept == expected or (after and kept == [])


def test_every_key_that_the_store_refuses_is_named_with_its_reason() -> None:
    memory = filled(beside=BESIDE)
    stuck = {MESSAGE.format(3): "locked", ONE + "agent.json": "held", "session_s/foreign": "no"}

    def refuse(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb != "delete_many":
            return call()
        bodies = {key: memory.get(key).data for key in stuck}
        outcomes = call()
        for key, body in bodies.items():
            memory.put(key, body)
        errors = {key: AccessDenied(f"object is {why}", key=key) for key, why in stuck.items()}
        return [DeleteOutcome(o.key, errors.get(o.key, o.error)) for o in outcomes]

    with pytest.raises(PartialDelete, match="3 objects could not be deleted") as caught:
        delete_blocking(Interposed(memory, refuse), None)
    assert {key: reason.split(" | ")[0] for key, reason in caught.value.left} == {
        key: f"object is {why}" for key, why in stuck.items()
    }
    assert keys(memory) == sorted([*stuck, DOCUMENT])
    assert Sessions(store=memory).delete("s").objects == 4
    assert keys(memory) == []


@pytest.mark.parametrize("error", [StoreUnavailable("slow down"), WriteRace("under way")])
def test_a_key_that_cannot_go_now_goes_with_the_next_list(error: Exception) -> None:
    memory = filled()
    refusals = [2]
    store = Interposed(memory, _sparing(memory, MESSAGE.format(2), error, refusals))
    assert Sessions(store=store).delete("s").objects == 13
    assert refusals == [0]
    assert len(store.slept) == 2
    assert keys(memory) == []


def test_a_key_that_never_can_go_is_named_after_some_tries() -> None:
    memory = filled()
    spare = _sparing(memory, MESSAGE.format(2), StoreUnavailable("slow down"), [1000])
    with pytest.raises(PartialDelete, match="in 10 tries: delete again later") as caught:
        delete_blocking(Interposed(memory, spare), None)
    assert caught.value.left == ((MESSAGE.format(2), "slow down"),)
    assert keys(memory) == [MESSAGE.format(2), DOCUMENT]


def _sparing(
    memory: MemoryStore, spared: str, error: Any, times: list[int]
) -> Callable[[str, str, Callable[[], Any]], Any]:
    def spare(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb != "delete_many" or not times[0]:
            return call()
        times[0] -= 1
        body = memory.get(spared).data
        outcomes = call()
        memory.put(spared, body)
        return [DeleteOutcome(o.key, error if o.key == spared else o.error) for o in outcomes]

    return spare


def test_a_writer_who_does_not_stop_is_named_by_his_keys() -> None:
    memory = filled()
    numbers = iter(range(100, 1000))

    def write(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        if verb == "delete_many":
            memory.put(MESSAGE.format(next(numbers)), b"{}")
        return result

    with pytest.raises(PartialDelete, match="stop the writers") as caught:
        delete_blocking(Interposed(memory, write), None)
    assert [key for key, _ in caught.value.left] == [MESSAGE.format(108)]
    Sessions(store=memory).delete("s")
    assert keys(memory) == []


def test_an_object_that_changes_under_a_deletion_is_deleted_as_it_is_then() -> None:
    memory = filled()
    changed = MESSAGE.format(0)
    pending = [True]

    def change(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "delete_many" and pending:
            pending.clear()
            memory.put(changed, memory.get(changed).data + b" ")
        return call()

    delete_blocking(Interposed(memory, change), None)
    assert keys(memory) == []


@whole_or_agent
def test_a_session_document_that_changes_under_its_mark_goes_all_the_same(
    agent: str | None,
) -> None:
    memory = MemoryStore()

    def rename() -> None:
        with suppress(NotFound):
            blob = memory.get(DOCUMENT)
            memory.put(DOCUMENT, json.dumps({**json.loads(blob.data), "title": "new"}).encode())

    for change in every_request(after=False, instead=rename):
        memory = filled()
        delete_blocking(Interposed(memory, change), agent)
        nobody_is_left(memory, agent)


def test_a_mark_that_is_damaged_meanwhile_is_an_error_and_is_put_again() -> None:
    memory = filled()
    pending = [True]

    def damage(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "delete_many" and pending:
            pending.clear()
            memory.put(DOCUMENT, b"{")
        return call()

    with pytest.raises(CorruptObject):
        delete_blocking(Interposed(memory, damage), None)
    delete_blocking(memory, None)
    assert keys(memory) == []


def test_a_damaged_document_whose_mark_got_no_answer_is_marked_once() -> None:
    memory = filled()
    memory.put(DOCUMENT, b"garbage")

    def repeat(verb: str, key: str, call: Callable[[], Any]) -> Any:
        # The SDK sends a request again whose answer was lost; the condition holds no more.
        if verb == "put":
            call()
        return call()

    assert Sessions(store=Interposed(memory, repeat)).delete("s").objects == 13
    assert keys(memory) == []


def test_messages_go_before_what_describes_them() -> None:
    memory = filled(count=1200)
    order: list[str] = []

    class Watching(Interposed):
        def delete_many(self, targets: Any) -> Any:
            order.extend(target.key for target in targets)
            return super().delete_many(targets)

        def observed(self, observer: Any) -> Interposed:
            return self

    Sessions(store=Watching(memory, lambda verb, key, call: call())).delete("s")
    documents = [at for at, key in enumerate(order) if key.endswith("agent.json")]
    messages = [at for at, key in enumerate(order) if "/messages/" in key]
    assert len(order) == 2402
    assert min(documents) > max(messages)
