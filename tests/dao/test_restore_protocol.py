"""Restore while the store changes under it, step by step; races are the simulator's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from s3sessions import SessionDeleted, SessionNotFound, Sessions, StoreUnavailable
from s3sessions.ports import Page
from s3sessions.stores.memory import MemoryStore
from tests.interposed import Interposed

AGENT = "session_s/agents/agent_default/"


def message(index: int) -> str:
    return f"{AGENT}messages/message_{index}.json"


def filled(count: int) -> MemoryStore:
    memory = MemoryStore()
    chat = Sessions(store=memory).open("s")
    for n in range(count):
        chat.append({"n": n})
    return memory


def without(page: Page, *keys: str) -> Page:
    return Page([e for e in page.entries if e.key not in keys], page.prefixes, page.token)


def test_a_message_that_a_list_of_several_pages_missed_is_read_all_the_same() -> None:
    memory = filled(5)

    def torn(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        return without(result, message(2)) if verb == "list" else result

    for history in (
        Sessions(store=Interposed(memory, torn)).open("s").restore().payloads,
        [m.payload for m in Sessions(store=Interposed(memory, torn)).open("s").iterate()],
    ):
        assert history == [{"n": n} for n in range(5)]


def test_a_listed_message_that_is_gone_makes_the_restore_list_again() -> None:
    memory = filled(5)
    pending = [True]

    def removed(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "get" and key == message(4) and pending:
            pending.clear()
            memory.delete(message(4))
        return call()

    chat = Sessions(store=Interposed(memory, removed)).open("s")
    history = chat.restore()
    assert history.payloads == [{"n": n} for n in range(4)]
    assert history.next_index == 4
    assert chat.requests.by_verb["list"] == 2


def test_what_was_read_and_then_went_with_the_end_is_no_part_of_the_history() -> None:
    memory = filled(5)
    pending = [True]

    def removed(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "get" and key == message(4) and pending:
            pending.clear()
            memory.delete(message(3))
            memory.delete(message(4))
        return call()

    history = Sessions(store=Interposed(memory, removed)).open("s").restore()
    assert history.payloads == [{"n": n} for n in range(3)]
    assert history.next_index == 3


def test_an_agent_document_that_is_listed_and_gone_makes_the_restore_list_again() -> None:
    memory = filled(2)
    document = f"{AGENT}agent.json"

    def removed(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "get" and key == document:
            memory.delete(document)
        return call()

    chat = Sessions(store=Interposed(memory, removed)).open("s")
    assert chat.restore().missing == ("agent",)
    assert chat.requests.by_verb["list"] == 2


def test_what_was_read_is_not_read_again_when_a_hole_is_confirmed() -> None:
    memory = filled(50)
    memory.delete(message(20))
    chat = Sessions(store=memory).open("s")
    history = chat.restore()
    assert history.holes == (range(20, 21),)
    # Two lists and two looks at the hole; each message, and agent.json, once.
    assert chat.requests.by_verb == {"list": 2, "get": 2 + 2 + 49 + 1}


def test_an_absurd_index_is_no_reason_to_read_every_index_below_it() -> None:
    memory = filled(3)
    memory.put(
        message(10**15),
        memory.get(message(2)).data.replace(b'"message_id":2', b'"message_id":1000000000000000'),
    )
    chat = Sessions(store=memory).open("s")
    history = chat.restore()
    assert [m.index for m in history.messages] == [0, 1, 2, 10**15]
    assert history.holes == (range(3, 10**15),)
    assert chat.requests.total < 20
    assert len(list(Sessions(store=memory).open("s").iterate())) == 4


def test_a_history_that_changes_under_each_list_is_an_error_not_a_guess() -> None:
    memory = filled(5)

    def flickering(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "get" and key == message(3):
            memory.delete(message(3))
            try:
                return call()
            finally:
                memory.put(message(3), b"{}")
        return call()

    with pytest.raises(StoreUnavailable, match="history changed under each of"):
        Sessions(store=Interposed(memory, flickering)).open("s").restore()


def test_without_a_session_document_two_lists_must_agree() -> None:
    memory = filled(5)
    memory.delete("session_s/session.json")
    pending = [True]

    def erased(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        if verb == "list" and pending:
            pending.clear()
            for n in range(3):
                memory.delete(message(n))
        return result

    history = Sessions(store=Interposed(memory, erased)).open("s").restore()
    assert [m.index for m in history.messages] == [3, 4]
    assert history.holes == (range(0, 3),)


def test_messages_without_a_session_document_are_listed_twice() -> None:
    memory = filled(5)
    memory.delete("session_s/session.json")
    chat = Sessions(store=memory).open("s")
    assert len(chat.restore().messages) == 5
    assert chat.requests.by_verb["list"] == 2


def test_voids_are_not_counted_among_the_last_messages() -> None:
    memory = filled(6)
    for n in (3, 5):
        body = memory.get(message(n)).data
        memory.put(message(n), body.replace(b'"v":1', b'"v":1,"status":"void"'))
    chat = Sessions(store=memory).open("s")
    assert chat.restore(last=3).payloads == [{"n": 1}, {"n": 2}, {"n": 4}]
    assert chat.append({"n": 6}).index == 6


@pytest.mark.parametrize("ended", [False, True], ids=["marked", "ended"])
def test_part_of_a_session_that_is_deleted_meanwhile_is_no_history(ended: bool) -> None:
    memory = filled(10)

    def deleted(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "get" and key == message(4):
            if ended:
                Sessions(store=memory).delete("s")
            else:
                body = memory.get("session_s/session.json").data
                memory.put(
                    "session_s/session.json", body.replace(b'"life"', b'"deleted_at":"x","life"')
                )
                memory.delete(message(4))
        return call()

    messages = Sessions(store=Interposed(memory, deleted), width=4).open("s").iterate()
    with pytest.raises(SessionNotFound if ended else SessionDeleted):
        list(messages)


@pytest.mark.parametrize("verb", ["restore", "iterate"])
def test_a_reader_does_not_mix_two_lives_whose_messages_have_the_same_indexes(verb: str) -> None:
    """The id is deleted and begun anew between two reads: nothing that was listed is gone."""
    memory = MemoryStore()
    Sessions(store=memory).open("s").append_many([{"n": f"old {n}"} for n in range(3)])
    lives = [1]

    def hook(kind: str, key: str, call: Callable[[], Any]) -> Any:
        if kind == "get" and key.endswith("message_1.json") and lives.pop():
            lives.append(0)
            sessions = Sessions(store=memory)
            sessions.delete("s")
            sessions.open("s").append_many([{"n": f"new {n}"} for n in range(3)])
        return call()

    chat = Sessions(store=Interposed(memory, hook)).open("s")
    if verb == "restore":
        assert [payload["n"] for payload in chat.restore().payloads] == ["new 0", "new 1", "new 2"]
    else:
        with pytest.raises(SessionNotFound, match="deleted meanwhile"):
            list(chat.iterate())


def test_a_list_that_shows_two_lives_does_not_keep_what_was_read_of_the_first() -> None:
    """One page was answered before the id was deleted and begun anew, the others after it."""
    memory = MemoryStore()
    old = Sessions(store=memory).open("s")
    for n in range(3):
        old.append({"n": f"old {n}"})
    # A hole makes a reader list again.
    memory.delete(message(1))
    before = memory.list("").entries
    lists = []

    def hook(kind: str, key: str, call: Callable[[], Any]) -> Any:
        if kind != "list":
            return call()
        lists.append(key)
        if len(lists) == 2:
            sessions = Sessions(store=memory)
            sessions.delete("s")
            sessions.open("s").append_many([{"n": f"new {n}"} for n in range(3)])
            page = call()
            early = [entry for entry in before if entry.key.endswith("message_2.json")]
            late = [entry for entry in page.entries if not entry.key.endswith("message_2.json")]
            return replace(page, entries=[*late, *early])
        return call()

    history = Sessions(store=Interposed(memory, hook)).open("s").restore()
    assert [payload["n"] for payload in history.payloads] == ["new 0", "new 1", "new 2"]
