"""What an export promises: all of it, in order, once, and nothing left out in silence."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from s3sessions import InvalidSettings, SessionNotFound, Sessions
from s3sessions.export import (
    ExportProgress,
    ExportReport,
    export_conversations,
    import_conversations,
)
from s3sessions.stores.memory import MemoryStore
from tests.export.places import (
    CONVERSATIONS,
    LOG_RECORDS,
    exported,
    memory,
    objects,
    sample,
    still,
    talk,
    written,
)
from tests.interposed import Interposed


def export(sessions: Sessions, **options: Any) -> tuple[list[dict[str, Any]], ExportReport]:
    lines: list[bytes] = []
    report = export_conversations(sessions, lines.append, **options)
    assert report.bytes == sum(map(len, lines))
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    return [json.loads(line) for line in lines], report


def test_every_message_of_the_sample_is_in_the_export() -> None:
    sessions = memory()
    import_conversations(sessions, [CONVERSATIONS, LOG_RECORDS])
    rows, report = export(sessions)
    found = {(row["session_id"], row["agent_id"]): row["messages"] for row in rows}
    for row in sample():
        key = (row.get("session_id", row["id"]), row.get("agent_id", "default"))
        assert found.pop(key) == row["messages"]
    (record,) = sample(LOG_RECORDS)
    assert found == {(record["session_id"], "main~2"): record["messages"]}
    assert (report.sessions, report.conversations, report.messages) == (15, 17, 101)
    assert (report.gone, report.corrupt, report.holes, report.foreign) == (0, (), 0, 0)


def test_a_line_reads_as_its_session_does() -> None:
    sessions = memory()
    made = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)
    chat = sessions.open(
        "s",
        "a",
        title="T",
        created_at=made,
        metadata={"team": 1},
        agent_metadata={"source": "o/r", "state": "CA"},
    )
    chat.append({"role": "user", "content": "é\u2028"}, created_at=made)
    chat.append({"image": b"\x00\x01"}, created_at=made)
    chat.save_state({"step": 2})
    time = "2024-05-01T12:30:00.000000+00:00"
    assert export(sessions)[0] == [
        {
            "session_id": "s",
            "agent_id": "a",
            "created_at": time,
            "messages": [
                {"role": "user", "content": "é\u2028"},
                {"image": {"__bytes_encoded__": True, "data": "AAE="}},
            ],
            "state": {"step": 2},
            "source": "o/r",
            "s3sessions": {
                "v": 1,
                "created_at": [time, time],
                "session": {"title": "T", "metadata": {"team": 1}},
                "metadata": {"state": "CA"},
            },
        }
    ]


def test_sessions_come_in_the_order_of_the_listing_and_agents_by_id() -> None:
    sessions = memory()
    for number in range(40):
        for agent in ("b", "a"):
            sessions.open(f"s{number}", agent).append({"n": number})
    rows, _ = export(sessions, width=7)
    listed = [ref.id for ref in sessions.list()]
    assert [(row["session_id"], row["agent_id"]) for row in rows] == [
        (session_id, agent) for session_id in listed for agent in ("a", "b")
    ]


def test_an_export_that_is_imported_elsewhere_gives_the_same_sessions(tmp_path: Path) -> None:
    here, there = still(MemoryStore()), MemoryStore()
    import_conversations(here, [CONVERSATIONS, LOG_RECORDS])
    look_alike = {"__bytes_encoded__": True, "data": "AAE="}
    names = {"messages": 1, "agent_id": 2, "s3sessions": {"x": b"y"}, "id": 3}
    chat = here.open("own", user="u", metadata={"raw": b"z"}, agent_metadata=names)
    for n in range(12):
        chat.append(
            {"n": n, "b": b"\xff", "m": look_alike}, created_at=datetime(2020, 1, 1 + n, tzinfo=UTC)
        )
    chat.save_state({"step": 12, "raw": b"\x00", "m": look_alike})
    import_conversations(Sessions(store=there), [exported(here, tmp_path)])
    copy = Sessions(store=there)
    for ref in here.list():
        mine, theirs = here.info(ref.id), copy.info(ref.id)
        assert (mine.user, mine.metadata, mine.created_at, mine.agents) == (
            theirs.user,
            theirs.metadata,
            theirs.created_at,
            theirs.agents,
        )
        for agent in mine.agents:
            before, after = (s.open(ref.id, agent).restore() for s in (here, copy))
            assert after.payloads == before.payloads
            assert (after.state, after.metadata) == (before.state, before.metadata)
            assert [m.created_at for m in after.messages] == [m.created_at for m in before.messages]
    assert exported(copy, tmp_path, "again").read_bytes() == exported(here, tmp_path).read_bytes()


def test_an_export_that_is_imported_where_it_came_from_changes_nothing(tmp_path: Path) -> None:
    store = MemoryStore()
    sessions = Sessions(store=store)
    import_conversations(sessions, [CONVERSATIONS, LOG_RECORDS])
    sessions.open("own").append({"b": b"\xff"})
    sessions.open("own").save_state({"step": 1})
    before = objects(store)
    report = import_conversations(sessions, [exported(sessions, tmp_path)])
    assert objects(store) == before
    assert (report.imported, report.renamed, report.failures) == (0, (), ())


def test_a_state_follows_its_messages_and_is_not_set_back_where_somebody_went_on(
    tmp_path: Path,
) -> None:
    sessions = memory()
    chat = sessions.open("s")
    chat.append({"n": 0})
    chat.save_state({"step": 0, "draft": True})
    old = exported(sessions, tmp_path, "old.jsonl")
    chat.append({"n": 1})
    chat.save_state({"step": 1}, remove=["draft"])
    new = exported(sessions, tmp_path, "new.jsonl")
    copy = memory()
    for file, state in [(old, {"step": 0, "draft": True}), (new, {"step": 1}), (old, {"step": 1})]:
        import_conversations(copy, [file])
        assert copy.open("s").restore().state == state


def test_only_the_sessions_that_are_named_are_exported_in_that_order() -> None:
    sessions = memory()
    for session_id in "abcd":
        sessions.open(session_id).append({})
    rows, report = export(sessions, session_ids=["c", "a"])
    assert [row["session_id"] for row in rows] == ["c", "a"]
    assert report.sessions == 2
    with pytest.raises(SessionNotFound):
        export(sessions, session_ids=["a", "nobody"])


def test_what_cannot_be_read_is_passed_over_and_named(tmp_path: Path) -> None:
    store = MemoryStore()
    import_conversations(still(store), [written(tmp_path, talk("s", *"abcdef"))])
    agent = "session_s/agents/agent_default"
    store.put(f"{agent}/messages/message_1.json", b"torn")
    store.put(f"{agent}/messages/message_2.json", b'{"message":{"x":NaN},"message_id":2}')
    store.delete(f"{agent}/messages/message_3.json")
    store.put(f"{agent}/notes.txt", b"hello")
    store.put("session_s/session.json", b"torn")
    rows, report = export(Sessions(store=store))
    assert [m["content"] for m in rows[0]["messages"]] == ["a", "e", "f"]
    assert len(rows[0]["s3sessions"]["created_at"]) == 3
    assert dict(report.corrupt).keys() == {
        f"{agent}/messages/message_1.json",
        f"{agent}/messages/message_2.json",
        "session_s/session.json",
    }
    assert all(each.reason for each in report.corrupt)
    assert (report.holes, report.foreign, report.messages) == (1, 1, 3)


def test_a_state_that_is_no_json_is_passed_over_and_named() -> None:
    store = MemoryStore()
    still(store).open("s").append({"n": 1})
    key = "session_s/agents/agent_default/agent.json"
    store.put(key, b'{"state":{"x":NaN}}')
    rows, report = export(Sessions(store=store))
    assert rows[0]["messages"] == [{"n": 1}]
    assert "state" not in rows[0]
    assert [each.key for each in report.corrupt] == [key]


def deleting(store: MemoryStore, when: Callable[[str, str], bool], **what: Any) -> Sessions:
    """Sessions of which somebody deletes `b`, or an agent of it, at a certain request."""
    done: list[str] = []

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if not done and when(verb, key):
            done.append(key)
            Sessions(store=store).delete("b", **what)
        return call()

    return Sessions(store=Interposed(store, hook))


def places(*agents: str) -> MemoryStore:
    store = MemoryStore()
    for session_id in "abc":
        for agent in agents:
            Sessions(store=store).open(session_id, agent).append({"x": session_id})
    return store


@pytest.mark.parametrize(
    "when",
    [
        lambda verb, key: verb == "list" and key == "session_b/",
        lambda verb, key: verb == "list" and key == "session_b/agents/agent_one/",
        lambda verb, key: key == "session_b/agents/agent_one/messages/message_0.json",
    ],
    ids=["before it is looked at", "before it is listed", "before it is read"],
)
def test_a_session_that_is_deleted_meanwhile_is_counted_as_gone(
    when: Callable[[str, str], bool],
) -> None:
    rows, report = export(deleting(places("one"), when), width=1)
    assert [row["session_id"] for row in rows] == ["a", "c"]
    assert (report.gone, report.sessions) == (1, 2)


def test_an_agent_that_is_deleted_meanwhile_leaves_the_others() -> None:
    sessions = deleting(
        places("one", "two"),
        lambda verb, key: verb == "list" and key == "session_b/agents/agent_one/",
        agent="one",
    )
    rows, report = export(sessions, width=1)
    assert [(row["session_id"], row["agent_id"]) for row in rows] == [
        (session_id, agent)
        for session_id in "abc"
        for agent in ("one", "two")
        if (session_id, agent) != ("b", "one")
    ]
    assert (report.gone, report.sessions) == (0, 3)


def test_an_export_reads_no_more_sessions_ahead_than_was_asked_for() -> None:
    store = MemoryStore()
    for number in range(60):
        Sessions(store=store).open(f"s{number:02}").append({})
    read: set[str] = set()
    ahead: list[int] = []

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "get":
            read.add(key.split("/")[0])
        return call()

    def write(line: bytes) -> None:
        ahead.append(len(read) - len(ahead))

    export_conversations(Sessions(store=Interposed(store, hook)), write, width=4)
    assert len(ahead) == 60
    assert max(ahead) <= 4


def test_memory_does_not_grow_with_the_number_of_sessions() -> None:
    store = MemoryStore()
    for number in range(300):
        folder = f"session_s{number:04}/agents/agent_default/messages"
        for n in range(4):
            body = json.dumps({"message": {"n": n, "text": "x" * 2_000}, "message_id": n})
            store.put(f"{folder}/message_{n}.json", body.encode())
    peaks: list[int] = []

    def watch(progress: ExportProgress) -> None:
        if progress.sessions in (75, 300):
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()

    tracemalloc.start()
    try:
        report = export_conversations(
            Sessions(store=store), lambda line: None, width=4, on_progress=watch
        )
    finally:
        tracemalloc.stop()
    assert report.messages == 1_200
    # What was exported in between has 1.8 MB.
    assert peaks[1] < peaks[0] + 200_000


def test_nothing_is_exported_from_an_empty_place() -> None:
    rows, report = export(memory())
    assert rows == []
    assert report == ExportReport(0, 0, 0, 0, 0, (), 0, 0)


def test_progress_is_told_after_each_session() -> None:
    sessions = memory()
    for session_id in "abc":
        sessions.open(session_id).append({})
    seen: list[ExportProgress] = []
    _, report = export(sessions, on_progress=seen.append)
    assert [progress.session_id for progress in seen] == ["a", "b", "c"]
    assert (seen[-1].sessions, seen[-1].messages, seen[-1].bytes) == (3, 3, report.bytes)


def test_a_width_without_sense_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="width=0"):
        export(memory(), width=0)
