"""Exports for other programs: lines in the shape of one provider, and files for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.export import (
    ExportReport,
    export_anthropic,
    export_conversations,
    export_markdown,
    export_openai,
    import_conversations,
)
from s3sessions.stores.memory import MemoryStore
from tests.export.places import CONVERSATIONS, exported, memory, payloads, still

MADE = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)
RULES = {"role": "system", "content": "Be brief."}
HELLO = {"role": "user", "content": "hello é\u2028"}
ANSWER = {
    "role": "assistant",
    "content": [
        {"type": "text", "text": "Wait."},
        {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": 1}},
    ],
    "model": "m",
}
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "4"}]}


def export(
    function: Callable[..., ExportReport], sessions: Sessions, **options: Any
) -> tuple[list[dict[str, Any]], ExportReport]:
    lines: list[bytes] = []
    report = function(sessions, lines.append, **options)
    assert report.bytes == sum(map(len, lines))
    return [json.loads(line) for line in lines], report


def spoken(**details: Any) -> Sessions:
    sessions = memory()
    chat = sessions.open("s", "a", created_at=MADE, **details)
    for payload in (RULES, HELLO, ANSWER, RESULT):
        chat.append(payload)
    return sessions


def test_a_line_for_openai_has_its_messages() -> None:
    rows, report = export(
        export_openai, spoken(title="T", tags=["x"], agent_metadata={"b": b"\x00"})
    )
    function = {"name": "look", "arguments": '{"at":1}'}
    assert rows == [
        {
            "id": "s",
            "agent_id": "a",
            "created_at": "2024-05-01T12:30:00.000000+00:00",
            "title": "T",
            "tags": ["x"],
            "agent_metadata": {"b": {"__bytes_encoded__": True, "data": "AA=="}},
            "messages": [
                RULES,
                HELLO,
                {
                    "role": "assistant",
                    "content": "Wait.",
                    "tool_calls": [{"id": "t1", "type": "function", "function": function}],
                },
                {"role": "tool", "tool_call_id": "t1", "content": "4"},
            ],
        }
    ]
    assert (report.conversations, report.messages, report.dropped) == (1, 4, {"model": 1})


def test_a_line_for_anthropic_has_the_instructions_apart() -> None:
    rows, report = export(export_anthropic, spoken())
    assert rows[0]["system"] == "Be brief."
    assert rows[0]["messages"] == [HELLO, ANSWER, RESULT]
    assert report.dropped == {}


def test_lines_for_a_provider_can_be_imported(tmp_path: Path) -> None:
    rows, _ = export(export_openai, spoken())
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps(rows[0]) + "\n", encoding="utf-8")
    copy = memory()
    import_conversations(copy, [path])
    assert payloads(copy, "s", "a") == rows[0]["messages"]


def test_a_truncated_history_is_exported_as_it_reads_with_its_summary() -> None:
    sessions = memory()
    chat = sessions.open("s")
    for number in range(5):
        chat.append({"role": "user", "content": str(number)}, usage={"tokens": 1})
    chat.summarize("They counted.", keep_last=2)
    for function in (export_openai, export_anthropic):
        (row,), report = export(function, sessions)
        assert [message["content"] for message in row["messages"]] == ["3", "4"]
        assert (row["summary"], row["usage"], report.messages) == (
            "They counted.",
            {"tokens": 5},
            2,
        )


def test_summary_and_usage_come_back_from_an_import(tmp_path: Path) -> None:
    here, there = still(MemoryStore()), still(MemoryStore())
    chat = here.open("s", tags=["x", "y"])
    for number in range(5):
        chat.append({"n": number}, usage={"tokens": number})
    whole = exported(here, tmp_path, "whole.jsonl")
    chat.summarize("They counted.", keep_last=2)
    for file, expected in ((exported(here, tmp_path), [3, 4]), (whole, [0, 1, 2, 3, 4])):
        there = still(MemoryStore())
        import_conversations(there, [file])
        import_conversations(there, [file])
        history = there.open("s").restore()
        assert [payload["n"] for payload in history.payloads] == expected
        assert history.usage == {"tokens": 10}
        assert there.info("s").tags == ("x", "y")
        summary = history.summary.text if history.summary else None
        assert summary == ("They counted." if len(expected) == 2 else None)
        there.open("s").summarize("Newer.")
        import_conversations(there, [file])
        newest = there.open("s").restore().summary
        assert newest is not None
        assert newest.text == "Newer."


def test_a_title_of_a_longer_past_is_cut_and_stops_no_import(tmp_path: Path) -> None:
    line = {"session_id": "s", "messages": [{"n": 1}]}
    path = tmp_path / "lines.jsonl"
    titled = {"v": 1, "session": {"title": "t" * 150}}
    tagged = {"v": 1, "session": {"tags": [7]}}
    rows = [{**line, "s3sessions": titled}, {**line, "session_id": "x", "s3sessions": tagged}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    sessions = memory()
    report = import_conversations(sessions, [path])
    assert sessions.info("s").title == "t" * 100
    assert [failure.line for failure in report.failures] == [2]


@pytest.mark.parametrize("function", [export_openai, export_anthropic])
def test_the_real_conversations_are_exported_whole(function: Callable[..., ExportReport]) -> None:
    sessions = memory()
    import_conversations(sessions, [CONVERSATIONS])
    rows, report = export(function, sessions, width=3)
    _, plain = export(export_conversations, sessions)
    assert (report.conversations, report.messages) == (plain.conversations, plain.messages)
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert report.dropped["message of no known shape"] == 6


def test_what_is_no_json_is_passed_over_and_named() -> None:
    store = MemoryStore()
    sessions = still(store)
    for text in "ab":
        sessions.open("s").append({"role": "user", "content": text})
    key = "session_s/agents/agent_default/messages/message_0.json"
    store.put(key, b'{"message":{"role":"user","content":"a","x":NaN},"message_id":0}')
    rows, report = export(export_openai, Sessions(store=store))
    assert [message["content"] for message in rows[0]["messages"]] == ["b"]
    assert [each.key for each in report.corrupt] == [key]


def test_markdown_is_a_file_for_each_conversation(tmp_path: Path) -> None:
    sessions = spoken(title="A talk", user="kari")
    sessions.open("s").append({"role": "user", "content": "hi"})
    folder = tmp_path / "new" / "folder"
    report = export_markdown(sessions, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["s,a.md", "s.md"]
    text = (folder / "s,a.md").read_text(encoding="utf-8")
    facts = "- session: s\n- agent: a\n- created: 2024-05-01 12:30:00+00:00\n- user: kari\n"
    talk = "## System\n\nBe brief.\n\n## User\n\nhello"
    assert text.startswith(f"# A talk\n\n{facts}\n{talk}")
    assert text.endswith("**Result** of `look` `t1`\n\n```\n4\n```\n")
    assert report.bytes == sum(path.stat().st_size for path in folder.iterdir())
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    export_markdown(sessions, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_no_two_conversations_share_a_file_and_no_id_leaves_the_folder(tmp_path: Path) -> None:
    ids = ["..", "../x", ".hidden", "A", "a", "a,b", "caf\u00e9", "cafe\u0301", "会话", "x" * 240]
    sessions = memory()
    for session_id in ids:
        sessions.open(session_id).append({"role": "user", "content": f"this is {session_id!r}"})
    sessions.open("a", "b").append({"role": "user", "content": "agent b"})
    folder = tmp_path / "folder"
    export_markdown(sessions, folder)
    names = [path.name for path in folder.iterdir()]
    assert len({name.casefold() for name in names}) == len(names) == len(ids) + 1
    assert list(tmp_path.iterdir()) == [folder]
    assert all(not name.startswith(".") and len(name.encode()) <= 255 for name in names)
    assert "agent b" in (folder / "a,b.md").read_text() + (folder / "a%2Cb.md").read_text()
    for session_id in ids:
        assert any(f"this is {session_id!r}" in path.read_text() for path in folder.iterdir())
