from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from s3sessions import Sessions
from tests.cli.commands import Run, Say


def test_a_fork_prints_the_id_of_a_session_that_begins_so(
    run: Run, say: Say, sessions: Sessions
) -> None:
    say("order-42", "one", "two", "three", title="A lamp")
    ended = run("fork", "order", "--until", "2", "--title", "Another try")
    assert (ended.code, ended.err) == (0, "")
    child = ended.out.strip()
    history = sessions.open(child).restore()
    assert [payload["content"] for payload in history.payloads] == ["one", "two"]
    assert sessions.info(child).title == "Another try"
    assert len(sessions.open("order-42").restore().messages) == 3


def test_info_names_parent_and_children(run: Run, say: Say) -> None:
    say("order-42", "one")
    document = json.loads(run("fork", "order-42", "--as", "try", "--json").out)
    assert document == {"id": "try", "parent": "order-42", "kind": "branch"}
    assert "try, branch" in run("info", "order-42").out
    assert "order-42" in run("info", "try").out
    (child,) = json.loads(run("info", "order-42", "--json").out)["children"]
    assert (child["id"], child["kind"]) == ("try", "branch")


def test_a_compression_takes_its_messages_from_a_file_or_standard_input(
    run: Run, say: Say, sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("order-42", "one", "two")
    lines = tmp_path / "summary.jsonl"
    lines.write_text('{"role": "user", "content": "a summary"}\n\n{"role": "assistant"}\n')
    run("fork", "order-42", "--kind", "compression", "--as", "b", "--messages", str(lines))
    assert sessions.tip("order-42") == "b"
    assert sessions.open("b").restore().payloads == [
        {"role": "user", "content": "a summary"},
        {"role": "assistant"},
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO('{"role": "user"}\n'))
    run("fork", "b", "--kind", "compression", "--as", "c", "--messages", "-")
    assert sessions.tip("order-42") == "c"


def test_what_cannot_be_forked_says_why(run: Run, say: Say, tmp_path: Path) -> None:
    say("order-42", "one")
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"role": "user"}\nnot JSON\n')
    for arguments, code, text in (
        (("nobody",), 3, "nobody"),
        (("order-42", "--as", "order-42"), 1, "exists already"),
        (("order-42", "--kind", "compression"), 2, "give a summary"),
        (("order-42", "--until", "-1"), 2, "0 or more"),
        (("order-42", "--kind", "delegate", "--messages", str(bad)), 1, "bad.jsonl, line 2"),
        (("order-42", "--kind", "delegate", "--messages", "no-such-file"), 1, "no-such-file"),
    ):
        ended = run("fork", *arguments)
        assert (ended.code, ended.out) == (code, "")
        assert text in ended.err
    assert run("ls", "--ids").out == "order-42\n"


def test_a_fork_that_was_cut_off_can_be_deleted(run: Run, say: Say, tmp_path: Path) -> None:
    say("order-42", "one")
    run("fork", "order-42", "--as", "try")
    document = tmp_path / "store" / "session_try" / "session.json"
    body = json.loads(document.read_text())
    body["s3sessions"]["unfinished"] = {"at": "2026-01-01T00:00:00+00:00"}
    document.write_text(json.dumps(body))
    assert run("show", "try").code == 3
    assert "fork again with the same id" in run("show", "try").err
    assert run("rm", "try", "--yes").code == 0
    assert run("ls", "--ids").out == "order-42\n"
    assert "try" not in run("info", "order-42").out
