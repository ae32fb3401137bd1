"""What every migration promises, whatever the format: nothing lost, doubled or written over."""

from __future__ import annotations

import gzip
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s3sessions import AccessDenied, InvalidSettings, Sessions, StoreUnavailable
from s3sessions.export import Renaming
from s3sessions.migration import MigrationProgress, migrate
from s3sessions.migration.discovery import Folder
from s3sessions.migration.moving import Mover
from s3sessions.migration.sources import Source
from s3sessions.ports import Request
from s3sessions.stores.memory import MemoryStore
from s3sessions.tool_calls import is_transient_thought
from tests.export.endings import Killed, breaks_down, dies_after, dies_before
from tests.export.places import exported, memory, objects, payloads, still, texts
from tests.interposed import Hook, Interposed
from tests.migration.programs import (
    assistant,
    counts,
    names,
    picoclaw_json,
    picoclaw_lines,
    record,
    session_file,
    undo,
    user,
    write,
)


def mixed(folder: Path) -> Path:
    """A folder with sessions of every program, and other things."""
    picoclaw_json(folder / "pico", "p:1", [user("a"), assistant("b")], summary="S")
    picoclaw_lines(folder / "pico", "p:2", user("hidden"), user("c"), skip=1, scope={"k": "v"})
    session_file(folder / "agent", "f1", [user("d"), assistant("e")])
    side = {"isSidechain": True, "agentId": "c3d5"}
    write(folder / "claude" / "c0de.jsonl", record("user", "u1", "g"), record("user", "u2", "h"))
    write(folder / "claude" / "agent-c3d5.jsonl", record("user", "s1", "i", **side))
    stored = Sessions((folder / "strands").as_uri(), clock=lambda: 1_600_000_000.0)
    with stored:
        stored.open("s", "main", title="T").append({"role": "user", "content": [{"text": "j"}]})
        stored.open("s", "main").save_state({"step": 2}, fields={"extra": [1]})
        stored.multi_agent("s", "graph").save({"id": "graph", "raw": b"\x00"})
    write(folder / "notes.json", {"not": "ours"})
    write(folder / "torn.json", b"{")
    write(folder / "claude" / "settings.txt", {"not": "looked at"})
    return folder


SESSIONS = 5


def test_a_folder_may_hold_sessions_of_several_programs(tmp_path: Path) -> None:
    sessions = memory()
    report = migrate(mixed(tmp_path), sessions)
    assert counts(report) == {
        "migrated": SESSIONS,
        "unchanged": 0,
        "skipped": 1,
        "failed": 1,
        "written": 9,
    }
    assert report.messages == 9
    assert sorted(ref.id for ref in sessions.list()) == ["c0de", "f1", "p:1", "p:2", "s"]
    assert [name for name in names(tmp_path) if "migrated" not in name] == [
        "claude/settings.txt",
        "notes.json",
        "torn.json",
    ]


def test_migrating_what_was_put_back_changes_nothing(tmp_path: Path) -> None:
    store = MemoryStore()
    migrate(mixed(tmp_path), Sessions(store=store))
    before = objects(store)
    undo(tmp_path)
    again = Sessions(store=store)
    report = migrate(tmp_path, again)
    assert counts(report)["unchanged"] == SESSIONS
    assert report.written == 0
    assert "put" not in again.requests.by_verb
    assert objects(store) == before


def test_keep_leaves_every_source_its_name(tmp_path: Path) -> None:
    folder = mixed(tmp_path)
    before = names(folder)
    report = migrate(folder, memory(), keep=True)
    assert counts(report)["migrated"] == SESSIONS
    assert names(folder) == before


# Cut off


@pytest.mark.parametrize("end", [dies_before, dies_after, breaks_down])
def test_a_migration_cut_off_at_any_request_and_run_again_ends_with_the_same_objects(
    tmp_path: Path, end: Callable[[int], Hook]
) -> None:
    untouched, whole = mixed(tmp_path / "untouched"), MemoryStore()
    migrate(untouched, still(whole), width=1, keep=True)
    expected = objects(whole)
    number = 0
    while True:
        number += 1
        store, folder = MemoryStore(), shutil.copytree(untouched, tmp_path / str(number))
        try:
            migrate(folder, still(Interposed(store, end(number))), width=1)
        except (Killed, StoreUnavailable):
            report = migrate(folder, still(store), width=1)
        else:
            break
        assert len(report.failed) == 1, f"cut at request {number}"
        assert objects(store) == expected, f"cut at request {number}"
        assert len([name for name in names(folder) if "migrated" not in name]) == 3
    assert number > 50


def test_an_interruption_leaves_sources_and_sessions_that_the_next_run_completes(
    tmp_path: Path,
) -> None:
    for number in range(12):
        picoclaw_json(tmp_path, f"k{number}", [user(str(n)) for n in range(5)])
    store = MemoryStore()
    before = threading.active_count()

    def interrupt(progress: MigrationProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate(tmp_path, Sessions(store=store), width=2, on_progress=interrupt)
    assert threading.active_count() == before
    sessions = Sessions(store=store)
    migrate(tmp_path, sessions)
    assert all(texts(sessions, f"k{n}") == list("01234") for n in range(12))
    assert all(name.endswith(".migrated") for name in names(tmp_path))


def test_a_session_that_is_given_up_half_way_keeps_its_source(tmp_path: Path) -> None:
    picoclaw_json(tmp_path, "k", [user(str(n)) for n in range(5)])
    stop = threading.Event()

    def give_up(request: Request) -> None:
        if request.key.endswith("message_2.json"):
            stop.set()

    sessions = Sessions(store=MemoryStore(), on_request=give_up)
    (source,) = Folder.walk(tmp_path, None).find()
    assert isinstance(source, Source)
    outcome = Mover(sessions, None, keep=False).move(source, stop)
    assert outcome.written == 3
    assert names(tmp_path) == ["k.json"]
    assert texts(sessions, "k") == list("012")


# Read back, before anything is renamed


def test_what_does_not_come_back_as_it_was_is_a_failure_and_keeps_its_name(tmp_path: Path) -> None:
    picoclaw_json(tmp_path, "k", [user("a"), user("b")])
    picoclaw_json(tmp_path, "other", [user("c")])

    def alter(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        if verb == "put" and key.endswith("session_k/agents/agent_default/messages/message_1.json"):
            store.put(key, store.get(key).data.replace(b'"content":"b"', b'"content":"B"'))
        return result

    store = MemoryStore()
    report = migrate(tmp_path, Sessions(store=Interposed(store, alter)))
    assert counts(report)["migrated"] == 1
    assert "did not come back" in report.failed[0].reason
    assert '"b"' not in report.failed[0].reason
    assert names(tmp_path) == ["k.json", "other.json.migrated"]


def test_what_was_migrated_before_is_read_back_before_it_is_renamed_too(tmp_path: Path) -> None:
    store = MemoryStore()
    sessions = Sessions(store=store)
    picoclaw_json(tmp_path, "k", [user("a"), user("b")])
    migrate(tmp_path, sessions)
    undo(tmp_path)
    store.delete("session_k/agents/agent_default/messages/message_0.json")
    assert counts(migrate(tmp_path, sessions))["failed"] == 1
    assert names(tmp_path) == ["k.json"]


def test_a_name_that_is_taken_is_not_written_over(tmp_path: Path) -> None:
    sessions = memory()
    for text in "abc":
        picoclaw_json(tmp_path, text, [user(text)], name="same")
        migrate(tmp_path, sessions)
    assert names(tmp_path) == [
        "same.json.migrated",
        "same.json.migrated~2",
        "same.json.migrated~3",
    ]
    report = migrate(tmp_path / "same.json.migrated~2", sessions)
    assert [reason for _, reason in report.skipped] == ["it was migrated before"]


def test_a_source_that_cannot_be_renamed_is_a_failure_that_says_so(tmp_path: Path) -> None:
    path = picoclaw_json(tmp_path, "k", [user("a")])

    def take_away(verb: str, key: str, call: Callable[[], Any]) -> Any:
        path.unlink(missing_ok=True)
        return call()

    sessions = Sessions(store=Interposed(MemoryStore(), take_away))
    report = migrate(tmp_path, sessions)
    assert counts(report)["failed"] == 1
    assert texts(sessions, "k") == ["a"]


# What is there already


def test_another_conversation_is_not_written_over(tmp_path: Path) -> None:
    sessions = memory()
    sessions.open("k").append(user("mine"))
    picoclaw_json(tmp_path, "k", [user("theirs")], summary="S")
    for _ in range(2):
        report = migrate(tmp_path, sessions)
        assert report.renamed == (Renaming("k", "default", "default~2"),)
        undo(tmp_path)
    assert texts(sessions, "k") == ["mine"]
    assert texts(sessions, "k", "default~2") == ["theirs"]
    assert sessions.open("k").restore().summary is None


def test_a_session_that_was_gone_on_with_stays_as_it_is(tmp_path: Path) -> None:
    sessions = memory()
    picoclaw_json(tmp_path, "k", [user("a")], summary="first")
    migrate(tmp_path, sessions)
    chat = sessions.open("k")
    chat.append(user("b"))
    chat.summarize("second")
    undo(tmp_path)
    assert counts(migrate(tmp_path, sessions))["unchanged"] == 1
    history = sessions.open("k").restore()
    assert [message["content"] for message in history.payloads] == ["a", "b"]
    assert history.summary is not None
    assert history.summary.text == "second"


def test_the_state_of_another_graph_is_not_written_over(tmp_path: Path) -> None:
    sessions = memory()
    sessions.multi_agent("s", "graph").save({"id": "mine"})
    report = migrate(mixed(tmp_path) / "strands", sessions)
    assert "not written over" in report.failed[0].reason
    assert sessions.multi_agent("s", "graph").restore() == {"id": "mine"}
    assert (tmp_path / "strands" / "session_s").is_dir()


def test_a_folder_is_not_migrated_into_itself(tmp_path: Path) -> None:
    folder = mixed(tmp_path) / "strands"
    before = names(folder)
    with Sessions(folder.as_uri()) as sessions:
        with pytest.raises(InvalidSettings, match="the place where it would go"):
            migrate(folder, sessions)
        assert payloads(sessions, "s", "main") == [{"role": "user", "content": [{"text": "j"}]}]
    assert names(folder) == before


# What goes wrong


def test_one_session_that_cannot_be_stored_does_not_stop_the_rest(tmp_path: Path) -> None:
    picoclaw_json(tmp_path, "x" * 300, [user("a")], name="long")
    picoclaw_json(tmp_path, "surrogate", [user("\ud800")])
    picoclaw_json(tmp_path, "good", [user("a")])
    report = migrate(tmp_path, memory())
    assert counts(report)["migrated"] == 1
    assert sorted(Path(failure.file).name for failure in report.failed) == [
        "long.json",
        "surrogate.json",
    ]
    assert names(tmp_path) == ["good.json.migrated", "long.json", "surrogate.json"]


def test_an_error_of_the_whole_store_stops_the_migration(tmp_path: Path) -> None:
    def deny(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put":
            raise AccessDenied("may not write", key=key, action="s3:PutObject")
        return call()

    before = names(mixed(tmp_path))
    with pytest.raises(AccessDenied):
        migrate(tmp_path, Sessions(store=Interposed(MemoryStore(), deny)))
    assert names(tmp_path) == before


@pytest.mark.parametrize("wrong", [{"width": 0}, {"format": "papyrus"}])
def test_arguments_without_sense_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettings):
        migrate(tmp_path, memory(), **wrong)


def test_a_url_of_no_known_kind_is_refused() -> None:
    with pytest.raises(InvalidSettings):
        migrate("ftp://somewhere", memory())
    with pytest.raises(InvalidSettings, match="layout of Strands"):
        migrate(memory(), memory(), format="picoclaw")


# Arguments


def test_a_format_that_is_named_is_that_of_every_file(tmp_path: Path) -> None:
    folder = mixed(tmp_path)
    report = migrate(folder, memory(), format="session-file")
    assert [session.session_id for session in report.migrated] == ["f1"]
    assert counts(report)["failed"] == 3


def test_messages_that_are_not_wanted_are_left_out_and_stay_out(tmp_path: Path) -> None:
    thought = assistant("", reasoning_content="hmm")
    visible = assistant("yes", reasoning_content="hmm")
    picoclaw_json(tmp_path, "k", [user("a"), thought, visible])
    sessions = memory()
    for _ in range(2):
        migrate(tmp_path, sessions, should_store=lambda message: not is_transient_thought(message))
        undo(tmp_path)
    assert payloads(sessions, "k") == [user("a"), visible]
    assert sessions.agents("k") == ("default",)


def test_progress_counts_what_was_dealt_with_and_ends_at_the_end(tmp_path: Path) -> None:
    seen: list[MigrationProgress] = []
    migrate([mixed(tmp_path)], memory(), on_progress=seen.append)
    assert len(seen) == SESSIONS
    assert seen[-1].total == 8
    assert seen[-1] == MigrationProgress(SESSIONS, 9, seen[-1].done, 8)
    assert seen[-1].done == 8


def test_a_migration_costs_what_it_says(tmp_path: Path) -> None:
    picoclaw_json(tmp_path, "k", [user(str(n)) for n in range(3)])
    sessions = memory()
    migrate(tmp_path, sessions)
    # 3 messages and 2 documents, a list and a look before them; then all of it is read back.
    assert sessions.requests.by_verb == {"list": 2, "get": 1 + 1 + 3 + 1, "put": 5}


def test_a_source_that_is_given_twice_is_migrated_once(tmp_path: Path) -> None:
    folder = mixed(tmp_path)
    report = migrate([folder, folder / "pico", folder / "agent" / "f1.json"], memory())
    assert counts(report)["migrated"] == SESSIONS
    assert counts(report)["failed"] == 1


def test_a_session_folder_that_was_put_away_is_not_taken_for_another_session(
    tmp_path: Path,
) -> None:
    folder, sessions = mixed(tmp_path) / "strands", memory()
    migrate(folder, sessions)
    report = migrate([folder, folder / "session_s.migrated"], sessions)
    assert report.skipped == ((str(folder / "session_s.migrated"), "it was migrated before"),)
    assert [ref.id for ref in sessions.list()] == ["s"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    path = picoclaw_json(tmp_path / "elsewhere", "k", [user("a")])
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "link.json").symlink_to(path)
    (folder / "folder").symlink_to(path.parent)
    assert set(counts(migrate(folder, memory())).values()) == {0}


def test_a_folder_that_cannot_be_read_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Any) -> Any:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = migrate(tmp_path, memory())
    assert [failure.reason for failure in report.failed] == [
        "folder cannot be read: Permission denied"
    ]


def test_what_an_agent_keeps_stands_in_its_document_from_the_beginning(tmp_path: Path) -> None:
    sessions = memory()
    migrate(mixed(tmp_path) / "strands" / "session_s", sessions)
    history = sessions.open("s", "main").restore()
    assert (history.state, history.agent_fields["extra"]) == ({"step": 2}, [1])
    # A message, two documents and a graph: no document twice.
    assert sessions.requests.by_verb["put"] == 4


# From one of our own places


def test_sessions_of_another_place_come_with_all_that_is_known_of_them() -> None:
    source, sessions = memory(), memory()
    chat = source.open("s", title="T", user="u", tags=["x"], metadata={"k": b"\x00"})
    for number in range(6):
        chat.append(user(str(number)), usage={"inputTokens": 1})
    chat.summarize("the beginning", keep_last=2)
    before = source.requests.by_verb["put"]
    assert counts(migrate(source, sessions))["migrated"] == 1
    history, info = sessions.open("s").restore(), sessions.info("s")
    assert [message["content"] for message in history.payloads] == ["4", "5"]
    assert history.usage == {"inputTokens": 6}
    assert history.summary is not None
    assert history.summary.text == "the beginning"
    assert (info.title, info.user, info.metadata) == ("T", "u", {"k": b"\x00"})
    assert source.requests.by_verb["put"] == before


def test_the_window_of_an_agent_moves_with_its_messages() -> None:
    source, sessions = memory(), memory()
    chat = source.open("s")
    for number in range(6):
        chat.append(user(str(number)))
    manager = {"__name__": "SlidingWindowConversationManager", "removed_message_count": 4}
    window = {"start": 4, "kept": [0, 3], "pinned": [3]}
    fields = {"conversation_manager_state": manager, "s3sessions_window": window}
    chat.save_state({}, fields=fields)
    chat.truncate(4)
    migrate(source, sessions)
    found = sessions.open("s").restore().agent_fields
    assert found["conversation_manager_state"] == {**manager, "removed_message_count": 2}
    assert found["s3sessions_window"] == {"start": 2, "kept": [1], "pinned": [1]}


def test_a_session_that_was_deleted_meanwhile_is_skipped() -> None:
    store = MemoryStore()
    Sessions(store=store).open("s").append(user("a"))

    def delete(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        if verb == "list" and not done:
            done.append(key)
            Sessions(store=store).delete("s")
        return result

    done: list[str] = []
    report = migrate(Sessions(store=Interposed(store, delete)), memory())
    assert [reason for _, reason in report.skipped] == ["it was deleted meanwhile"]


def test_lines_may_be_compressed(tmp_path: Path) -> None:
    path = write(tmp_path / "c0de.jsonl", record("user", "u1", "hello"))
    packed = tmp_path / "c0de.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    sessions = memory()
    assert counts(migrate(packed, sessions))["migrated"] == 1
    assert payloads(sessions, "c0de") == [{"role": "user", "content": "hello"}]


def test_an_export_of_ours_is_no_session_of_another_program(tmp_path: Path) -> None:
    sessions = memory()
    sessions.open("s").append(user("a"))
    path = exported(sessions, tmp_path)
    assert counts(migrate(path, memory()))["skipped"] == 1
