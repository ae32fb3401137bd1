"""What the commands say of damage: the key on standard error, and an exit code for scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3sessions import Sessions
from tests.cli.commands import Run, Say

AGENT = "session_s/agents/agent_default"
MESSAGE = f"{AGENT}/messages/message_1.json"
SESSION_DOCUMENT = "session_s/session.json"
AGENT_DOCUMENT = f"{AGENT}/agent.json"


@pytest.fixture
def folder(say: Say, tmp_path: Path) -> Path:
    """Where the objects of a session of three messages are files."""
    say("s", "one", "two", "three")
    say("other", "four")
    return tmp_path / "store"


@pytest.mark.parametrize("options", [[], ["--last=2"], ["--json"]], ids=str)
def test_show_prints_the_rest_and_names_what_is_torn(
    run: Run, folder: Path, options: list[str]
) -> None:
    (folder / MESSAGE).write_bytes(b'{"message": {"role"')
    ended = run("show", "s", *options)
    assert ended.code == 4
    assert MESSAGE in ended.err
    assert "three" in ended.out
    assert "two" not in ended.out


def test_show_says_which_messages_are_not_there(run: Run, folder: Path) -> None:
    (folder / MESSAGE).unlink()
    ended = run("show", "s")
    assert ended.code == 0
    assert "three" in ended.out
    assert "message 1" in ended.err


@pytest.mark.parametrize("key", [SESSION_DOCUMENT, AGENT_DOCUMENT])
def test_an_unreadable_document_hides_no_message(run: Run, folder: Path, key: str) -> None:
    (folder / key).write_bytes(b"garbage")
    assert "three" in run("show", "s").out
    ended = run("export", "s")
    assert ended.code == 4
    assert key in ended.err
    assert [m["content"] for m in json.loads(ended.out)["messages"]] == ["one", "two", "three"]


def test_info_names_a_session_document_that_cannot_be_read(run: Run, folder: Path) -> None:
    (folder / SESSION_DOCUMENT).write_bytes(b"[1]")
    ended = run("info", "s")
    assert ended.code == 4
    assert SESSION_DOCUMENT in ended.err
    assert "3" in ended.out


def test_ls_and_stats_count_whatever_can_be_read_or_not(run: Run, folder: Path) -> None:
    for key in (MESSAGE, SESSION_DOCUMENT, AGENT_DOCUMENT):
        (folder / key).write_bytes(b"")
    listed = run("ls", "--json")
    assert listed.code == 0
    assert {line["id"]: line["messages"] for line in map(json.loads, listed.out.splitlines())} == {
        "other": 1,
        "s": 3,
    }
    assert json.loads(run("stats", "--json").out)["messages"] == 4


def test_rm_deletes_what_cannot_be_read(run: Run, sessions: Sessions, folder: Path) -> None:
    for key in (MESSAGE, SESSION_DOCUMENT, AGENT_DOCUMENT):
        (folder / key).write_bytes(b"\xff")
    assert run("rm", "s", "--yes").code == 0
    assert [ref.id for ref in sessions.list()] == ["other"]


def test_an_export_that_names_damage_is_imported_as_far_as_it_goes(
    run: Run, sessions: Sessions, folder: Path, tmp_path: Path
) -> None:
    (folder / MESSAGE).write_bytes(b"{}")
    file = tmp_path / "export.jsonl"
    assert run("export", "s", f"--output={file}").code == 4
    with_new_id = file.read_text().replace('"session_id":"s"', '"session_id":"copy"')
    file.write_text(with_new_id)
    assert run("import", str(file)).code == 0
    copied = sessions.open("copy").restore().payloads
    assert [payload["content"] for payload in copied] == ["one", "three"]
