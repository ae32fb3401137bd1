"""Logs of Claude Code."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from s3sessions.migration import Format, detect, migrate
from tests.export.places import memory, payloads
from tests.migration.programs import counts, log_records, names, record, write


def test_the_messages_of_a_real_session_come_with_their_times_model_and_usage(
    tmp_path: Path,
) -> None:
    records = log_records()
    session_id = records[0]["sessionId"]
    path = write(tmp_path / "project" / f"{session_id}.jsonl", *records)
    assert detect(path) is Format.CLAUDE_CODE
    sessions = memory()
    assert counts(migrate(tmp_path, sessions))["migrated"] == 1
    history = sessions.open(session_id).restore()
    assert history.payloads == [entry["message"] for entry in records]
    assert [message.created_at for message in history.messages] == [
        datetime.fromisoformat(entry["timestamp"]) for entry in records
    ]
    # An answer of several records tells its usage in each of them.
    answers = {m["id"]: m["usage"] for m in history.payloads if m["role"] == "assistant"}
    assert history.usage["output_tokens"] == sum(u["output_tokens"] for u in answers.values())
    info = sessions.info(session_id)
    assert info.created_at == datetime.fromisoformat(records[0]["timestamp"])
    assert info.model == records[-1]["message"]["model"]
    assert info.metadata["cwd"] == records[0]["cwd"]
    assert info.source == "claude-code"
    assert names(tmp_path) == [f"project/{session_id}.jsonl.migrated"]


def test_sub_agents_in_files_of_their_own_are_agents_of_the_session(tmp_path: Path) -> None:
    side = {"isSidechain": True, "agentId": "c3d5"}
    early = "2025-07-08T09:00:00Z"
    write(tmp_path / "agent-c3d5.jsonl", record("user", "s1", "look", timestamp=early, **side))
    write(tmp_path / "c0de.jsonl", record("user", "u1", "hello"), record("assistant", "a1", "hi"))
    sessions = memory()
    report = migrate(tmp_path, sessions)
    assert counts(report) == {
        "migrated": 1,
        "unchanged": 0,
        "skipped": 0,
        "failed": 0,
        "written": 3,
    }
    assert dict(sessions.info("c0de").agents) == {"default": 2, "c3d5": 1}
    assert sessions.info("c0de").created_at == datetime(2025, 7, 8, 9, tzinfo=UTC)
    assert names(tmp_path) == ["agent-c3d5.jsonl.migrated", "c0de.jsonl.migrated"]


def test_side_chains_of_older_logs_are_agents_too_each_under_its_first_record(
    tmp_path: Path,
) -> None:
    side = {"isSidechain": True}
    write(
        tmp_path / "c0de.jsonl",
        record("user", "u1", "hello"),
        record("user", "s1", "one", **side),
        record("user", "t1", "two", parentUuid="u1", **side),
        record("assistant", "s2", "one done", parentUuid="s1", **side),
        record("assistant", "t2", "two done", parentUuid="t1", **side),
        record("assistant", "a1", "bye", parentUuid="u1"),
    )
    sessions = memory()
    migrate(tmp_path, sessions)
    assert {
        agent: [message["content"] for message in payloads(sessions, "c0de", agent)]
        for agent in sessions.agents("c0de")
    } == {
        "default": ["hello", [{"type": "text", "text": "bye"}]],
        "sidechain-s1": ["one", [{"type": "text", "text": "one done"}]],
        "sidechain-t1": ["two", [{"type": "text", "text": "two done"}]],
    }


def test_records_that_are_no_messages_stay_behind_and_repeated_ones_count_once(
    tmp_path: Path,
) -> None:
    write(
        tmp_path / "c0de.jsonl",
        {"type": "file-history-snapshot", "messageId": "x", "snapshot": {}},
        record("user", "u1", "hello"),
        record("system", "y1", "note"),
        record("user", "u1", "hello"),
        b'{"type": "user", "torn',
    )
    sessions = memory()
    report = migrate(tmp_path, sessions)
    assert payloads(sessions, "c0de") == [{"role": "user", "content": "hello"}]
    assert [failure.line for failure in report.damaged] == [5]


def test_a_title_that_another_file_gives_by_the_last_record_is_the_title(tmp_path: Path) -> None:
    title = "A lamp,\nand " + "how it " * 30
    write(tmp_path / "b.jsonl", {"type": "summary", "summary": title, "leafUuid": "a1"})
    write(tmp_path / "c.jsonl", record("user", "u1", "hello"), record("assistant", "a1", "hi"))
    sessions = memory()
    report = migrate(tmp_path, sessions)
    assert [reason for _, reason in report.skipped] == ["nobody spoke in it"]
    found = sessions.info("c0de").title
    assert found is not None
    assert found.startswith("A lamp, and how it")
    assert len(found) == 100


def test_two_files_of_one_session_of_which_one_goes_on_are_one_history(tmp_path: Path) -> None:
    begun = [record("user", "u1", "hello"), record("assistant", "a1", "hi")]
    write(tmp_path / "a.jsonl", *begun)
    write(tmp_path / "b.jsonl", *begun, record("user", "u2", "more"))
    sessions = memory()
    report = migrate(tmp_path, sessions)
    assert report.renamed == ()
    assert len(payloads(sessions, "c0de")) == 3
    assert sessions.agents("c0de") == ("default",)
