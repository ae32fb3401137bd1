"""Describing and ending a session while others do, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import PreconditionFailed, SessionDeleted, SessionNotFound, Sessions
from s3sessions.stores.memory import MemoryStore
from tests.interposed import Interposed

DOCUMENT = "session_s/session.json"


def interrupted(memory: MemoryStore, act: Callable[[Sessions], Any]) -> Sessions:
    """Sessions whose first write to session.json comes after what another does."""
    pending = [True]

    def meanwhile(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key == DOCUMENT and pending:
            pending.clear()
            act(Sessions(store=memory))
        return call()

    return Sessions(store=Interposed(memory, meanwhile))


@pytest.fixture
def memory() -> MemoryStore:
    memory = MemoryStore()
    Sessions(store=memory).open("s").append({})
    return memory


def test_what_another_says_meanwhile_stays_but_for_what_is_given(memory: MemoryStore) -> None:
    theirs: dict[str, Any] = {"title": "theirs", "user": "u", "metadata": {"x": 1, "y": 1}}
    sessions = interrupted(memory, lambda other: other.describe("s", **theirs))
    said = sessions.describe("s", title="ours", tags=["a"], metadata={"x": 2})
    assert (said.title, said.user, said.tags) == ("ours", "u", ("a",))
    assert said.metadata == {"x": 2, "y": 1}
    assert Sessions(store=memory).info("s").metadata == {"x": 2, "y": 1}


def test_a_title_that_a_user_gives_meanwhile_is_not_unset_any_more(memory: MemoryStore) -> None:
    sessions = interrupted(memory, lambda other: other.describe("s", title="user's"))
    assert sessions.describe("s", only_unset=True, title="guessed").title == "user's"


def test_of_two_that_end_at_once_the_first_reason_stays(memory: MemoryStore) -> None:
    sessions = interrupted(memory, lambda other: other.end("s", "first"))
    assert sessions.end("s", "second").end_reason == "first"
    assert Sessions(store=memory).info("s").end_reason == "first"


def test_an_end_whose_answer_was_lost_and_sent_again_is_one_end(memory: MemoryStore) -> None:
    pending = [True]

    def lost(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        if verb == "put" and key == DOCUMENT and pending:
            pending.clear()
            raise PreconditionFailed("the client sent it again", key=key)
        return result

    said = Sessions(store=Interposed(memory, lost)).end("s", "done")
    assert said.end_reason == "done"
    assert said.ended_at == Sessions(store=memory).info("s").ended_at


def test_a_session_that_is_deleted_meanwhile_is_not_brought_back(memory: MemoryStore) -> None:
    sessions = interrupted(memory, lambda other: other.delete("s"))
    with pytest.raises(SessionNotFound):
        sessions.describe("s", title="T")
    assert not memory.list("").entries


def test_a_session_that_is_marked_meanwhile_keeps_its_mark(memory: MemoryStore) -> None:
    def mark(_: Sessions) -> None:
        blob = memory.get(DOCUMENT)
        marked = blob.data.replace(b'"life"', b'"deleted_at":"x","life"')
        memory.put(DOCUMENT, marked, only_if=blob.etag)

    with pytest.raises(SessionDeleted):
        interrupted(memory, mark).end("s")
    assert b"deleted_at" in memory.get(DOCUMENT).data
