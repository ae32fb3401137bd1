"""Sessions of picoclaw: its JSON files and its JSON Lines, as its own migration tests ask."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from s3sessions.migration import Format, detect, migrate
from tests.export.places import memory, payloads, texts
from tests.migration.programs import (
    assistant,
    counts,
    names,
    openai_messages,
    picoclaw_json,
    picoclaw_lines,
    undo,
    user,
    write,
)


def test_messages_and_summary_of_a_session_are_migrated(tmp_path: Path) -> None:
    picoclaw_json(tmp_path, "test", [user("hello"), assistant("hi")], summary="A greeting.")
    sessions = memory()
    report = migrate(tmp_path, sessions)
    assert counts(report)["migrated"] == 1
    history = sessions.open("test").restore()
    assert history.payloads == [user("hello"), assistant("hi")]
    assert history.summary is not None
    assert history.summary.text == "A greeting."


def test_tool_calls_and_their_results_are_migrated_as_they_are(tmp_path: Path) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"q":1}'}}
    said = [
        assistant("Searching...", tool_calls=[call]),
        {"role": "tool", "content": "result", "tool_call_id": "call_1"},
    ]
    picoclaw_json(tmp_path, "tools", said)
    picoclaw_json(tmp_path, "real", openai_messages())
    sessions = memory()
    migrate(tmp_path, sessions)
    assert payloads(sessions, "tools") == said
    assert payloads(sessions, "real") == openai_messages()


def test_every_file_of_a_folder_is_migrated(tmp_path: Path) -> None:
    for key in "abc":
        picoclaw_json(tmp_path, key, [user(f"msg {key}")])
    sessions = memory()
    report = migrate(tmp_path, sessions)
    assert [session.session_id for session in report.migrated] == ["a", "b", "c"]
    assert [texts(sessions, key) for key in "abc"] == [["msg a"], ["msg b"], ["msg c"]]


def test_a_file_that_is_no_json_is_reported_and_passed_over(tmp_path: Path) -> None:
    picoclaw_json(tmp_path, "good", [user("ok")])
    (tmp_path / "bad.json").write_text("{invalid json")
    sessions = memory()
    report = migrate(tmp_path, sessions)
    assert texts(sessions, "good") == ["ok"]
    assert [(f.file, f.line) for f in report.failed] == [(str(tmp_path / "bad.json"), 0)]
    assert "not JSON" in report.failed[0].reason
    assert names(tmp_path) == ["bad.json", "good.json.migrated"]


def test_a_file_that_was_migrated_is_renamed_and_whole(tmp_path: Path) -> None:
    path = picoclaw_json(tmp_path, "rename", [user("hi")])
    before = path.read_bytes()
    migrate(tmp_path, memory())
    assert names(tmp_path) == ["rename.json.migrated"]
    assert (tmp_path / "rename.json.migrated").read_bytes() == before


def test_a_second_migration_finds_nothing_to_do(tmp_path: Path) -> None:
    picoclaw_json(tmp_path, "idem", [user("once")])
    sessions = memory()
    migrate(tmp_path, sessions)
    assert counts(migrate(tmp_path, sessions)) == {
        "migrated": 0,
        "unchanged": 0,
        "skipped": 0,
        "failed": 0,
        "written": 0,
    }
    assert texts(sessions, "idem") == ["once"]


def test_the_key_is_taken_from_the_file_not_from_its_name(tmp_path: Path) -> None:
    picoclaw_json(tmp_path, "telegram:123", [user("from telegram")])
    picoclaw_json(tmp_path, "telegram_123", [user("another")], name="other")
    sessions = memory()
    migrate(tmp_path, sessions)
    assert texts(sessions, "telegram:123") == ["from telegram"]
    assert texts(sessions, "telegram_123") == ["another"]


def test_a_migration_that_died_before_the_renaming_is_run_again_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    picoclaw_json(tmp_path, "retry", [user("a"), user("b")], summary="S")
    sessions = memory()
    migrate(tmp_path, sessions)
    undo(tmp_path)
    before = sessions.requests.by_verb["put"]
    assert counts(migrate(tmp_path, sessions))["unchanged"] == 1
    assert texts(sessions, "retry") == ["a", "b"]
    assert sessions.requests.by_verb["put"] == before
    assert names(tmp_path) == ["retry.json.migrated"]


def test_a_folder_that_does_not_exist_is_a_failure_and_no_exception(tmp_path: Path) -> None:
    report = migrate(tmp_path / "nonexistent", memory())
    assert counts(report)["migrated"] == 0
    assert [failure.reason for failure in report.failed] == ["there is no such file or folder"]


def test_a_meta_file_is_no_session(tmp_path: Path) -> None:
    picoclaw_lines(tmp_path, "k", user("x")).unlink()
    before = names(tmp_path)
    report = migrate(tmp_path, memory())
    assert set(counts(report).values()) == {0}
    assert names(tmp_path) == before == ["k.meta.json"]


# JSON Lines


def test_lines_are_migrated_with_what_the_meta_file_says(tmp_path: Path) -> None:
    scope = {"channel": "telegram", "values": {"peer": "7"}}
    picoclaw_lines(
        tmp_path,
        "agent:main:7",
        user("x", created_at="2025-01-02T10:00:00Z"),
        assistant("y", model_name="m-1"),
        summary="So far.",
        scope=scope,
        aliases=["telegram:7"],
    )
    sessions = memory()
    assert counts(migrate(tmp_path, sessions))["migrated"] == 1
    history = sessions.open("agent:main:7").restore()
    assert history.payloads == [
        user("x", created_at="2025-01-02T10:00:00Z"),
        assistant("y", model_name="m-1"),
    ]
    # The second has no time of its own: the session's last.
    assert [message.created_at for message in history.messages] == [
        datetime(2025, 1, 2, 10, tzinfo=UTC),
        datetime(2025, 1, 2, 23, tzinfo=UTC),
    ]
    assert history.summary is not None
    assert (history.summary.text, history.summary.covers_to) == ("So far.", 0)
    info = sessions.info("agent:main:7")
    assert info.created_at == datetime(2025, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    assert info.metadata == {"scope": scope, "aliases": ["telegram:7"]}
    assert info.source == "picoclaw"
    assert names(tmp_path) == ["agent_main_7.jsonl.migrated", "agent_main_7.meta.json.migrated"]


def test_lines_that_were_hidden_stay_behind(tmp_path: Path) -> None:
    picoclaw_lines(tmp_path, "k", *map(user, "abcd"), skip=3)
    sessions = memory()
    migrate(tmp_path, sessions)
    assert texts(sessions, "k") == ["d"]


def test_a_session_of_which_all_is_hidden_keeps_its_summary(tmp_path: Path) -> None:
    picoclaw_lines(tmp_path, "k", user("a"), skip=1, summary="All of it.")
    sessions = memory()
    migrate(tmp_path, sessions)
    undo(tmp_path)
    assert counts(migrate(tmp_path, sessions))["unchanged"] == 1
    history = sessions.open("k").restore()
    assert history.messages == []
    assert history.summary is not None
    assert history.summary.text == "All of it."
    assert sessions.info("k").created_at == datetime(2025, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)


def test_a_torn_last_line_and_a_bad_one_are_named_and_the_rest_is_migrated(tmp_path: Path) -> None:
    path = picoclaw_lines(tmp_path, "k", user("a"), b"[]", user("b"), b'{"role": "us', end=b"")
    sessions = memory()
    report = migrate(tmp_path, sessions)
    assert texts(sessions, "k") == ["a", "b"]
    assert [(f.file, f.line) for f in report.damaged] == [(str(path), 2), (str(path), 4)]
    assert counts(report)["migrated"] == 1


def test_the_lines_are_renamed_before_the_key_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picoclaw_lines(tmp_path, "a:b", user("x"))
    rename = Path.rename

    def fail_at_meta(path: Path, target: Path) -> Path:
        if path.name.endswith(".meta.json"):
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_at_meta)
    sessions = memory()
    assert counts(migrate(tmp_path, sessions))["failed"] == 1
    assert names(tmp_path) == ["a_b.jsonl.migrated", "a_b.meta.json"]
    assert set(counts(migrate(tmp_path, sessions)).values()) == {0}
    assert [ref.id for ref in sessions.list()] == ["a:b"]


def test_lines_without_a_meta_file_are_migrated_only_when_the_format_is_named(
    tmp_path: Path,
) -> None:
    write(tmp_path / "k.jsonl", user("a"))
    sessions = memory()
    assert counts(migrate(tmp_path, sessions))["skipped"] == 1
    assert counts(migrate(tmp_path, sessions, format="picoclaw"))["migrated"] == 1
    assert texts(sessions, "k") == ["a"]


def test_a_meta_file_that_cannot_be_read_leaves_its_session_alone(tmp_path: Path) -> None:
    path = picoclaw_lines(tmp_path, "k", user("a"))
    path.with_suffix(".meta.json").write_text("{torn")
    report = migrate(tmp_path, memory())
    assert counts(report)["failed"] == 1
    assert names(tmp_path) == ["k.jsonl", "k.meta.json"]


def test_a_session_without_messages_is_skipped(tmp_path: Path) -> None:
    picoclaw_json(tmp_path, "empty", [])
    picoclaw_json(tmp_path, "null", None)
    sessions = memory()
    report = migrate(tmp_path, sessions)
    assert [reason for _, reason in report.skipped] == ["nobody spoke in it"] * 2
    assert list(sessions.list()) == []
    assert names(tmp_path) == ["empty.json", "null.json"]


def test_a_time_that_was_never_set_is_none(tmp_path: Path) -> None:
    unset = "0001-01-01T00:00:00Z"
    picoclaw_json(tmp_path, "k", [user("a", created_at=CREATED)], created=unset, updated=unset)
    sessions = memory()
    migrate(tmp_path, sessions)
    assert sessions.info("k").created_at == datetime(2024, 2, 3, tzinfo=UTC)


CREATED = "2024-02-03T00:00:00Z"


def test_a_file_is_told_by_what_is_in_it(tmp_path: Path) -> None:
    path = picoclaw_json(tmp_path, "k", [])
    assert detect(path) is Format.PICOCLAW
    assert detect(picoclaw_lines(tmp_path, "l", user("x"))) is Format.PICOCLAW
    path.write_text(json.dumps({"key": "k"} | {"messages": "none"}))
    assert detect(path) is None
    assert detect(tmp_path) is None
    assert detect(tmp_path / "absent.json") is None


@pytest.mark.parametrize("messages", [["text"], "text", {}])
def test_messages_that_are_none_fail_their_file_alone(tmp_path: Path, messages: object) -> None:
    picoclaw_json(tmp_path, "bad", messages)
    picoclaw_json(tmp_path, "good", [user("ok")])
    sessions = memory()
    report = migrate(tmp_path, sessions, format="picoclaw")
    assert counts(report)["failed"] == 1
    assert texts(sessions, "good") == ["ok"]
