"""Forks that are killed, refused or overtaken at every single request, step by step."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import (
    AlreadyExists,
    AsyncSessions,
    Conflict,
    PreconditionFailed,
    S3SessionsError,
    SessionDeleted,
    SessionNotFound,
    Sessions,
    SessionUnfinished,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.bridge import Blocking
from s3sessions.ports import SyncStore
from s3sessions.stores.memory import MemoryStore
from tests.dao.deleting import KillAt, KilledError
from tests.interposed import Interposed

MOST_REQUESTS = 80
COUNT = 3
SAID = [{"n": n} for n in range(COUNT)]
SUMMARY = [{"summary": "three were said"}, {"kept": True}]
PARENT = "session_p/"
DOCUMENT = "session_c/session.json"

Fork = Callable[[SyncStore, str], object]


def options(kind: str) -> dict[str, Any]:
    begun = {} if kind == "branch" else {"messages": SUMMARY, "agent": "one"}
    return {"kind": kind, **begun}


def fork(store: SyncStore, kind: str = "branch") -> object:
    return Sessions(store=store, width=2).fork("p", "c", **options(kind))


def fork_async(store: SyncStore, kind: str = "branch") -> object:
    sessions = AsyncSessions(store=Blocking(store), width=2)
    return asyncio.run(sessions.fork("p", "c", **options(kind)))


def filled() -> MemoryStore:
    memory = MemoryStore()
    sessions = Sessions(store=memory)
    for agent in ("one", "two"):
        chat = sessions.open("p", agent=agent, title="A lamp")
        for payload in SAID:
            chat.append(payload)
        chat.save_state({"agent": agent})
    return memory


def stop_behind(memory: MemoryStore, key: str, kind: str = "branch") -> None:
    """Begin a fork and kill it right behind the write of this object of the child."""

    def hook(verb: str, at: str, call: Callable[[], Any]) -> Any:
        result = call()
        if (verb, at) == ("put", f"session_c/{key}"):
            raise KilledError
        return result

    with pytest.raises(KilledError):
        fork(Interposed(memory, hook), kind)


def bodies(memory: MemoryStore, prefix: str) -> dict[str, bytes]:
    return {entry.key: memory.get(entry.key).data for entry in memory.list(prefix).entries}


def expected(kind: str) -> dict[str, list[Any]]:
    return {"one": SAID, "two": SAID} if kind == "branch" else {"one": SUMMARY}


def looks(store: SyncStore) -> list[Callable[[], dict[str, list[Any]] | None]]:
    """Ways to read the child; each gives what it sees, None where it sees nothing."""

    def agents(read: Callable[[Any], list[Any]]) -> dict[str, list[Any]] | None:
        sessions = Sessions(store=store)
        handles = {agent: sessions.open("c", agent=agent) for agent in ("one", "two")}
        try:
            seen = {agent: read(handle) for agent, handle in handles.items()}
        except SessionNotFound:
            return None
        return {agent: found for agent, found in seen.items() if found} or None

    def restored(handle: Any) -> list[Any]:
        history = handle.restore()
        if history.messages and "n" in history.payloads[0]:
            assert history.state == {"agent": handle.agent_id}
        return list(history.payloads)

    return [
        lambda: agents(restored),
        lambda: agents(lambda handle: [m.payload for m in handle.iterate()]),
        lambda: agents(lambda handle: list(handle.restore(last=9).payloads)),
    ]


def child_is_whole_or_nothing(memory: MemoryStore, kind: str) -> bool:
    seen = [look() for look in looks(memory)]
    assert all(found in (None, expected(kind)) for found in seen)
    return None not in seen


def parent_is_as_it_was(memory: MemoryStore, before: dict[str, bytes], kind: str) -> None:
    now = bodies(memory, PARENT)
    marker = f"{PARENT}children/{kind}_c.json"
    changed = {key for key in now if now[key] != before.get(key)} - {marker}
    assert set(before) <= set(now)
    assert changed <= ({f"{PARENT}session.json"} if kind == "compression" else set())


def child_is_there_once(memory: MemoryStore, kind: str) -> None:
    assert child_is_whole_or_nothing(memory, kind)
    sessions = Sessions(store=memory)
    assert [(child.id, child.kind) for child in sessions.children("p")] == [("c", kind)]
    info = sessions.info("c")
    assert (info.parent, info.title) == ("p", "A lamp")
    assert list(sessions.doctor("c")) == []
    assert (sessions.info("p").end_reason == "compression") is (kind == "compression")


def every_request(*, after: bool, least: int = 8, **strike: Any) -> Iterator[KillAt]:
    """Strike at each request in turn, until one comes that is never made."""
    for request in range(1, MOST_REQUESTS):
        hook = KillAt(request, after=after, **strike)
        yield hook
        if not hook.struck:
            assert request > least
            return
    pytest.fail("the fork never ended")


every_kind = pytest.mark.parametrize("kind", ["branch", "compression"])
before_or_after = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])


@before_or_after
@pytest.mark.parametrize(
    ("begin", "kind"),
    [
        (fork, "branch"),
        (fork_async, "branch"),
        (fork, "compression"),
        (fork_async, "delegate"),
    ],
    ids=["branch", "branch-async", "compression", "delegate-async"],
)
def test_a_fork_killed_at_any_request_is_run_again_and_ends(
    begin: Fork, kind: str, after: bool
) -> None:
    for kill in every_request(after=after):
        memory = filled()
        before = bodies(memory, PARENT)
        with suppress(KilledError):
            begin(Interposed(memory, kill), kind)
        child_is_whole_or_nothing(memory, kind)
        parent_is_as_it_was(memory, before, kind)
        begin(memory, kind)
        child_is_there_once(memory, kind)
        parent_is_as_it_was(memory, before, kind)


@before_or_after
@every_kind
def test_an_answer_lost_at_any_request_is_an_error_and_the_next_run_ends(
    kind: str, after: bool
) -> None:
    for lose in every_request(after=after, error=StoreUnavailable("no answer")):
        memory = filled()
        with suppress(StoreUnavailable):
            fork(Interposed(memory, lose), kind)
        child_is_whole_or_nothing(memory, kind)
        fork(memory, kind)
        child_is_there_once(memory, kind)


@every_kind
@pytest.mark.parametrize(
    ("after", "error"),
    [(True, PreconditionFailed("exists")), (False, WriteRace("under way"))],
    ids=["repeated", "raced"],
)
def test_a_write_that_was_repeated_or_raced_is_no_error(
    kind: str, after: bool, error: S3SessionsError
) -> None:
    for strike in every_request(after=after, least=5, error=error):
        memory = filled()

        def at_writes(verb: str, key: str, call: Callable[[], Any], hook: KillAt = strike) -> Any:
            return hook(verb, key, call) if verb == "put" else call()

        fork(Interposed(memory, at_writes), kind)
        child_is_there_once(memory, kind)


@before_or_after
@every_kind
def test_of_two_forks_under_one_id_both_end_and_there_is_one_child(kind: str, after: bool) -> None:
    memory = MemoryStore()

    def fork_too() -> None:
        fork(memory, kind)

    for other in every_request(after=after, instead=fork_too):
        memory = filled()
        fork(Interposed(memory, other), kind)
        child_is_there_once(memory, kind)


@before_or_after
def test_two_forks_of_other_things_under_one_id_are_never_mixed(after: bool) -> None:
    memory, made = MemoryStore(), set[int]()

    def until(store: SyncStore, index: int) -> None:
        with suppress(AlreadyExists, Conflict):
            Sessions(store=store, width=2).fork("p", "c", agent="one", until=index)
            made.add(index)

    def other_fork() -> None:
        until(memory, 2)

    for other in every_request(after=after, instead=other_fork):
        memory, made = filled(), set()
        until(Interposed(memory, other), 3)
        payloads = Sessions(store=memory).open("c", agent="one").restore().payloads
        assert payloads in [SAID[:index] for index in made]


@before_or_after
@every_kind
def test_a_reader_at_any_request_sees_the_whole_child_or_none(kind: str, after: bool) -> None:
    memory = MemoryStore()

    def read() -> None:
        child_is_whole_or_nothing(memory, kind)

    for reader in every_request(after=after, instead=read):
        memory = filled()
        fork(Interposed(memory, reader), kind)


@pytest.mark.parametrize("way", range(3), ids=["restore", "iterate", "last"])
def test_a_reader_that_listed_before_the_child_was_published_lists_again(way: int) -> None:
    memory = MemoryStore()

    def finish() -> None:
        fork(memory)

    for kill in every_request(after=True):
        begun = filled()
        with suppress(KilledError):
            fork(Interposed(begun, kill))
        for request in range(1, 4):
            memory = MemoryStore()
            for key, body in bodies(begun, "session_").items():
                memory.put(key, body)
            late = KillAt(request, after=True, instead=finish)
            seen = looks(Interposed(memory, late))[way]()
            # It asks for one agent, and for the other one then.
            assert seen in (None, expected("branch"), {"two": SAID})


def test_what_is_not_finished_is_not_there_for_readers_nor_for_writers() -> None:
    memory = filled()
    stop_behind(memory, "agents/agent_two/messages/message_0.json")
    assert "unfinished" in json.loads(memory.get(DOCUMENT).data)["s3sessions"]
    before = bodies(memory, "session_c/")
    for use in (
        lambda s: s.open("c", agent="one").restore(),
        lambda s: list(s.open("c", agent="one").iterate()),
        lambda s: s.open("c", agent="one").append({}),
        lambda s: s.open("c", agent="one").append_many([{}, {}]),
        lambda s: s.open("c", agent="one").save_state({"x": 1}),
        lambda s: s.multi_agent("c", "graph").save({}),
        lambda s: s.info("c"),
        lambda s: s.describe("c", title="x"),
        lambda s: s.end("c"),
        lambda s: s.fork("c", "d"),
        lambda s: s.tip("c"),
        lambda s: s.delete("c", agent="one"),
    ):
        with pytest.raises(SessionUnfinished, match="fork again with the same id, or delete it"):
            use(Sessions(store=memory))
    assert bodies(memory, "session_c/") == before
    sessions = Sessions(store=memory)
    latest = sessions.latest()
    assert latest is not None
    assert latest.id == "p"
    (finding,) = sessions.doctor("c")
    assert finding.kind == "unfinished_fork"
    assert not finding.repairable
    sessions.delete("c")
    assert bodies(memory, "session_c/") == {}
    assert sessions.children("p") == ()


@before_or_after
def test_a_fork_that_was_deleted_while_it_was_made_publishes_nothing(after: bool) -> None:
    memory = MemoryStore()

    def delete() -> None:
        with suppress(SessionNotFound):
            Sessions(store=memory).delete("c")

    outcomes = set[Any]()
    for other in every_request(after=after, instead=delete):
        memory = filled()
        before = bodies(memory, PARENT)
        try:
            fork(Interposed(memory, other))
        except (Conflict, SessionDeleted) as error:
            outcomes.add(type(error))
            assert bodies(memory, "session_c/") == {}
            assert bodies(memory, PARENT) == before
        else:
            # Deleted before it began, or after it had ended.
            outcomes.add(None)
            assert child_is_whole_or_nothing(memory, "branch") or not bodies(memory, "session_c/")
        fork(memory)
        child_is_there_once(memory, "branch")
    assert outcomes == {None, Conflict}


@before_or_after
def test_a_fork_that_stalls_leaves_the_next_child_of_that_id_whole(after: bool) -> None:
    memory = MemoryStore()

    def live_again() -> None:
        with suppress(SessionNotFound):
            Sessions(store=memory).delete("c")
        fork(memory)

    for stall in every_request(after=after, instead=live_again):
        memory = filled()
        with suppress(Conflict):
            fork(Interposed(memory, stall))
        child_is_there_once(memory, "branch")


@before_or_after
def test_a_fork_that_stalls_publishes_nothing_of_the_next_child_of_that_id(after: bool) -> None:
    memory = MemoryStore()

    def begin_again() -> None:
        with suppress(SessionNotFound):
            Sessions(store=memory).delete("c")
        stop_behind(memory, "agents/agent_one/messages/message_0.json")

    for stall in every_request(after=after, instead=begin_again):
        memory = filled()
        with suppress(Conflict):
            fork(Interposed(memory, stall))
        child_is_whole_or_nothing(memory, "branch")
        fork(memory)
        child_is_there_once(memory, "branch")


@before_or_after
def test_a_fork_that_stalls_is_done_where_another_has_ended_it_and_the_child_went_on(
    after: bool,
) -> None:
    memory, redacted = MemoryStore(), list[Any]()

    def end_and_go_on() -> None:
        fork(memory)
        chat = Sessions(store=memory).open("c", agent="one")
        chat.save_state({"agent": "gone on"})
        redacted.append(chat.redact(0).payload)

    for stall in every_request(after=after, instead=end_and_go_on):
        memory = filled()
        redacted.clear()
        assert fork(Interposed(memory, stall)) == "c"
        history = Sessions(store=memory).open("c", agent="one").restore()
        assert history.payloads == [*(redacted or SAID[:1]), *SAID[1:]]
        assert history.state == {"agent": "gone on" if redacted else "one"}


@before_or_after
def test_a_parent_deleted_at_any_request_leaves_no_marker_and_no_half_child(after: bool) -> None:
    memory, deleted = MemoryStore(), list[Any]()

    def delete() -> None:
        deleted.append(Sessions(store=memory).delete("p"))

    for other in every_request(after=after, instead=delete):
        memory = filled()
        deleted.clear()
        try:
            fork(Interposed(memory, other))
        except SessionNotFound:
            assert not child_is_whole_or_nothing(memory, "branch")
        else:
            assert child_is_whole_or_nothing(memory, "branch")
            assert (Sessions(store=memory).info("c").parent is None) is bool(deleted)
        if deleted:
            assert bodies(memory, PARENT) == {}
        with suppress(SessionNotFound):
            Sessions(store=memory).delete("c")
        assert bodies(memory, "session_c/") == {}


@before_or_after
def test_somebody_who_speaks_under_the_id_is_refused_or_the_fork_is(after: bool) -> None:
    memory, told = MemoryStore(), list[str]()
    by_another = {"said": "by another"}

    def speak() -> None:
        try:
            Sessions(store=memory).open("c", agent="one").append(by_another)
            told.append("acknowledged")
        except SessionUnfinished:
            told.append("refused")

    answers = []
    for other in every_request(after=after, instead=speak):
        memory = filled()
        told.clear()
        said = SAID
        try:
            fork(Interposed(memory, other))
        except AlreadyExists:
            assert told == ["acknowledged"]
            said = []
        expected = [*said, by_another] if told == ["acknowledged"] else said
        assert Sessions(store=memory).open("c", agent="one").restore().payloads == expected
        answers += told
    assert answers.count("refused") > 8


@before_or_after
def test_a_message_that_was_under_way_when_a_fork_began_is_taken_back(after: bool) -> None:
    memory = MemoryStore()

    def fork_now() -> None:
        fork(memory)

    for late in every_request(after=after, least=3, instead=fork_now):
        memory = filled()
        chat = Sessions(store=Interposed(memory, late)).open("c", agent="one")
        with suppress(SessionUnfinished, Conflict, AlreadyExists):
            chat.append({"said": "by another"})
        for look in looks(memory):
            found = (look() or {}).get("one", [])
            assert found in ([{"said": "by another"}], [*SAID, {"said": "by another"}], SAID)


def test_a_message_taken_out_of_the_parent_since_the_fork_began_stops_it() -> None:
    memory = filled()
    stop_behind(memory, "agents/agent_one/agent.json")
    assert bodies(memory, "session_c/agents/agent_one/messages/")
    Sessions(store=memory).open("p", agent="one").remove(0)
    with pytest.raises(Conflict, match="delete the child, then fork again"):
        fork(memory)
    assert not child_is_whole_or_nothing(memory, "branch")
    Sessions(store=memory).delete("c")
    fork(memory)
    assert Sessions(store=memory).open("c", agent="one").restore().payloads == SAID[1:]


def test_a_state_saved_in_the_parent_since_the_fork_began_stops_it() -> None:
    memory = filled()
    stop_behind(memory, "agents/agent_one/agent.json")
    assert "session_c/agents/agent_one/agent.json" in bodies(memory, "session_c/")
    Sessions(store=memory).open("p", agent="one").save_state({"agent": "changed"})
    with pytest.raises(Conflict, match="delete the child, then fork again"):
        fork(memory)


def test_a_fork_of_other_messages_does_not_go_on_where_one_has_stopped() -> None:
    memory = filled()
    stop_behind(memory, "agents/agent_one/messages/message_0.json", "compression")
    before = bodies(memory, "session_")
    asked: dict[str, Any] = {
        "kind": "compression",
        "messages": [*SUMMARY, {"more": 1}],
        "agent": "one",
    }
    with pytest.raises(AlreadyExists, match="a fork of something else"):
        Sessions(store=memory).fork("p", "c", **asked)
    assert bodies(memory, "session_") == before
    fork(memory, "compression")
    child_is_there_once(memory, "compression")


def test_what_is_said_in_the_parent_since_the_fork_began_is_not_taken_over() -> None:
    memory = filled()
    stop_behind(memory, "agents/agent_two/messages/message_0.json")
    Sessions(store=memory).open("p", agent="one").append({"n": "late"})
    fork(memory)
    child_is_there_once(memory, "branch")


@before_or_after
@pytest.mark.parametrize("verb", ["delete", "purge"])
def test_a_parent_s_deletion_killed_at_any_request_ends_without_a_trace_in_the_child(
    verb: str, after: bool
) -> None:
    for kill in every_request(after=after, least=10):
        memory = filled()
        fork(memory, "compression")
        Sessions(store=memory).fork("p", "b")
        with suppress(KilledError):
            getattr(Sessions(store=Interposed(memory, kill)), verb)("p")
        assert child_is_whole_or_nothing(memory, "compression")
        with suppress(SessionNotFound):
            getattr(Sessions(store=memory), verb)("p")
        assert bodies(memory, PARENT) == {}
        for child in "bc":
            assert Sessions(store=memory).info(child).parent is None
            assert Sessions(store=memory).open(child, agent="one").restore().messages


@before_or_after
def test_a_child_s_deletion_killed_at_any_request_takes_the_marker_at_last(after: bool) -> None:
    for kill in every_request(after=after):
        memory = filled()
        before = bodies(memory, PARENT)
        fork(memory)
        with suppress(KilledError):
            Sessions(store=Interposed(memory, kill)).delete("c")
        assert len(bodies(memory, f"{PARENT}children/")) >= len(bodies(memory, DOCUMENT)) - 1
        with suppress(SessionNotFound):
            Sessions(store=memory).delete("c")
        assert bodies(memory, PARENT) == before


@before_or_after
def test_a_child_s_deletion_that_stalls_takes_no_marker_of_the_next_child(after: bool) -> None:
    memory = MemoryStore()

    def live_again() -> None:
        with suppress(SessionNotFound):
            Sessions(store=memory).delete("c")
        fork(memory)

    for stall in every_request(after=after, instead=live_again):
        memory = filled()
        fork(memory)
        with suppress(SessionNotFound):
            Sessions(store=Interposed(memory, stall)).delete("c")
        if stall.struck and stall.request > 1:
            child_is_there_once(memory, "branch")


def test_a_mark_on_an_unfinished_child_is_a_deletion_s_own() -> None:
    memory = filled()
    stop_behind(memory, "agents/agent_two/messages/message_0.json")
    with suppress(KilledError):
        Sessions(store=Interposed(memory, KillAt(2, after=True))).delete("c")
    stamp = json.loads(memory.get(DOCUMENT).data)["s3sessions"]
    assert {"deleted_at", "deletion", "unfinished"} <= set(stamp)
    with pytest.raises(SessionDeleted):
        fork(memory)
    Sessions(store=memory).delete("c")
    fork(memory)
    child_is_there_once(memory, "branch")
