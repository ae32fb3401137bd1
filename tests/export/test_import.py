"""What an import promises: every conversation once, whatever was there and whatever is broken."""

from __future__ import annotations

import gzip
import json
import threading
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from s3sessions import InvalidSettings, Sessions
from s3sessions.export import ImportProgress, Renaming, import_conversations
from s3sessions.ports import Request
from s3sessions.stores.memory import MemoryStore
from tests.export.places import (
    CONVERSATIONS,
    LOG_RECORDS,
    counts,
    memory,
    objects,
    payloads,
    sample,
    talk,
    texts,
    written,
)


def test_every_message_of_the_sample_comes_back_equal() -> None:
    sessions = memory()
    report = import_conversations(sessions, [CONVERSATIONS])
    rows = sample()
    for row in rows:
        stored = payloads(
            sessions, row.get("session_id", row["id"]), row.get("agent_id", "default")
        )
        assert stored == row["messages"]
    assert counts(report) == {
        "imported": 16,
        "unchanged": 0,
        "empty": 0,
        "failed": 0,
        "written": 89,
    }
    assert (report.files, report.conversations, report.messages) == (1, 16, 89)
    assert len(list(sessions.list())) == 15


def test_importing_twice_changes_nothing() -> None:
    store = MemoryStore()
    import_conversations(Sessions(store=store), [CONVERSATIONS, LOG_RECORDS])
    before = objects(store)
    again = Sessions(store=store)
    report = import_conversations(again, [CONVERSATIONS, LOG_RECORDS])
    assert "put" not in again.requests.by_verb
    assert objects(store) == before
    assert (report.unchanged, report.imported, report.messages) == (17, 0, 101)


def test_a_new_conversation_costs_one_put_for_each_message_and_document(tmp_path: Path) -> None:
    sessions = memory()
    path = written(tmp_path, talk("a", "0", "1", "2"))
    import_conversations(sessions, [path])
    assert sessions.requests.by_verb == {"list": 1, "get": 1, "put": 5}
    import_conversations(sessions, [path])
    assert sessions.requests.by_verb == {"list": 2, "get": 4, "put": 5}


def test_lines_of_one_session_are_its_agents() -> None:
    sessions = memory()
    import_conversations(sessions, [CONVERSATIONS])
    row = next(row for row in sample() if "agent_id" in row)
    assert dict(sessions.info(row["session_id"]).agents) == {"main": 12, "c3d572ee": 2}


def test_all_other_fields_of_a_line_are_the_metadata_of_its_agent() -> None:
    sessions = memory()
    import_conversations(sessions, [CONVERSATIONS])
    for row in sample():
        ours = {"messages", "agent_id", "session_id" if "session_id" in row else "id"}
        chat = sessions.open(row.get("session_id", row["id"]), row.get("agent_id", "default"))
        assert chat.restore(last=1).metadata == {k: v for k, v in row.items() if k not in ours}


def test_the_time_of_a_line_is_the_time_of_its_session(tmp_path: Path) -> None:
    sessions = memory()
    path = written(tmp_path, talk("a", "x", created_at="2023-05-01T12:00:00+02:00"))
    import_conversations(sessions, [path])
    assert sessions.info("a").created_at == datetime(2023, 5, 1, 10, tzinfo=UTC)


def test_another_field_can_be_the_session_id(tmp_path: Path) -> None:
    sessions = memory()
    path = written(tmp_path, talk("ignored", "x", thread="t-1"), talk("ignored", "y"))
    report = import_conversations(sessions, [path], session_id_field="thread")
    assert [ref.id for ref in sessions.list()] == ["t-1"]
    assert sessions.open("t-1").restore().metadata == {"session_id": "ignored"}
    assert [(f.line, f.reason) for f in report.failures] == [
        (2, "line has no session id: give it the field thread")
    ]


# Two conversations for one agent


def test_a_conversation_whose_agent_holds_another_goes_to_the_next_free_agent(
    tmp_path: Path,
) -> None:
    sessions = memory()
    path = written(tmp_path, talk("s", "a"), talk("s", "b"), talk("s", "c", "d"))
    for _ in range(2):
        report = import_conversations(sessions, [path])
        assert report.renamed == (
            Renaming("s", "default", "default~2"),
            Renaming("s", "default", "default~3"),
        )
    assert texts(sessions, "s") == ["a"]
    assert texts(sessions, "s", "default~2") == ["b"]
    assert texts(sessions, "s", "default~3") == ["c", "d"]


def test_two_files_that_share_ids_and_no_messages_are_both_kept() -> None:
    sessions = memory()
    report = import_conversations(sessions, [CONVERSATIONS, LOG_RECORDS])
    (record,) = sample(LOG_RECORDS)
    session_id = record["session_id"]
    assert report.renamed == (Renaming(session_id, "main", "main~2"),)
    assert payloads(sessions, session_id, "main~2") == record["messages"]
    assert set(sessions.agents(session_id)) == {"main", "main~2", "c3d572ee"}


def test_a_longer_conversation_goes_on_where_the_shorter_one_ended(tmp_path: Path) -> None:
    sessions = memory()
    import_conversations(sessions, [written(tmp_path, talk("s", "a", "b"))])
    report = import_conversations(sessions, [written(tmp_path, talk("s", "a", "b", "c"))])
    assert counts(report)["written"] == 1
    assert sessions.agents("s") == ("default",)
    assert texts(sessions, "s") == ["a", "b", "c"]


def test_a_shorter_conversation_is_part_of_the_longer_one(tmp_path: Path) -> None:
    sessions = memory()
    import_conversations(sessions, [written(tmp_path, talk("s", "a", "b", "c"))])
    report = import_conversations(sessions, [written(tmp_path, talk("s", "a", "b"))])
    assert counts(report) == {"imported": 0, "unchanged": 1, "empty": 0, "failed": 0, "written": 0}
    assert sessions.agents("s") == ("default",)


def test_a_conversation_that_somebody_went_on_with_is_left_alone(tmp_path: Path) -> None:
    sessions = memory()
    path = written(tmp_path, talk("s", *map(str, range(100))))
    import_conversations(sessions, [path])
    sessions.open("s").append({"role": "user", "content": "more"})
    before = sessions.requests
    report = import_conversations(sessions, [path])
    assert (report.unchanged, report.written, report.renamed) == (1, 0, ())
    assert sessions.requests.total - before.total <= 6


def test_what_others_stored_without_our_write_ids_is_recognised_by_its_messages(
    tmp_path: Path,
) -> None:
    sessions = memory()
    for chat, said in [("whole", "abcd"), ("part", "ab"), ("more", "abcde"), ("other", "abcx")]:
        for text in said:
            sessions.open(chat).append({"role": "user", "content": text})
    rows = [talk(chat, *"abcd") for chat in ("whole", "part", "more", "other")]
    report = import_conversations(sessions, [written(tmp_path, *rows)])
    assert (report.unchanged, report.imported, report.written) == (2, 2, 6)
    assert report.renamed == (Renaming("other", "default", "default~2"),)
    assert texts(sessions, "part") == list("abcd")
    assert texts(sessions, "more") == list("abcde")
    assert texts(sessions, "other") == list("abcx")


def test_another_conversation_is_told_by_its_first_message(tmp_path: Path) -> None:
    sessions = memory()
    texts_of = [str(n) for n in range(100)]
    import_conversations(sessions, [written(tmp_path, talk("s", "mine", *texts_of))])
    before = sessions.requests.by_verb["get"]
    import_conversations(sessions, [written(tmp_path, talk("s", "yours", *texts_of))])
    assert sessions.requests.by_verb["get"] - before <= 6


def take_back(store: MemoryStore, index: int) -> None:
    key = f"session_s/agents/agent_default/messages/message_{index}.json"
    store.put(key, store.get(key).data.replace(b'"v":1', b'"v":1,"status":"void"'))


def test_a_history_whose_end_was_taken_back_is_not_the_whole_conversation(tmp_path: Path) -> None:
    store = MemoryStore()
    sessions = Sessions(store=store)
    for text in "abc":
        sessions.open("s").append({"role": "user", "content": text})
    take_back(store, 2)
    report = import_conversations(sessions, [written(tmp_path, talk("s", *"abc"))])
    assert report.renamed == (Renaming("s", "default", "default~2"),)
    assert texts(sessions, "s", "default~2") == list("abc")


def test_nothing_is_appended_behind_an_end_that_was_taken_back(tmp_path: Path) -> None:
    store = MemoryStore()
    sessions = Sessions(store=store)
    import_conversations(sessions, [written(tmp_path, talk("s", *"abc"))])
    take_back(store, 2)
    path = written(tmp_path, talk("s", *"abcde"))
    import_conversations(sessions, [path])
    before = objects(store)
    assert import_conversations(sessions, [path]).written == 0
    assert objects(store) == before
    assert texts(sessions, "s") == ["a", "b"]
    assert texts(sessions, "s", "default~2") == list("abcde")


def test_what_was_renamed_is_told_in_the_order_of_the_files(tmp_path: Path) -> None:
    fast_ended = threading.Event()

    def wait_for_fast(request: Request) -> None:
        if request.verb == "put" and request.key.startswith("session_slow/agents/agent_default~2"):
            assert fast_ended.wait(10)

    def watch(progress: ImportProgress) -> None:
        if progress.conversations == 3:
            fast_ended.set()

    sessions = Sessions(store=MemoryStore(), on_request=wait_for_fast)
    rows = [talk(session, text) for session in ("slow", "fast") for text in "ab"]
    report = import_conversations(sessions, [written(tmp_path, *rows)], on_progress=watch)
    assert [renaming.session_id for renaming in report.renamed] == ["slow", "fast"]


def test_one_and_true_are_different_messages(tmp_path: Path) -> None:
    sessions = memory()
    sessions.open("s").append({"n": 1})
    row = {"id": "s", "messages": [{"n": True}]}
    report = import_conversations(sessions, [written(tmp_path, row)])
    assert len(report.renamed) == 1


def test_lines_of_one_agent_in_flight_together_end_as_one_after_the_other(
    tmp_path: Path,
) -> None:
    rows = [talk("s", *"abcdefgh"[: n % 8 + 1], note=n) for n in range(40)]
    rows += [talk("s", f"other {n % 3}") for n in range(12)]
    results = []
    for width in (1, 16):
        sessions = memory()
        import_conversations(sessions, [written(tmp_path, *rows)], width=width)
        agents = sessions.agents("s")
        results.append({agent: texts(sessions, "s", agent) for agent in agents})
        assert sessions.open("s").restore().metadata == {"note": 0}
    assert results[0] == results[1]
    assert results[0]["default"] == list("abcdefgh")
    assert len(results[0]) == 4


def test_a_writer_that_comes_between_takes_nothing_of_an_import_away(tmp_path: Path) -> None:
    store = MemoryStore()
    other = Sessions(store=store)

    def interfere(request: Request) -> None:
        if request.verb == "put" and request.key.endswith("agent_default/messages/message_1.json"):
            chat = other.open("s")
            if len(chat.restore().messages) == 2:
                chat.append({"role": "user", "content": "theirs"})

    sessions = Sessions(store=store, on_request=interfere)
    report = import_conversations(sessions, [written(tmp_path, talk("s", *"abcd"))])
    assert report.renamed == (Renaming("s", "default", "default~2"),)
    assert texts(other, "s") == ["a", "b", "theirs"]
    assert texts(other, "s", "default~2") == list("abcd")


# Bad input


def test_a_bad_line_is_reported_with_its_place_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    first = written(
        tmp_path,
        talk("good-1", "x"),
        b"{broken",
        b"",
        b"[]",
        {"messages": [{}]},
        {"id": "no-messages"},
        {"id": "text", "messages": ["hello"]},
        {"id": "", "messages": [{}]},
        {"id": "x" * 300, "messages": [{}]},
        {"id": "a", "agent_id": "", "messages": [{}]},
        b'{"id": "nan", "messages": [{"x": NaN}]}',
        b'{"id": "huge", "messages": [{"x": 1e999}]}',
        b'{"id": "surrogate", "messages": [{}, {"x": "\\ud800"}]}',
        b'{"id": "metadata", "messages": [{}], "x": "\\ud800"}',
        talk("good-2", "y"),
        name="one.jsonl",
    )
    second = written(tmp_path, b"{}", talk("good-3", "z"), name="two.jsonl")
    sessions = memory()
    report = import_conversations(sessions, [first, second])
    assert [(f.file, f.line) for f in report.failures] == [
        *((str(first), line) for line in (2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)),
        (str(second), 1),
    ]
    reasons = [failure.reason for failure in report.failures]
    assert reasons[5:8] == [
        "session id is empty: give at least one character",
        next(reason for reason in reasons if "300 bytes long" in reason),
        "agent id is empty: give at least one character",
    ]
    assert [ref.id for ref in sessions.list()] == ["good-1", "good-2", "good-3"]
    assert (report.conversations, report.imported) == (16, 3)


def test_a_message_over_the_limit_is_a_bad_line_until_the_limit_is_raised(tmp_path: Path) -> None:
    store = MemoryStore()
    path = written(tmp_path, talk("large", "x", "y" * 1000, "z"), talk("small", "x"))
    report = import_conversations(Sessions(store=store, max_message_bytes=1000), [path])
    assert [failure.line for failure in report.failures] == [1]
    assert "bytes, the limit is 1,000" in report.failures[0].reason
    assert report.imported == 1
    sessions = Sessions(store=store)
    assert import_conversations(sessions, [path]).failures == ()
    assert texts(sessions, "large") == ["x", "y" * 1000, "z"]


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    rows = [talk(f"cut-{n}", *map(str, range(50))) for n in range(300)]
    data = gzip.compress(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(data[: len(data) // 2])
    whole = written(tmp_path, talk("whole", "x"))
    sessions = memory()
    report = import_conversations(sessions, [tmp_path / "nowhere", cut, tmp_path, whole])
    ids = {ref.id for ref in sessions.list()}
    assert ids == {f"cut-{n}" for n in range(len(ids) - 1)} | {"whole"}
    assert [(Path(f.file), f.line) for f in report.failures] == [
        (tmp_path / "nowhere", 0),
        (cut, len(ids)),
        (tmp_path, 0),
    ]
    assert report.files == 4


def test_a_conversation_nobody_speaks_in_stores_nothing(tmp_path: Path) -> None:
    store = MemoryStore()
    report = import_conversations(Sessions(store=store), [written(tmp_path, talk("s"))])
    assert counts(report)["empty"] == 1
    assert objects(store) == {}


def test_a_corrupt_last_message_is_reported_and_nothing_is_appended(tmp_path: Path) -> None:
    store = MemoryStore()
    key = "session_s/agents/agent_default/messages/message_1.json"
    path = written(tmp_path, talk("s", "a", "b", "c"))
    import_conversations(Sessions(store=store), [written(tmp_path, talk("s", "a", "b"))])
    store.put(key, b"torn")
    before = objects(store)
    report = import_conversations(Sessions(store=store), [written(tmp_path, talk("s", *"abc"))])
    assert [(f.file, f.line) for f in report.failures] == [(str(path), 1)]
    assert key in report.failures[0].reason
    assert objects(store) == before


def test_a_width_without_sense_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="width=0"):
        import_conversations(memory(), [CONVERSATIONS], width=0)


# Bounds and progress


def test_memory_does_not_grow_with_the_number_of_conversations(tmp_path: Path) -> None:
    """Mostly conversations that are there already: what grows is the import's, not the store's."""
    path = written(tmp_path, *(talk(f"s{n % 50}", "x" * 200) for n in range(4_000)))
    sessions = memory()
    peaks: list[int] = []

    def watch(progress: ImportProgress) -> None:
        if progress.conversations in (500, 2_000, 4_000):
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()

    tracemalloc.start()
    try:
        report = import_conversations(sessions, [path], width=8, on_progress=watch)
    finally:
        tracemalloc.stop()
    assert (report.imported, report.unchanged) == (50, 3_950)
    assert peaks[2] < peaks[0] + 200_000


def test_progress_is_told_after_each_conversation_and_ends_at_the_end() -> None:
    seen: list[ImportProgress] = []
    import_conversations(memory(), [CONVERSATIONS, LOG_RECORDS], on_progress=seen.append)
    size = CONVERSATIONS.stat().st_size + LOG_RECORDS.stat().st_size
    assert [progress.conversations for progress in seen] == list(range(1, 18))
    assert seen[-1] == ImportProgress(17, 101, size, size)


def test_as_many_conversations_are_imported_at_a_time_as_was_asked_for(tmp_path: Path) -> None:
    threads: Counter[str] = Counter()
    sessions = Sessions(
        store=MemoryStore(),
        on_request=lambda request: threads.update([threading.current_thread().name]),
    )
    path = written(tmp_path, *(talk(f"s{n}", "x") for n in range(50)))
    import_conversations(sessions, [path], width=3)
    assert 1 <= len(threads) <= 3
