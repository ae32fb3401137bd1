"""Saving a graph's document while requests fail and others write, step by step."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from s3sessions import (
    AccessDenied,
    AsyncSessions,
    Conflict,
    DeadlineExceeded,
    InvalidSettings,
    PreconditionFailed,
    SessionDeleted,
    Sessions,
    StoreUnavailable,
)
from s3sessions.bridge import Blocking
from s3sessions.ports import SyncStore
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Crash, Fault, FaultyStore, Rule
from tests.dao.test_round_trips import Waiting
from tests.interposed import Interposed
from tests.rig import Colour, Rig

SESSION = "session_s/session.json"
DOCUMENT = "session_s/multi_agents/multi_agent_g/multi_agent.json"
MARKED = b'{"session_id":"s","s3sessions":{"v":1,"deleted_at":"2026-01-01T00:00:00+00:00"}}'
SETTLED = [Fault.LOST_ANSWER, Fault.REPEATED, Fault.CUT, Fault.REFUSED, Fault.FAILED, Fault.RACE]


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> Colour:
    colour: Colour = request.param
    return colour


@pytest.fixture
def opened(colour: Colour) -> Iterator[Callable[..., Any]]:
    """Opens the document in a store, as another process would."""
    rigs: list[Rig] = []

    def open_in(store: SyncStore, **options: Any) -> Any:
        rigs.append(Rig("memory", colour, None, {}, store))
        return rigs[-1].sessions(**options).multi_agent("s", "g")

    yield open_in
    for rig in rigs:
        rig.close()


def stored(memory: MemoryStore) -> dict[str, Any] | None:
    return Sessions(store=memory).multi_agent("s", "g").restore()


def keys(memory: MemoryStore) -> list[str]:
    return [entry.key for entry in memory.list("").entries]


def begun(opened: Callable[..., Any], is_first: bool) -> tuple[MemoryStore, FaultyStore, Any]:
    """Give a store, faults on it, and a handle that is to save for the first time or not."""
    memory = MemoryStore()
    store = FaultyStore(memory)
    handle = opened(store)
    if not is_first:
        handle.save({"step": 0})
    return memory, store, handle


# Answers that are lost, refused or late


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("fault", SETTLED)
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "later"])
def test_a_save_whose_answer_is_lost_is_no_conflict(
    opened: Callable[..., Any], fault: Fault, is_first: bool, count: int
) -> None:
    memory, store, handle = begun(opened, is_first)
    store.add(Rule(fault, verb="put", key=f"*{DOCUMENT}", count=count))
    handle.save({"step": 1})
    assert store.injected[fault] == (1 if fault in (Fault.LOST_ANSWER, Fault.REPEATED) else count)
    assert stored(memory) == {"step": 1}
    handle.save({"step": 2})
    assert stored(memory) == {"step": 2}


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "later"])
def test_a_save_that_nobody_answered_is_recognised_by_the_next_one(
    opened: Callable[..., Any], is_first: bool
) -> None:
    memory, store, handle = begun(opened, is_first)
    store.add(Rule(Fault.LOST_ANSWER, verb="put", key=f"*{DOCUMENT}"))
    store.add(Rule(Fault.CUT, verb="get", count=None))
    with pytest.raises(StoreUnavailable):
        handle.save({"step": 1})
    store.clear()
    handle.save({"step": 2})
    assert stored(memory) == {"step": 2}


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "later"])
def test_a_save_that_takes_effect_late_neither_conflicts_nor_wins(
    opened: Callable[..., Any], is_first: bool
) -> None:
    memory, store, handle = begun(opened, is_first)
    store.add(Rule(Fault.LATE, verb="put", key=f"*{DOCUMENT}", count=3))
    with pytest.raises(StoreUnavailable):
        handle.save({"step": 1})
    store.deliver()
    handle.save({"step": 2})
    assert stored(memory) == {"step": 2}
    store.add(Rule(Fault.LATE, verb="put", key=f"*{DOCUMENT}", count=1))
    handle.save({"step": 3})
    store.deliver()
    assert stored(memory) == {"step": 3}


def test_a_late_save_that_is_met_after_a_restore_is_known_as_our_own(
    opened: Callable[..., Any],
) -> None:
    memory = MemoryStore()
    store = FaultyStore(memory)
    handle = opened(store)
    handle.save({"step": 0})
    store.add(Rule(Fault.LATE, verb="put", key=f"*{DOCUMENT}", count=3))
    with pytest.raises(StoreUnavailable):
        handle.save({"step": 1})
    assert handle.restore() == {"step": 0}
    store.deliver()
    handle.save({"step": 2})
    assert stored(memory) == {"step": 2}


def test_a_late_save_of_ours_does_not_hide_what_another_wrote_on_it(
    opened: Callable[..., Any],
) -> None:
    memory = MemoryStore()
    store = FaultyStore(memory)
    handle = opened(store)
    handle.save({"step": 0})
    store.add(Rule(Fault.LATE, verb="put", key=f"*{DOCUMENT}", count=3))
    with pytest.raises(StoreUnavailable):
        handle.save({"step": 1})
    store.deliver()
    opened(memory).save({"step": "theirs"})
    with pytest.raises(Conflict):
        handle.save({"step": 2})
    assert stored(memory) == {"step": "theirs"}


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
def test_a_save_that_was_cut_off_is_recognised_by_the_next_one(
    opened: Callable[..., Any], fault: Fault
) -> None:
    memory = MemoryStore()
    store = FaultyStore(memory)
    handle = opened(store)
    handle.save({"step": 0})
    store.add(Rule(fault, verb="put", key=f"*{DOCUMENT}"))
    with pytest.raises(Crash):
        handle.save({"step": 1})
    handle.save({"step": 2})
    assert stored(memory) == {"step": 2}


def test_a_store_that_never_answers_is_given_up(opened: Callable[..., Any]) -> None:
    store = FaultyStore(MemoryStore(), Rule(Fault.CUT, verb="put", key=f"*{DOCUMENT}", count=None))
    handle = opened(store)
    with pytest.raises(StoreUnavailable):
        handle.save({"step": 1})
    assert store.injected[Fault.CUT] == 3


def test_a_save_that_is_denied_is_not_written(opened: Callable[..., Any]) -> None:
    memory = MemoryStore()
    handle = opened(FaultyStore(memory, Rule(Fault.DENIED, verb="put", key=f"*{DOCUMENT}")))
    with pytest.raises(AccessDenied):
        handle.save({"step": 1})
    assert stored(memory) is None
    handle.save({"step": 1})
    assert stored(memory) == {"step": 1}


def test_a_store_that_refuses_each_try_ends_in_a_conflict(opened: Callable[..., Any]) -> None:
    def refusing(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key == DOCUMENT:
            raise PreconditionFailed("no")
        return call()

    handle = opened(Interposed(MemoryStore(), refusing), attempts=4)
    with pytest.raises(Conflict, match="in each of 4 tries"):
        handle.save({"step": 1})


# session.json


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.LOST_ANSWER, Fault.REPEATED, Fault.DENIED])
def test_a_session_json_that_was_not_written_comes_with_the_next_save(
    opened: Callable[..., Any], fault: Fault
) -> None:
    memory = MemoryStore()
    handle = opened(FaultyStore(memory, Rule(fault, verb="put", key=f"*{SESSION}")))
    handle.save({"step": 1})
    assert stored(memory) == {"step": 1}
    handle.save({"step": 1})
    assert keys(memory) == [DOCUMENT, SESSION]
    before = handle.requests.total
    handle.save({"step": 1})
    assert handle.requests.total == before


def test_a_session_that_another_begins_meanwhile_is_joined(opened: Callable[..., Any]) -> None:
    memory = MemoryStore()

    def meanwhile(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key == SESSION:
            Sessions(store=memory).open("s", title="theirs").append({})
        return call()

    handle = opened(Interposed(memory, meanwhile))
    handle.save({"step": 1})
    assert Sessions(store=memory).info("s").title == "theirs"
    handle.save({"step": 2})
    assert stored(memory) == {"step": 2}


@pytest.mark.parametrize(
    "fault", [None, Fault.LOST_ANSWER, Fault.REPEATED, Fault.CUT], ids=lambda f: str(f)
)
def test_a_deletion_that_begins_under_a_first_save_leaves_no_ghost(
    opened: Callable[..., Any], fault: Fault | None
) -> None:
    """Whatever becomes of the PUT of the document."""
    memory = MemoryStore()

    def marking(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key == SESSION:
            memory.put(SESSION, MARKED)
        return call()

    store = FaultyStore(Interposed(memory, marking))
    if fault is not None:
        store.add(Rule(fault, verb="put", key=f"*{DOCUMENT}"))
    with pytest.raises(SessionDeleted):
        opened(store).save({"step": 1})
    assert keys(memory) == [SESSION]
    assert memory.get(SESSION).data == MARKED


def test_what_another_wrote_before_a_deletion_is_left_to_the_deletion(
    opened: Callable[..., Any],
) -> None:
    memory = MemoryStore()
    handle = opened(memory)
    assert handle.restore() is None
    opened(memory).save({"step": "theirs"})
    memory.put(SESSION, MARKED)
    with pytest.raises(SessionDeleted):
        handle.save({"step": "ours"})
    assert b"theirs" in memory.get(DOCUMENT).data


def test_a_mark_that_could_not_be_read_is_found_by_the_next_save(
    opened: Callable[..., Any],
) -> None:
    memory = MemoryStore()
    store = FaultyStore(memory)
    handle = opened(store)
    assert handle.restore() is None
    memory.put(SESSION, MARKED)
    store.add(Rule(Fault.CUT, verb="get", count=None))
    with pytest.raises(StoreUnavailable):
        handle.save({"step": 1})
    store.clear()
    with pytest.raises(SessionDeleted):
        handle.save({"step": 1})
    assert keys(memory) == [SESSION]


def test_a_restore_does_not_give_what_a_deletion_was_taking(opened: Callable[..., Any]) -> None:
    """It reads the document before it goes, and session.json after it went."""
    memory = MemoryStore()
    Sessions(store=memory).multi_agent("s", "g").save({"step": 0})
    pending = [True]

    def deleting(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "get" and key == SESSION and pending:
            pending.clear()
            Sessions(store=memory).delete("s")
        return call()

    assert opened(Interposed(memory, deleting)).restore() is None


# Time


def test_a_save_past_its_deadline_says_what_is_known(opened: Callable[..., Any]) -> None:
    now = [1_000_000.0]
    memory = MemoryStore()
    slow: list[str] = []

    def passing(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        if verb in slow:
            now[0] += 10
            raise StoreUnavailable("timeout")
        return result

    handle = opened(Interposed(memory, passing), clock=lambda: now[0])
    handle.save({"step": 0})
    with pytest.raises(DeadlineExceeded) as caught:
        handle.save({"step": 1}, deadline=0)
    assert caught.value.fate == "not_written"
    slow.append("put")
    with pytest.raises(DeadlineExceeded) as caught:
        handle.save({"step": 1}, deadline=5)
    assert caught.value.fate == "unknown"
    assert stored(memory) == {"step": 1}
    with pytest.raises(DeadlineExceeded):
        handle.restore(deadline=0)
    with pytest.raises(InvalidSettings):
        handle.save({"step": 2}, deadline=-1)
    slow.clear()
    handle.save({"step": 2}, deadline=5)
    assert stored(memory) == {"step": 2}


def test_a_save_that_is_stored_is_never_said_not_to_be(opened: Callable[..., Any]) -> None:
    """Its time ends over session.json, which another writes meanwhile."""
    now = [1_000_000.0]
    memory = MemoryStore()
    puts: list[str] = []

    def losing(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb != "put":
            return call()
        puts.append(key)
        if len(puts) > 2:
            now[0] += 10
            memory.put(SESSION, b'{"session_id":"s"}')
            return call()
        if key == DOCUMENT:
            call()
        raise StoreUnavailable("timeout")

    handle = opened(Interposed(memory, losing), clock=lambda: now[0])
    with pytest.raises(DeadlineExceeded) as caught:
        handle.save({"step": 1}, deadline=5)
    assert puts == [DOCUMENT, SESSION, SESSION]
    assert caught.value.fate == "unknown"
    assert stored(memory) == {"step": 1}


# Round trips, threads and tasks


def test_each_verb_waits_no_longer_than_the_readme_says() -> None:
    store = Waiting(MemoryStore())

    def trips(act: Callable[[], object]) -> int:
        before = store.trips
        act()
        return store.trips - before

    first = Sessions(store=store).multi_agent("s", "g")
    assert trips(lambda: first.save({"step": 0})) == 2
    assert trips(lambda: first.save({"step": 1})) == 1
    assert trips(lambda: first.save({"step": 1})) == 0
    assert trips(first.restore) == 1
    assert trips(lambda: first.save({"step": 2})) == 1


def test_threads_that_share_a_handle_save_one_after_the_other() -> None:
    memory = MemoryStore()
    handle = Sessions(store=memory).multi_agent("s", "g")
    threads = [threading.Thread(target=handle.save, args=({"n": n},)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert handle.requests.by_verb == {"get": 2, "put": 21}
    assert stored(memory) == handle.restore()


def test_tasks_that_share_a_handle_save_in_the_order_of_their_calls_on_any_loop() -> None:
    memory = MemoryStore()
    handle = AsyncSessions(store=Blocking(memory)).multi_agent("s", "g")

    async def save_all(first: int) -> None:
        async with asyncio.TaskGroup() as tasks:
            for n in range(first, first + 10):
                tasks.create_task(handle.save({"n": n}))

    for first in (0, 10):
        asyncio.run(save_all(first))
        assert stored(memory) == {"n": first + 9}
