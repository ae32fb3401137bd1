from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard

from s3sessions import Sessions
from tests.cli.commands import Run, Say


def _conversation(session_id: str, count: int) -> dict[str, Any]:
    messages = [{"role": "user", "content": f"{session_id} {n} é 🙂"} for n in range(count)]
    return {"id": session_id, "messages": messages}


@pytest.fixture
def lines(tmp_path: Path) -> str:
    path = tmp_path / "lines.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        for number in range(5):
            stream.write(json.dumps(_conversation(f"s-{number}", number + 1)) + "\n")
    return str(path)


def _messages(data: bytes) -> dict[str, Any]:
    found = [json.loads(line) for line in data.splitlines()]
    return {line["session_id"]: line["messages"] for line in found}


_EXPECTED = {
    f"s-{number}": _conversation(f"s-{number}", number + 1)["messages"] for number in range(5)
}


def test_an_import_says_what_it_did_and_a_second_one_changes_nothing(run: Run, lines: str) -> None:
    first = run("import", lines)
    assert (first.code, first.err) == (0, "")
    assert "5 conversations in 1 file, 15 messages: 15 written" in first.out
    again = run("import", lines)
    assert "15 messages: 0 written" in again.out
    assert "5 there already" in again.out


def test_json_is_the_report_as_one_document(run: Run, lines: str) -> None:
    document = json.loads(run("import", lines, "--json", "--width", "2").out)
    assert (document["imported"], document["written"], document["failures"]) == (5, 15, [])


def test_bad_lines_are_named_by_file_and_line_and_the_rest_is_imported(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "mixed.jsonl"
    good = json.dumps(_conversation("good", 2))
    path.write_text(f'{good}\nnot json\n{{"id": "x"}}\n', encoding="utf-8")
    ended = run("import", str(path), str(tmp_path / "absent.jsonl"))
    assert ended.code == 4
    assert f"{path}:2: " in ended.err
    assert f"{path}:3: " in ended.err
    assert "absent.jsonl: " in ended.err
    assert "3 not imported" in ended.out
    assert run("ls", "--ids").out == "good\n"


def test_the_field_of_the_session_id_can_be_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text('{"id": 1, "thread": "t-1", "messages": [{"content": "hello"}]}\n')
    assert run("import", str(path), "--session-id", "thread").code == 0
    assert run("ls", "--ids").out == "t-1\n"


def test_a_conversation_that_finds_its_agent_taken_is_named(run: Run, tmp_path: Path) -> None:
    for text in ("one", "other"):
        path = tmp_path / f"{text}.jsonl"
        path.write_text(json.dumps({"id": "s", "messages": [{"content": text}]}) + "\n")
        ended = run("import", str(path))
    assert "stored as 'default~2'" in ended.out


def test_an_export_to_standard_output_is_json_lines_and_nothing_else(run: Run, lines: str) -> None:
    run("import", lines)
    ended = run("export")
    assert ended.code == 0
    assert _messages(ended.out.encode()) == _EXPECTED
    assert "5 conversations with 15 messages" in ended.err


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_a_file_is_compressed_as_its_name_says_and_imports_again(
    run: Run, lines: str, tmp_path: Path, suffix: str
) -> None:
    run("import", lines)
    path = tmp_path / f"out{suffix}"
    assert run("export", "-o", str(path)).out == ""
    data = path.read_bytes()
    if suffix.endswith(".gz"):
        data = gzip.decompress(data)
    elif suffix.endswith(".zst"):
        data = zstandard.ZstdDecompressor().stream_reader(data).read()
    assert _messages(data) == _EXPECTED
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lines.jsonl.gz", path.name, "store"]
    other = (tmp_path / "other").as_uri()
    assert run("--url", other, "import", str(path)).code == 0
    assert _messages(run("--url", other, "export").out.encode()) == _EXPECTED


def test_an_export_to_a_file_replaces_it_only_when_it_is_whole(
    run: Run, lines: str, tmp_path: Path
) -> None:
    run("import", lines)
    path = tmp_path / "out.jsonl"
    path.write_text("what was there")
    ended = run("export", "s-0", "nobody", "-o", str(path))
    assert ended.code == 3
    assert path.read_text() == "what was there"
    assert len(list(tmp_path.iterdir())) == 3
    assert run("export", "s-0", "-o", str(path)).code == 0
    assert list(_messages(path.read_bytes())) == ["s-0"]


def test_a_file_that_cannot_be_written_is_an_error_and_no_traceback(
    run: Run, lines: str, tmp_path: Path
) -> None:
    run("import", lines)
    ended = run("export", "-o", str(tmp_path / "no" / "such" / "folder.jsonl"))
    assert ended.code == 1
    assert ended.err.startswith("s3sessions: cannot write ")


def test_sessions_can_be_named_by_unique_beginnings(run: Run, say: Say) -> None:
    say("order-42", "hello")
    say("lamp", "hello")
    assert list(_messages(run("export", "ord", "lamp").out.encode())) == ["order-42", "lamp"]


def test_an_unreadable_message_is_left_out_named_and_makes_code_4(
    run: Run, say: Say, tmp_path: Path
) -> None:
    say("torn", "one", "two")
    agent = tmp_path / "store" / "session_torn" / "agents" / "agent_default"
    (agent / "messages" / "message_0.json").write_text("{")
    ended = run("export")
    assert ended.code == 4
    assert "message_0.json" in ended.err
    assert [m["content"] for m in _messages(ended.out.encode())["torn"]] == ["two"]


def test_zst_without_zstandard_names_the_extra(
    run: Run, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("one", "hello")
    monkeypatch.setitem(sys.modules, "zstandard", None)
    ended = run("export", "-o", str(tmp_path / "out.zst"))
    assert ended.code == 1
    assert "s3sessions[cli]" in ended.err
    assert not (tmp_path / "out.zst").exists()


@pytest.mark.parametrize("shape", ["openai", "anthropic"])
def test_an_export_for_a_provider_says_what_has_no_place_there(
    run: Run, sessions: Sessions, tmp_path: Path, shape: str
) -> None:
    call = {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    asked = {"role": "assistant", "content": None, "tool_calls": [call], "reasoning": "hm"}
    block = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    for payload in ({"role": "user", "content": "hi"}, asked, {"type": "checkpoint"}):
        sessions.open("s").append(payload)
    sessions.open("s").append({"role": "assistant", "content": [block]})
    path = tmp_path / "lines.jsonl.gz"
    ended = run("export", "--to", shape, "-o", str(path))
    (line,) = gzip.decompress(path.read_bytes()).splitlines()
    assert [message["role"] for message in json.loads(line)["messages"]][:2] == [
        "user",
        "assistant",
    ]
    assert (ended.code, ended.out) == (0, "")
    lost = "reasoning" if shape == "anthropic" else "server_tool_use"
    assert f"{lost} 1" in ended.err
    assert "message of no known shape 1" in ended.err


def test_an_export_as_markdown_goes_to_a_folder(run: Run, say: Say, tmp_path: Path) -> None:
    say("order-42", "hello")
    say("lamp", "hi", agent="two")
    folder = tmp_path / "talks"
    ended = run("export", "--to", "markdown", "--output", str(folder))
    assert ended.code == 0
    assert "2 conversations with 2 messages" in ended.err
    assert sorted(path.name for path in folder.iterdir()) == ["lamp,two.md", "order-42.md"]
    blocked = run("export", "--to", "markdown", "-o", str(folder / "lamp,two.md"))
    assert blocked.code == 1
    assert blocked.err.startswith("s3sessions: cannot write ")


def test_an_export_for_strands_goes_to_a_folder_or_a_url_and_overwrites_nothing(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    message = {"role": "user", "content": "hello"}
    sessions.open("s").append(message)
    folder = tmp_path / "there"
    for destination in (str(folder), folder.as_uri()):
        assert run("export", "--to", "strands", "-o", destination).code == 0
    sessions.open("s").append(message)
    ended = run("export", "--to", "strands", "-o", str(folder))
    assert ended.code == 4
    assert "the destination holds another session of this id" in ended.err
    assert len(list((folder / "session_s" / "agents").rglob("message_*.json"))) == 1


@pytest.mark.parametrize("shape", ["markdown", "strands"])
def test_an_export_of_files_needs_a_place_for_them(run: Run, shape: str) -> None:
    ended = run("export", "--to", shape)
    assert ended.code == 2
    assert "say where to with --output" in ended.err
