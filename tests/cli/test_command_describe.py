from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3sessions import Sessions
from tests.cli.commands import Run, Say


def test_what_is_described_is_shown_and_is_what_info_shows(run: Run, say: Say) -> None:
    say("order-42", "hello", user="anna")
    words = ("--title", "A lamp", "--tag", "vip", "--tag", "refund", "--metadata", "desk=3")
    ended = run("describe", "order", *words)
    assert ended.code == 0
    for shown in (ended.out, run("info", "order-42").out):
        for expected in ("order-42", "A lamp", "anna", "vip, refund", "desk"):
            assert expected in shown
    document = json.loads(run("info", "order-42", "--json").out)
    assert (document["tags"], document["metadata"]) == (["vip", "refund"], {"desk": "3"})


def test_clear_takes_away_a_field_or_a_key_of_the_metadata(
    run: Run, say: Say, sessions: Sessions
) -> None:
    say("s", "hello", title="T", tags=["a"], metadata={"x": 1, "y": 2})
    words = ("--clear", "title", "--clear", "tags", "--clear", "metadata.x")
    document = json.loads(run("describe", "s", *words, "--json").out)
    assert (document["title"], document["tags"], document["metadata"]) == (None, [], {"y": 2})


def test_only_unset_keeps_the_user_s_title(run: Run, say: Say) -> None:
    say("s", "hello", title="Mine")
    words = ("--only-unset", "--title", "Guessed", "--model", "m-1")
    document = json.loads(run("describe", "s", *words, "--json").out)
    assert (document["title"], document["model"]) == ("Mine", "m-1")


@pytest.mark.parametrize(
    "arguments",
    [
        ("describe", "s"),
        ("describe", "s", "--clear", "parent"),
        ("describe", "s", "--metadata", "desk"),
        ("describe", "s", "--title", "x" * 101),
        ("ls", "--ids", "--user", "anna"),
        ("ls", "--long", "--sort", "id"),
        ("ls", "--ended", "--open"),
        ("ls", "--since", "yesterday"),
    ],
)
def test_what_nobody_can_mean_is_wrong_use(run: Run, say: Say, arguments: tuple[str, ...]) -> None:
    say("s", "hello")
    ended = run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err


def test_an_end_shows_in_info_and_a_reopening_takes_it_back(run: Run, say: Say) -> None:
    say("s", "hello")
    assert "solved" in run("end", "s", "--reason", "solved").out
    assert json.loads(run("end", "s", "--reason", "late", "--json").out)["end_reason"] == "solved"
    assert "solved" in run("info", "s").out
    assert json.loads(run("reopen", "s", "--json").out)["ended_at"] is None
    assert "solved" not in run("info", "s").out


def test_of_no_session_nothing_can_be_said(run: Run) -> None:
    for command in (("describe", "s", "--title", "T"), ("end", "s"), ("reopen", "s")):
        assert run(*command).code == 3


def test_the_long_list_shows_titles_and_how_conversations_begin(run: Run, say: Say) -> None:
    say("a", "my lamp\nis broken", title="A lamp")
    say("b", "hello")
    head, first, second = run("ls", "--long").out.splitlines()
    assert head.split() == ["id", "title", "begins", "messages", "last", "active"]
    assert first.startswith("b ")
    assert "hello" in first
    assert "A lamp  my lamp is broken" in second


def test_a_list_is_filtered_by_what_is_said_of_sessions(
    run: Run, say: Say, sessions: Sessions
) -> None:
    say("a", "x", user="anna", tags=["vip"])
    say("b", "x", user="bob", title="Lamp")
    sessions.end("b", "done")
    for words, expected in (
        (("--user", "anna"), "a"),
        (("--tag", "vip"), "a"),
        (("--title", "lamp"), "b"),
        (("--ended",), "b"),
        (("--open",), "a"),
        (("--since", "2020-01-01"), "ba"),
        (("--before", "2020-01-01T00:00Z"), ""),
    ):
        found = [json.loads(line) for line in run("ls", *words, "--json").out.splitlines()]
        assert "".join(item["id"] for item in found) == expected
    assert found == []
    assert "no such sessions" in run("ls", "--user", "nobody").err


def test_a_limited_long_list_says_that_there_are_more(run: Run, say: Say) -> None:
    for name in "abc":
        say(name, "hello")
    ended = run("ls", "--long", "--limit", "2")
    assert len(ended.out.splitlines()) == 3
    assert "there are more" in ended.err
    assert "there are more" not in run("ls", "--long", "--limit", "3").err


def test_a_session_that_cannot_be_read_is_listed_and_named(
    run: Run, say: Say, tmp_path: Path
) -> None:
    say("one", "hello")
    (tmp_path / "store" / "session_one" / "session.json").write_text("{")
    ended = run("ls", "--long")
    assert ended.code == 4
    assert "session.json" in ended.err
    assert "hello" in ended.out


def test_a_title_cannot_forge_a_line_of_the_list(run: Run, say: Say, sessions: Sessions) -> None:
    say("one", "\x1b[31mred\nsecond line")
    lines = run("ls", "--long").out.splitlines()
    assert len(lines) == 2
    assert "\x1b" not in lines[1]
