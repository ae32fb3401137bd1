from __future__ import annotations

import gzip
from importlib.resources import files
from pathlib import Path

import pytest

from s3sessions.demo import survival
from s3sessions.demo.conversations import load_conversations
from s3sessions.demo.tree import draw_tree
from tests.cli.commands import Run


def test_the_demo_holds_what_it_claims_and_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    ended = run("demo")
    assert (ended.code, ended.err) == (0, "")
    for expected in (
        "killed with SIGKILL",
        "every acknowledged message is there exactly once: 32 of 32",
        "50 acknowledged = 50 found",
        "1 LIST + 1 GET + 3 PUT",
        "messages/message_0.json … message_31.json",
        "All claims hold",
    ):
        assert expected in ended.out
    assert list(temporary.iterdir()) == []


def test_on_a_place_of_the_user_it_works_under_a_name_of_its_own_and_cleans_up(
    run: Run, url: str, tmp_path: Path
) -> None:
    place = (tmp_path / "place").as_uri()
    assert run("demo", "--url", place).code == 0
    assert list((tmp_path / "place").rglob("*.json")) == []
    assert run("demo", "--url", place, "--keep").code == 0
    (name,) = {
        path.relative_to(tmp_path / "place").parts[0]
        for path in (tmp_path / "place").rglob("message_*.json")
    }
    assert name.startswith("demo-")
    assert "airline-desk" in run("ls", "--url", place, "--under", name).out


def test_a_claim_that_does_not_hold_ends_with_code_1(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second process goes on, but one message is counted as acknowledged that never was.
    honest = survival.die_in_the_middle
    monkeypatch.setattr(
        "s3sessions.demo.scenario.die_in_the_middle", lambda stage: [*honest(stage), 99]
    )
    ended = run("demo")
    assert ended.code == 1
    assert "the demo failed: every acknowledged message" in ended.err
    assert "All claims hold" not in ended.out


def test_the_packed_conversations_are_small_named_and_licensed() -> None:
    packed = files("s3sessions.demo").joinpath("conversations.jsonl.gz").read_bytes()
    licences = files("s3sessions.demo").joinpath("LICENSES.txt").read_text("utf-8")
    assert len(packed) < 100_000
    assert len(gzip.decompress(packed).splitlines()) == len(load_conversations())
    for conversation in load_conversations().values():
        assert conversation.session_id in licences
        assert conversation.source.partition("@")[0] in licences


def test_a_tree_joins_folders_with_one_entry_and_ranges_of_messages() -> None:
    keys = ["p/s/session.json", "p/s/a/x/agent.json"]
    keys += [f"p/s/a/x/messages/message_{n}.json" for n in (0, 1, 2, 10)]
    assert list(draw_tree(keys)) == [
        "└─ p/s/",
        "   ├─ session.json",
        "   └─ a/x/",
        "      ├─ agent.json",
        "      └─ messages/message_0.json … message_10.json",
    ]
