from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import url2pathname

import pytest

from s3sessions import Sessions
from s3sessions.cli.durations import parse_duration
from tests.cli.commands import Run, Say

Age = Callable[[str], None]


class _Terminal(io.StringIO):
    """A terminal at which somebody has typed."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def age(url: str) -> Age:
    """Make every object of a session a hundred days older."""

    def make_older(session_id: str) -> None:
        folder = Path(url2pathname(url.removeprefix("file://"))) / f"session_{session_id}"
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            moment = time.time() - 100 * 86400
            os.utime(path, (moment, moment))

    return make_older


@pytest.fixture(autouse=True)
def three(say: Say, sessions: Sessions, age: Age) -> None:
    """Two sessions that are old, of which one was ended, and one that is not."""
    say("ended", "hello", user="ann")
    say("open", "hello", "there", user="bob")
    say("young", "hello")
    sessions.end("ended")
    age("ended")
    age("open")


def _left(sessions: Sessions) -> set[str]:
    return {ref.id for ref in sessions.list()}


def test_it_says_what_would_go_and_asks(
    run: Run, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal("no\n"))
    ended = run("prune", "--older-than", "90d")
    assert ended.code == 5
    assert ended.out.count("would delete session") == 2
    assert "delete 2 sessions, 7 objects, " in ended.err
    assert "nothing was deleted" in ended.err
    assert _left(sessions) == {"ended", "open", "young"}
    monkeypatch.setattr("sys.stdin", _Terminal("yes\n"))
    ended = run("prune", "--older-than", "90d")
    assert ended.code == 0
    assert ended.out.count("\ndeleted session") == 2
    assert _left(sessions) == {"young"}


def test_where_nothing_is_due_it_does_not_ask(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal(""))
    ended = run("prune", "--older-than", "52w")
    assert ended.code == 0
    assert "[y/N]" not in ended.err
    assert "looked at 3 sessions: 0 deleted, 0 B, 3 kept (3 young)" in ended.err


def test_without_a_terminal_it_refuses_with_code_2_and_deletes_nothing(
    run: Run, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ended = run("prune", "--older-than", "90d")
    assert ended.code == 2
    assert "--yes" in ended.err
    assert len(_left(sessions)) == 3


def test_yes_deletes_and_counts_the_old_ones_that_were_never_ended(
    run: Run, sessions: Sessions
) -> None:
    ended = run("prune", "--older-than", "90d", "--ended", "--yes")
    assert ended.code == 0
    assert "2 kept (1 old but never ended, 1 young)" in ended.err
    assert ended.out.startswith("deleted session 'ended': 3 objects, ")
    assert _left(sessions) == {"open", "young"}


def test_a_dry_run_needs_no_answer_and_deletes_nothing(run: Run, sessions: Sessions) -> None:
    ended = run("prune", "--older-than", "90d", "--open", "--dry-run")
    assert (ended.code, ended.out.count("would delete session 'open'")) == (0, 1)
    assert "1 would be deleted" in ended.err
    assert len(_left(sessions)) == 3


def test_filters_and_keep_are_the_librarys(run: Run, sessions: Sessions) -> None:
    assert run("prune", "--older-than", "90d", "--user", "cid", "--yes").out == ""
    assert run("prune", "--older-than", "90d", "--keep", "open", "--yes").code == 0
    assert _left(sessions) == {"open", "young"}
    assert run("prune", "--older-than", "90d", "--user", "bob", "--yes").code == 0
    assert _left(sessions) == {"young"}


def test_json_prints_one_result_a_line_and_nothing_else(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal("y\n"))
    ended = run("prune", "--older-than", "90d", "--ended", "--purge", "--json")
    found = {r["session_id"]: r for r in map(json.loads, ended.out.splitlines())}
    assert {i: (r["outcome"], r["reason"]) for i, r in found.items()} == {
        "ended": ("deleted", None),
        "open": ("kept", "open"),
        "young": ("kept", "young"),
    }
    assert found["ended"]["receipt"]["complete"] is True


def test_one_that_cannot_be_read_makes_code_4_and_does_not_stop_the_rest(
    run: Run, sessions: Sessions, url: str, age: Age
) -> None:
    path = Path(url2pathname(url.removeprefix("file://"))) / "session_ended" / "session.json"
    path.write_bytes(b"{")
    age("ended")
    ended = run("prune", "--older-than", "90d", "--yes")
    assert ended.code == 4
    assert "failed session 'ended': " in ended.err
    assert "1 failed" in ended.err
    assert _left(sessions) == {"ended", "young"}


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("36h", 129600), ("90d", 7776000)]
)
def test_ages_are_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text).total_seconds() == seconds
    assert parse_duration("2w") == parse_duration("14d")


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5d", "90 d", "90D", "9999999d"])
def test_what_is_no_age_is_wrong_use(run: Run, sessions: Sessions, text: str) -> None:
    ended = run("prune", f"--older-than={text}", "--yes")
    assert ended.code == 2
    assert "is no duration like 30s, 36h, 90d or 2w" in ended.err
    assert len(_left(sessions)) == 3


def test_no_age_at_all_is_refused(run: Run, sessions: Sessions) -> None:
    ended = run("prune", "--older-than=0s", "--yes")
    assert ended.code == 2
    assert "give more than 0" in ended.err
    assert len(_left(sessions)) == 3


def test_an_age_must_be_given(run: Run) -> None:
    assert run("prune", "--yes").code == 2
