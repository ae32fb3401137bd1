"""Schedules of forks and prunes that the simulator found: each of them once broke a promise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.errors import AppendConflict, Conflict, SessionNotFound, StoreUnavailable
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


def forked_in_part(inner: MemoryStore) -> None:
    """Fork a session, and give up when all messages are stored."""
    rule = Rule(Fault.REFUSED, verb="put", key="session_c/*/agent.json", count=None)
    with pytest.raises(StoreUnavailable):
        Sessions(store=EventfulStore(inner, rule)).fork("s", "c")


@pytest.mark.parametrize("how", ["truncate", "replace"])
def test_a_fork_that_is_run_again_does_not_mix_two_histories_of_its_parent(
    inner: MemoryStore, others: Any, how: str
) -> None:
    for text in ("0", "1", "2"):
        others.append(said(text))
    forked_in_part(inner)
    others.restore()
    if how == "truncate":
        others.truncate(1)
    else:
        others.replace([said("new")])
    sessions = Sessions(store=inner)
    with pytest.raises(Conflict):
        sessions.fork("s", "c")
    with pytest.raises(SessionNotFound):
        sessions.open("c").restore()
    sessions.delete("c")
    sessions.fork("s", "c")
    assert sessions.open("c").restore().payloads == sessions.open("s").restore().payloads


def test_a_fork_that_is_run_again_does_not_bring_back_what_was_removed(
    inner: MemoryStore, others: Any
) -> None:
    for text in ("0", "secret"):
        others.append(said(text))
    forked_in_part(inner)
    others.remove(1)
    with pytest.raises(Conflict):
        Sessions(store=inner).fork("s", "c")
    with pytest.raises(SessionNotFound):
        Sessions(store=inner).open("c").restore()


def test_a_fork_takes_no_truncation_over_without_its_summary(
    inner: MemoryStore, others: Any
) -> None:
    for text in ("0", "1", "2"):
        others.append(said(text))
    others.restore()
    store = EventfulStore(inner)
    lists = iter(range(9))

    def summarize(verb: str, key: str) -> None:
        # The first list says what is taken over, the second is that of the messages.
        if verb == "list" and key.endswith("/agent_default/") and next(lists) == 1:
            others.summarize("it began", keep_last=1)

    store.meanwhile = summarize
    with pytest.raises(Conflict):
        Sessions(store=store).fork("s", "c")
    sessions = Sessions(store=inner)
    sessions.delete("c")
    sessions.fork("s", "c")
    history = sessions.open("c").restore()
    assert (history.payloads, history.summary and history.summary.text) == (
        [said("2")],
        "it began",
    )


def test_a_writer_that_stalls_over_a_notice_sees_that_the_session_is_gone(
    inner: MemoryStore, others: Any
) -> None:
    others.append(said("old"))
    clock, store = Ticking(), EventfulStore(inner)
    chat = Sessions(store=store, clock=clock).open("s")
    chat.restore()
    clock.now += 7200.0
    give_notice(inner)

    def delete(verb: str, key: str) -> None:
        if verb == "put" and key == "session_s/session.json":
            store.meanwhile = None
            Sessions(store=inner).delete("s")

    store.meanwhile = delete
    with pytest.raises(AppendConflict):
        chat.append(said("next"))
    assert texts(inner) == []


def give_notice(inner: MemoryStore) -> None:
    """Write what a prune says in session.json before it deletes a session."""
    key = "session_s/session.json"
    body = json.loads(inner.get(key).data)
    body["s3sessions"]["notice"] = {"id": "n", "at": body["updated_at"]}
    inner.put(key, json.dumps(body).encode())
