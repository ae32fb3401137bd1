"""A loop that was written for picoclaw's session store finds all that it relies on."""

from __future__ import annotations

import gc
import logging
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from s3sessions import AgentSession, Conflict, InvalidId, InvalidSettings, S3SessionsError, Sessions
from s3sessions.errors import AccessDenied, PartialDelete, StoreUnavailable
from s3sessions.integrations.session_store import SessionStore
from s3sessions.ports import SyncStore
from s3sessions.stores.local import LocalStore
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from s3sessions.tool_calls import is_transient_thought

MESSAGES = "session_s/agents/agent_default/messages/"
CALL = {
    "role": "assistant",
    "content": "",
    "model_name": "gpt-x",
    "tool_calls": [{"id": "call_1", "function": {"name": "search", "arguments": "{}"}}],
}
THOUGHT = {"role": "assistant", "content": "", "reasoning_content": "hm"}


class Place:
    """A fresh place, and stores on it that know nothing of each other."""

    def __init__(self, raw: SyncStore) -> None:
        self.raw = raw

    def store(self, **options: Any) -> SessionStore:
        return SessionStore(Sessions(store=self.raw), **{"min_age": 0, **options})

    def failing(self, *rules: Rule, **options: Any) -> SessionStore:
        return SessionStore(Sessions(store=FaultyStore(self.raw, *rules)), **options)

    def messages(self, session_key: str = "s") -> list[str]:
        """The message objects of a session."""
        page = self.raw.list(f"session_{session_key}/agents/agent_default/messages/")
        return [entry.key for entry in page.entries]

    def keys(self) -> list[str]:
        return [entry.key for entry in self.raw.list("").entries]


@pytest.fixture(params=["memory", "local"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    raw = MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "sessions")
    yield Place(raw)
    raw.close()


@pytest.fixture
def memory() -> Place:
    return Place(MemoryStore())


def say(store: SessionStore, *texts: str, session_key: str = "s") -> None:
    for text in texts:
        store.add_message(session_key, "user", text)


def said(store: SessionStore, session_key: str = "s") -> list[Any]:
    return [message["content"] for message in store.get_history(session_key)]


# Messages


def test_messages_come_back_in_order_with_role_and_content(place: Place) -> None:
    store = place.store()
    store.add_message("s", "user", "hello")
    store.add_message("s", "assistant", "hi")
    assert [(m["role"], m["content"]) for m in store.get_history("s")] == [
        ("user", "hello"),
        ("assistant", "hi"),
    ]
    say(store, "a", "b", "c")
    assert said(store) == ["hello", "hi", "a", "b", "c"]


def test_the_first_message_creates_its_session_in_three_puts(memory: Place) -> None:
    store = memory.store()
    say(store, "hello", session_key="new")
    assert store.sessions.requests.by_verb["put"] == 3
    assert store.list_sessions() == ["new"]


@pytest.mark.parametrize("count", [10, 300])
def test_a_message_is_one_request_however_long_the_history_is(memory: Place, count: int) -> None:
    store = memory.store()
    for n in range(count):
        store.add_message("s", "user", f"{n:04}")
    before = store.sessions.requests
    store.add_message("s", "user", "next")
    after = store.sessions.requests
    assert after.total - before.total == 1
    assert after.sent - before.sent < 400


def test_a_message_keeps_tool_calls_ids_and_model_name(place: Place) -> None:
    store = place.store()
    result = {"role": "tool", "content": "found", "tool_call_id": "call_1"}
    store.add_full_message("s", CALL)
    store.add_full_message("s", result)
    first, second = store.get_history("s")
    assert {name: first[name] for name in CALL} == CALL
    assert second["tool_call_id"] == "call_1"


def test_a_session_that_nobody_spoke_in_is_empty_and_is_not_created(place: Place) -> None:
    store = place.store()
    assert store.get_history("nobody") == []
    assert store.get_summary("nobody") == ""
    store.truncate_history("nobody", 3)
    store.set_history("nobody", [])
    store.set_summary("nobody", "")
    store.save("nobody")
    assert place.keys() == []
    assert store.failures.count == 0


def test_sessions_are_apart(place: Place) -> None:
    store = place.store()
    say(store, "one", session_key="s1")
    say(store, "two", session_key="s2")
    assert (said(store, "s1"), said(store, "s2")) == (["one"], ["two"])


@pytest.mark.parametrize("other", ["telegram_123", "telegram/123", "telegram\\123", "Telegram:123"])
def test_keys_that_look_alike_are_two_sessions(memory: Place, other: str) -> None:
    store = memory.store()
    say(store, "with a colon", session_key="telegram:123")
    say(store, "the other", session_key=other)
    assert said(memory.store(), "telegram:123") == ["with a colon"]
    assert said(memory.store(), other) == ["the other"]
    assert sorted(store.list_sessions()) == sorted(["telegram:123", other])


@pytest.mark.parametrize("key", [".", "..", "../escape", "foo/bar", "/etc/passwd"])
def test_no_key_leaves_its_place(tmp_path: Path, key: str) -> None:
    folder = tmp_path / "sessions"
    with SessionStore(Sessions(f"file://{folder}")) as store:
        say(store, "inside", session_key=key)
        assert said(store, key) == ["inside"]
        assert store.list_sessions() == [key]
    assert [path.name for path in tmp_path.iterdir()] == ["sessions"]


def test_the_empty_key_is_none(memory: Place) -> None:
    told: list[S3SessionsError] = []
    store = memory.store(tell_error=lambda _, error: told.append(error))
    say(store, "nowhere", session_key="")
    assert [type(error) for error in told] == [InvalidId]
    with pytest.raises(InvalidId):
        store.get_history("")
    assert memory.keys() == []


def test_another_store_sees_messages_and_summary(place: Place) -> None:
    first = place.store()
    say(first, "kept")
    first.set_summary("s", "so far")
    second = place.store()
    assert (said(second), second.get_summary("s")) == (["kept"], "so far")


# Times


def test_a_message_says_when_it_was_made(place: Place) -> None:
    store = place.store()
    say(store, "added")
    store.add_full_message("s", CALL)
    store.set_history("t", [{"role": "user", "content": "set"}])
    for message in [*store.get_history("s"), *store.get_history("t")]:
        made = datetime.fromisoformat(message["created_at"])
        assert abs(datetime.now(UTC) - made) < timedelta(minutes=1)


def test_a_message_keeps_the_time_that_it_was_given(place: Place) -> None:
    store = place.store()
    then = "2025-01-02T03:04:05+02:00"
    store.add_full_message("s", {**CALL, "created_at": then})
    stored = Sessions(store=place.raw).open("s").restore().messages[0]
    assert stored.created_at == datetime(2025, 1, 2, 1, 4, 5, tzinfo=UTC)
    store.set_history("s", store.get_history("s"))
    assert [message["created_at"] for message in store.get_history("s")] == [then]


def test_a_history_that_is_read_and_set_keeps_its_times(memory: Place) -> None:
    store = memory.store()
    say(store, "a", "b", "c")
    before = store.get_history("s")
    store.set_history("s", before[1:])
    assert store.get_history("s") == before[1:]


# Summaries, truncation, replacement


def test_a_summary_is_set_and_replaced(place: Place) -> None:
    store = place.store()
    assert store.get_summary("s") == ""
    for summary in ("first", "second", ""):
        store.set_summary("s", summary)
        assert store.get_summary("s") == summary


@pytest.mark.parametrize(
    ("keep_last", "left"), [(4, 4), (0, 0), (-1, 0), (10, 10), (100, 10)], ids=str
)
def test_a_truncation_keeps_the_newest(place: Place, keep_last: int, left: int) -> None:
    store = place.store()
    say(store, *"abcdefghij")
    store.truncate_history("s", keep_last)
    assert said(store) == list("abcdefghij")[10 - left :]
    say(store, "k")
    assert said(store) == [*"abcdefghij"[10 - left :], "k"]
    assert store.failures.count == 0


def test_a_truncation_counts_what_no_document_counts(memory: Place) -> None:
    say(memory.store(), *"abcdefghij")
    memory.raw.delete("session_s/agents/agent_default/agent.json")
    orphan = Sessions(store=memory.raw).open("s")
    orphan.append({"role": "user", "content": "orphan"})
    store = memory.store()
    store.truncate_history("s", 4)
    assert said(store) == ["h", "i", "j", "orphan"]


def test_a_history_that_is_set_replaces_all(place: Place) -> None:
    store = place.store()
    say(store, *"abcde")
    store.set_summary("s", "stays")
    store.set_history("s", [{"role": "user", "content": "x"}, CALL])
    assert said(store) == ["x", ""]
    store.truncate_history("s", 1)
    store.set_history("s", [{"role": "user", "content": "fresh"}])
    assert said(store) == ["fresh"]
    store.set_history("s", [])
    assert (said(store), store.get_summary("s")) == ([], "stays")


def test_a_history_that_is_too_long_to_be_set_at_once_is_refused_whole(memory: Place) -> None:
    store = memory.store()
    say(store, "old")
    before = memory.keys()
    store.set_history("s", [{"role": "user", "content": "new"}] * 1001)
    assert store.failures.count == 1
    assert (said(store), memory.keys()) == (["old"], before)


def test_a_save_deletes_what_is_hidden_and_nothing_else(place: Place) -> None:
    store = place.store()
    say(store, *"abcdefghij")
    store.truncate_history("s", 3)
    assert len(place.messages()) == 10
    store.save("s")
    assert len(place.messages()) == 3
    assert said(place.store()) == ["h", "i", "j"]
    store.save("s")
    say(store, "k")
    assert said(store) == ["h", "i", "j", "k"]


def test_a_save_with_nothing_hidden_deletes_nothing(memory: Place) -> None:
    store = memory.store()
    say(store, *"abcde")
    store.save("s")
    assert "delete_many" not in store.sessions.requests.by_verb
    assert len(memory.messages()) == 5


def test_what_is_young_waits_for_a_later_save(memory: Place) -> None:
    store = memory.store(min_age=3600)
    say(store, *"abcde")
    store.truncate_history("s", 1)
    store.save("s")
    assert len(memory.messages()) == 5


def test_a_long_conversation_is_summarized_truncated_and_saved(place: Place) -> None:
    store = place.store()
    say(store, *(f"msg {n}" for n in range(20)))
    store.set_summary("s", "what was said")
    store.truncate_history("s", 4)
    store.save("s")
    again = place.store()
    assert again.get_summary("s") == "what was said"
    assert said(again) == ["msg 16", "msg 17", "msg 18", "msg 19"]


# What cannot be read


def test_a_torn_message_is_passed_over_and_costs_no_other(place: Place) -> None:
    store = place.store()
    say(store, "valid")
    place.raw.put(f"{MESSAGES}message_1.json", b'{"message": {"role": "us')
    assert said(store) == ["valid"]
    say(store, "after")
    assert said(place.store()) == ["valid", "after"]
    store.truncate_history("s", 1)
    assert (said(store), store.failures.count) == (["after"], 0)


def test_a_broken_document_costs_no_message(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    say(place.store(), "valid")
    place.raw.put("session_s/agents/agent_default/agent.json", b"garbage")
    store = place.store()
    with caplog.at_level(logging.WARNING, "s3sessions"):
        assert said(store) == ["valid"]
    assert len(caplog.records) == 1
    say(store, "after")
    assert said(store) == ["valid", "after"]


# Thoughts that nobody sees


def without_thoughts(place: Place) -> SessionStore:
    return place.store(should_store=lambda message: not is_transient_thought(message))


def test_all_messages_are_stored_where_nobody_says_otherwise(memory: Place) -> None:
    store = memory.store()
    store.add_full_message("s", THOUGHT)
    assert len(store.get_history("s")) == 1


def test_a_thought_is_neither_added_nor_set(memory: Place) -> None:
    store = without_thoughts(memory)
    store.add_full_message("s", THOUGHT)
    assert (store.get_history("s"), memory.keys()) == ([], [])
    visible = {"role": "assistant", "content": "b", "reasoning_content": "hm"}
    store.set_history("s", [{"role": "user", "content": "a"}, THOUGHT, visible])
    assert [m.get("reasoning_content") for m in store.get_history("s")] == [None, "hm"]
    assert len(memory.messages()) == 2


def test_a_truncation_does_not_count_thoughts_that_another_has_stored(memory: Place) -> None:
    other = memory.store()
    say(other, "a", "b", "c")
    other.add_full_message("s", THOUGHT)
    say(other, "d")
    store = without_thoughts(memory)
    store.truncate_history("s", 2)
    assert said(store) == ["c", "d"]
    assert len(other.get_history("s")) == 3
    store.truncate_history("s", 9)
    assert said(store) == ["c", "d"]


# Errors


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.add_message("s", "user", "secret"),
        lambda store: store.add_full_message("s", {**CALL, "content": "secret"}),
        lambda store: store.set_summary("s", "secret"),
        lambda store: store.set_history("s", [{"role": "user", "content": "secret"}]),
        lambda store: store.truncate_history("s", 1),
    ],
    ids=["add_message", "add_full_message", "set_summary", "set_history", "truncate_history"],
)
def test_a_write_that_fails_is_logged_counted_and_told_and_not_raised(
    memory: Place, write: Callable[[SessionStore], None], caplog: pytest.LogCaptureFixture
) -> None:
    say(memory.store(), "a", "b")
    told: list[tuple[str, S3SessionsError]] = []
    denied = Rule(Fault.DENIED, verb="put", count=None)
    store = memory.failing(denied, tell_error=lambda key, error: told.append((key, error)))
    write(store)
    assert [(key, type(error)) for key, error in told] == [("s", AccessDenied)]
    assert store.failures.count == 1
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "session_store_not_saved" in record.getMessage()
    assert "secret" not in caplog.text
    assert said(store) == ["a", "b"]
    raising = memory.failing(denied, on_error="raise")
    with pytest.raises(AccessDenied):
        write(raising)
    assert raising.failures.count == 1


def test_after_a_failure_the_next_message_is_stored(memory: Place) -> None:
    store = memory.failing(Rule(Fault.DENIED, verb="put", key="*message_0*"))
    say(store, "lost", "kept")
    assert (said(store), store.failures.count) == (["kept"], 1)


def test_a_history_that_cannot_be_read_is_not_taken_for_an_empty_one(memory: Place) -> None:
    say(memory.store(), "there")
    store = memory.failing(Rule(Fault.REFUSED, verb="list", count=None))
    for read in (store.get_history, store.get_summary):
        with pytest.raises(StoreUnavailable):
            read("s")
    assert store.failures.count == 0


def test_a_save_that_fails_says_so(memory: Place) -> None:
    store = memory.failing(
        Rule(Fault.KEYS_REFUSED, verb="delete_many", key="*message_0*"), min_age=0
    )
    say(store, *"abc")
    store.truncate_history("s", 1)
    with pytest.raises(PartialDelete):
        store.save("s")
    store.save("s")
    assert (said(store), len(memory.messages())) == (["c"], 1)


@pytest.mark.parametrize("options", [{"on_error": "ignore"}, {"handles": 0}, {"handles": True}])
def test_arguments_that_cannot_work_are_refused(memory: Place, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettings):
        memory.store(**options)


# The fallback


def unreachable() -> tuple[Sessions, MemoryStore]:
    memory = MemoryStore()
    store = FaultyStore(memory, Rule(Fault.REFUSED, verb="list", count=1))
    return Sessions(store=store), memory


def test_where_the_store_does_not_answer_everything_goes_to_the_fallback(memory: Place) -> None:
    first, there = unreachable()
    store = SessionStore(first, fallback=Sessions(store=memory.raw))
    say(store, "a", "b")
    store.set_summary("s", "so far")
    store.truncate_history("s", 1)
    # It answers by now, and is not asked any more.
    store.set_history("t", [CALL])
    assert (said(store), store.get_summary("s")) == (["b"], "so far")
    assert store.list_sessions() == ["s", "t"]
    assert there.list("").entries == []
    assert store.failures.count == 0


def test_where_the_store_answers_nothing_goes_to_the_fallback(memory: Place) -> None:
    other = MemoryStore()
    denied = Rule(Fault.DENIED, verb="put", count=None)
    store = memory.failing(denied, fallback=Sessions(store=other))
    say(store, "lost")
    assert store.failures.count == 1
    assert other.list("").entries == []


def test_without_a_fallback_nothing_is_asked_beforehand(memory: Place) -> None:
    store = memory.store()
    assert store.sessions.requests.total == 0
    say(store, "a")
    assert dict(store.sessions.requests.by_verb) == {"list": 1, "get": 1, "put": 3}


# Closing


def test_a_store_may_be_closed_twice_and_holds_nothing_back(tmp_path: Path) -> None:
    url, other = f"file://{tmp_path}/sessions", Sessions("memory://")
    with SessionStore(Sessions(url), fallback=other) as store:
        say(store, "a")
    store.close()
    with SessionStore(Sessions(url)) as again:
        assert said(again) == ["a"]


# Several at once


def together(*works: Callable[[], None]) -> None:
    """Run them in threads that begin together; what one raises is raised here."""
    barrier, errors = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], None]) -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        raise error


@pytest.mark.parametrize("shared", [True, False], ids=["one store", "a store each"])
def test_ten_that_add_twenty_each_at_once_add_two_hundred(place: Place, shared: bool) -> None:
    one = place.store()
    stores = [one if shared else place.store() for _ in range(10)]

    def add(store: SessionStore, name: int) -> None:
        say(store, *(f"{name}.{n}" for n in range(20)))
        store.get_history("s")

    together(*(lambda s=s, n=n: add(s, n) for n, s in enumerate(stores)))
    found = said(place.store())
    assert sum(store.failures.count for store in {id(s): s for s in stores}.values()) == 0
    assert sorted(found) == sorted(f"{name}.{n}" for name in range(10) for n in range(20))
    for name in range(10):
        own = [text for text in found if text.startswith(f"{name}.")]
        assert own == [f"{name}.{n}" for n in range(20)]


@pytest.mark.parametrize("shared", [True, False], ids=["one store", "a store each"])
def test_what_is_added_while_another_summarizes_and_truncates_is_never_lost(
    place: Place, shared: bool
) -> None:
    speaker = place.store()
    keeper = speaker if shared else place.store()
    say(speaker, *(f"old {n}" for n in range(5)))

    def speak() -> None:
        say(speaker, *(f"new {n}" for n in range(50)))

    def keep() -> None:
        for n in range(10):
            keeper.set_summary("s", f"summary {n}")
            keeper.truncate_history("s", 5)

    together(speak, keep)
    assert (speaker.failures.count, keeper.failures.count) == (0, 0)
    whole = [*(f"old {n}" for n in range(5)), *(f"new {n}" for n in range(50))]
    left = said(place.store())
    assert len(left) >= 5
    assert left == whole[-len(left) :]
    assert place.store().get_summary("s") == "summary 9"
    assert len(place.messages()) == len(set(place.messages())) == 55


def test_a_change_is_made_on_what_another_process_has_made_of_the_history(memory: Place) -> None:
    mine, theirs = memory.store(), memory.store()
    say(mine, *"abcdef")
    assert len(said(theirs)) == 6
    theirs.truncate_history("s", 4)
    mine.set_summary("s", "mine")
    theirs.truncate_history("s", 2)
    say(mine, "g")
    theirs.set_summary("s", "theirs")
    assert (said(mine), mine.get_summary("s")) == (["e", "f", "g"], "theirs")
    assert (mine.failures.count, theirs.failures.count) == (0, 0)


def test_a_history_is_not_set_over_what_another_process_has_added(memory: Place) -> None:
    told: list[S3SessionsError] = []
    mine = memory.store(tell_error=lambda _, error: told.append(error))
    say(mine, "a")
    mine.get_history("s")
    say(memory.store(), "not seen yet")
    mine.set_history("s", [{"role": "user", "content": "new"}])
    assert isinstance(told[0], Conflict)
    assert said(mine) == ["a", "not seen yet"]
    mine.set_history("s", [{"role": "user", "content": "new"}])
    assert (said(mine), len(told)) == (["new"], 1)


# Many sessions


def living_handles() -> int:
    gc.collect()
    return sum(isinstance(thing, AgentSession) for thing in gc.get_objects())


def test_the_handles_on_many_sessions_are_few(memory: Place) -> None:
    before = living_handles()
    store = memory.store(handles=8)
    for n in range(50):
        say(store, "a", session_key=f"k{n}")
    assert living_handles() - before <= 8
    say(store, "b", session_key="k0")
    assert said(store, "k0") == ["a", "b"]


def test_the_session_that_was_used_last_is_remembered(memory: Place) -> None:
    store = memory.store(handles=2)
    for key in ("kept", "other", "kept", "third"):
        say(store, "a", session_key=key)
    before = store.sessions.requests.total
    say(store, "b", session_key="kept")
    assert store.sessions.requests.total - before == 1


def test_memory_does_not_grow_with_the_number_of_sessions(memory: Place) -> None:
    store = memory.store(handles=32)

    def use(start: int, stop: int) -> int:
        for n in range(start, stop):
            store.get_history(f"k{n}")
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        settled = use(0, 100)
        assert use(100, 700) - settled < 100_000
    finally:
        tracemalloc.stop()
