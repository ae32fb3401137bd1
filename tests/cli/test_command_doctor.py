from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.stores.local import LocalStore
from tests.cli.commands import Run, Say


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def everything(folder: Path) -> dict[Path, bytes]:
    """All objects; not what the store keeps for itself."""
    found = [path for path in folder.glob("session_*/**/*") if path.is_file()]
    return {path: path.read_bytes() for path in found}


@pytest.fixture
def damaged(say: Say, folder: Path) -> None:
    say("order-41", "hello", "there", "you")
    say("order-42", "hello")
    (folder / "session_order-41/session.json").unlink()
    (folder / "session_order-41/agents/agent_default/messages/message_1.json").unlink()


def test_healthy_sessions_end_with_code_0(run: Run, say: Say) -> None:
    say("order-41", "hello")
    ended = run("doctor")
    assert (ended.code, ended.out) == (0, "")
    assert "store: fit for sessions" in ended.err
    assert "looked at 1 session, 0 findings" in ended.err


def test_findings_end_with_code_4_and_are_explained(run: Run, damaged: None) -> None:
    ended = run("doctor")
    assert ended.code == 4
    missing, hole = ended.out.strip().split("\n\n")
    assert missing.startswith("missing document  session 'order-41'\n  session_order-41/session.js")
    assert "\n  with --repair: it is created anew" in missing
    assert hole.startswith("hole  session 'order-41', agent 'default'\n")
    assert "\n  what to do: " in hole
    assert "2 findings, 0 of them settled; --repair would repair 1" in ended.err


def test_without_repair_nothing_is_written(run: Run, damaged: None, folder: Path) -> None:
    before = everything(folder)
    run("doctor")
    assert everything(folder) == before


def test_repair_settles_what_it_can_and_a_second_one_finds_nothing_to_repair(
    run: Run, damaged: None, folder: Path
) -> None:
    ended = run("doctor", "--repair")
    assert ended.code == 4
    assert "\n  repaired: it is created anew" in ended.out
    assert (folder / "session_order-41/session.json").is_file()
    before = everything(folder)
    ended = run("doctor", "--repair")
    assert (ended.code, "repaired:" in ended.out) == (4, False)
    assert everything(folder) == before


def test_what_was_repaired_is_not_left(run: Run, say: Say, folder: Path) -> None:
    say("order-41", "hello")
    (folder / "session_order-41/session.json").unlink()
    assert run("doctor").code == 4
    assert run("doctor", "--repair").code == 0
    assert run("doctor").code == 0


def test_named_sessions_are_looked_at_and_no_other(run: Run, damaged: None) -> None:
    assert run("doctor", "order-42").code == 0
    assert run("doctor", "order-42", "order-41").code == 4
    ended = run("doctor", "order", "order-42")
    assert ended.code == 3
    assert "session does not exist" in ended.err


def test_json_is_one_finding_a_line(run: Run, damaged: None) -> None:
    ended = run("doctor", "--json")
    found = [json.loads(line) for line in ended.out.splitlines()]
    assert [finding["kind"] for finding in found] == ["missing_document", "hole"]
    assert [finding["repairable"] for finding in found] == [True, False]
    assert all(finding["meaning"] and finding["remedy"] for finding in found)


def test_no_check_spares_the_probe(run: Run, say: Say) -> None:
    say("order-41", "hello")
    assert "store:" not in run("doctor", "--no-check").err
    assert "s3sessions_check_" not in run("doctor", "--no-check", "-v").err


def test_in_an_unfit_store_nothing_is_repaired(
    run: Run, damaged: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = LocalStore.put

    def overwrite(self: LocalStore, key: str, data: bytes, *, only_if: Any = None) -> str:
        return put(self, key, data)

    monkeypatch.setattr(LocalStore, "put", overwrite)
    before = everything(folder)
    ended = run("doctor", "--repair")
    assert ended.code == 1
    assert "two writers may overwrite each other's message" in ended.err
    assert "nothing was repaired" in ended.err
    assert "missing document" in ended.out
    assert everything(folder) == before


def test_an_id_cannot_forge_a_line(run: Run, sessions: Sessions, folder: Path) -> None:
    name = "a\nrepaired: all\x1b[2J"
    sessions.open(name).append({"content": "hello"})
    (path,) = folder.glob("session_a*/session.json")
    path.unlink()
    ended = run("doctor", "--no-check")
    assert not any(line.startswith("repaired") for line in ended.out.splitlines())
    assert "\x1b" not in ended.out
