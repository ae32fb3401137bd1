"""Schedules that the simulator found, replayed step by step: each of them once broke a promise."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.errors import (
    AppendConflict,
    Conflict,
    DeadlineExceeded,
    SessionNotFound,
    StoreUnavailable,
)
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, Rule
from tests.simulation.eventful import EventfulStore, Ticking, said, texts


@pytest.fixture
def inner() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def others(inner: MemoryStore) -> Any:
    """A handle of another process."""
    return Sessions(store=inner).open("s", on_conflict="rebase")


def test_a_redelivery_is_recognised_where_the_list_passed_it_over(
    inner: MemoryStore, others: Any
) -> None:
    others.append(said("event"), write_id="event")
    others.append(said("other"))
    store = EventfulStore(inner)
    store.passed_over = ("message_0.json",)
    again = Sessions(store=store).open("s").append(said("event"), write_id="event")
    assert again.index == 0
    assert texts(inner) == ["event", "other"]


def test_an_open_append_is_settled_where_the_list_passed_it_over(
    inner: MemoryStore, others: Any
) -> None:
    clock = Ticking()
    others.append(said("first"))
    store = EventfulStore(inner, Rule(Fault.LATE, verb="put", key="*message_1.json"))
    chat = Sessions(store=store, clock=clock).open("s", on_conflict="rebase")

    def stall_then_arrive(verb: str, key: str) -> None:
        if verb == "get" and key.endswith("message_1.json"):
            clock.now += 7200.0
        if verb == "list" and store.injected[Fault.LATE] and texts(inner) == ["first"]:
            store.meanwhile = None
            store.deliver()
            others.append(said("other"))
            store.passed_over = ("message_1.json",)

    store.meanwhile = stall_then_arrive
    assert chat.append(said("late")).index == 1
    assert texts(inner) == ["first", "late", "other"]


def test_a_redelivery_is_recognised_behind_the_messages_that_were_restored(
    inner: MemoryStore, others: Any
) -> None:
    others.append(said("event"), write_id="event")
    others.append(said("other"))
    chat = Sessions(store=inner).open("s")
    chat.restore(last=1)
    assert chat.append(said("event"), write_id="event").index == 0
    assert texts(inner) == ["event", "other"]


def test_a_redelivery_is_recognised_behind_what_was_restored_and_refreshed(
    inner: MemoryStore, others: Any
) -> None:
    others.append(said("event"), write_id="event")
    others.append(said("other"))
    chat = Sessions(store=inner).open("s")
    chat.restore(last=1)
    others.append(said("new"))
    assert [message.payload for message in chat.refresh()] == [said("new")]
    assert chat.append(said("event"), write_id="event").index == 0
    assert texts(inner) == ["event", "other", "new"]


def test_two_deliveries_and_a_third_process_store_an_event_once(inner: MemoryStore) -> None:
    rules = [
        Rule(Fault.LOST_ANSWER, verb="put", key="*message_0.json"),
        Rule(Fault.REFUSED, verb="get", key="*message_0.json", count=1),
    ]
    store = EventfulStore(inner, *rules)
    chat = Sessions(store=store).open("s", on_conflict="rebase")
    one, two = (Sessions(store=inner).open("s", on_conflict="rebase") for _ in range(2))

    def others_go_on(verb: str, key: str) -> None:
        if store.injected[Fault.REFUSED]:
            store.meanwhile = None
            one.append(said("other"))
            two.append(said("second"), write_id="second")

    store.meanwhile = others_go_on
    chat.append(said("first"), write_id="first")
    chat.append(said("second"), write_id="second")
    assert texts(inner) == ["first", "other", "second"]


def test_a_refresh_does_not_join_two_lives_of_a_session(inner: MemoryStore, others: Any) -> None:
    others.append(said("old"))
    chat = Sessions(store=inner).open("s")
    chat.restore()
    Sessions(store=inner).delete("s")
    anew = Sessions(store=inner).open("s")
    for text in ("new 0", "new 1"):
        anew.append(said(text))
    with pytest.raises(Conflict):
        chat.refresh()


def test_a_deadline_behind_the_write_does_not_call_it_unwritten(inner: MemoryStore) -> None:
    clock = Ticking()
    store = EventfulStore(inner)

    def too_late(verb: str, key: str) -> None:
        if verb == "put" and key.endswith("session.json"):
            Sessions(store=inner).create("s")
            clock.now += 60.0

    store.meanwhile = too_late
    chat = Sessions(store=store, clock=clock).open("s")
    with pytest.raises(DeadlineExceeded) as raised:
        chat.append(said("hello"), deadline=5.0)
    assert raised.value.fate == "unknown"
    assert texts(inner) == ["hello"]


def test_a_deadline_before_the_look_does_not_call_a_redelivery_unwritten(
    inner: MemoryStore, others: Any
) -> None:
    others.append(said("event"), write_id="event")
    chat = Sessions(store=inner).open("s")
    with pytest.raises(DeadlineExceeded) as raised:
        chat.append(said("event"), write_id="event", deadline=0.0)
    assert raised.value.fate == "unknown"


def test_a_strict_handle_does_not_go_on_behind_what_it_has_not_seen(
    inner: MemoryStore, others: Any
) -> None:
    store = EventfulStore(inner, Rule(Fault.LOST_ANSWER, verb="put", key="*message_0.json"))
    store.add(Rule(Fault.REFUSED, verb="get", key="*message_0.json", count=None))
    store.add(Rule(Fault.REFUSED, verb="put", key="*message_0.json", count=None))
    chat = Sessions(store=store).open("s")
    chat.restore()
    with pytest.raises(StoreUnavailable):
        chat.append(said("mine"), write_id="mine")
    others.append(said("not seen"))
    store.clear()
    assert chat.append(said("mine"), write_id="mine").index == 0
    with pytest.raises(AppendConflict) as raised:
        chat.append(said("next"))
    assert [message.payload for message in raised.value.messages] == [said("not seen")]


def test_half_of_a_batch_is_not_stored_again(inner: MemoryStore, others: Any) -> None:
    batch = [said("a"), said("b"), said("c")]
    others.append_many(batch, write_id="event")
    store = EventfulStore(inner, Rule(Fault.REFUSED, verb="get", key="*message_1.json", nth=2))
    chat = Sessions(store=store).open("s")
    with suppress(StoreUnavailable):
        chat.append_many(batch, write_id="event")
    chat.append_many(batch, write_id="event")
    assert store.injected[Fault.REFUSED] == 1
    assert texts(inner) == ["a", "b", "c"]


def test_a_handle_that_met_a_conflict_knows_the_end_again(inner: MemoryStore, others: Any) -> None:
    others.append(said("0"))
    chat = Sessions(store=inner).open("s", on_conflict="rebase")
    chat.append(said("1"))
    others.append(said("2"))
    chat.append(said("3"))
    before = chat.requests.total
    chat.append(said("4"))
    assert chat.requests.total - before == 1
    assert texts(inner) == ["0", "1", "2", "3", "4"]


def test_an_iterator_does_not_join_two_lives_of_a_session(inner: MemoryStore, others: Any) -> None:
    for text in ("old 0", "old 1", "old 2"):
        others.append(said(text))
    store = EventfulStore(inner)

    def delete_and_begin_anew(verb: str, key: str) -> None:
        if verb == "get" and key.endswith("message_1.json"):
            store.meanwhile = None
            Sessions(store=inner).delete("s")
            Sessions(store=inner).open("s").append(said("new"))

    store.meanwhile = delete_and_begin_anew
    with pytest.raises(SessionNotFound):
        list(Sessions(store=store).open("s").iterate())


def test_what_was_removed_while_its_append_was_under_way_does_not_come_back(
    inner: MemoryStore, others: Any
) -> None:
    store = EventfulStore(inner, Rule(Fault.REPEATED, verb="put", key="*message_0.json"))
    chat = Sessions(store=store).open("s")

    def remove(verb: str, key: str) -> None:
        if verb == "get" and key.endswith("message_0.json"):
            store.meanwhile = None
            others.remove(0)

    store.meanwhile = remove
    chat.append(said("secret"))
    assert texts(inner) == []


def test_an_iterator_does_not_show_a_message_without_the_one_before_it(
    inner: MemoryStore, others: Any
) -> None:
    others.append(said("first"))
    for index in (2, 4):
        plant_member_of_a_dead_batch(inner, index)
    store = EventfulStore(inner)

    def go_on(verb: str, key: str) -> None:
        if verb == "get" and key.endswith("message_2.json"):
            store.meanwhile = None
            for text in ("second", "third"):
                others.append(said(text))

    store.meanwhile = go_on
    shown = [m.payload["text"] for m in Sessions(store=store).open("s").iterate()]
    assert texts(inner) == ["first", "second", "third"]
    assert shown == ["first", "second", "third"][: len(shown)]


def plant_member_of_a_dead_batch(inner: MemoryStore, index: int) -> None:
    """Put there what a batch leaves whose commit lost against message 0."""
    stamp = {"v": 1, "write_id": f"w{index}", "batch": {"id": "b", "commit": 0, "position": 1}}
    body = {"message": said("dead"), "message_id": index, "s3sessions": stamp}
    key = f"session_s/agents/agent_default/messages/message_{index}.json"
    inner.put(key, json.dumps(body).encode())
