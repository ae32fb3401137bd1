from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path

import pytest

from s3sessions import Sessions
from s3sessions.cli.durations import parse_duration
from tests.cli.commands import Run, Say

HISTORY = "session_order-42/agents/agent_default/history.json"
LINES = '{"content": "one\u2028more"}\r\n\n{"content": "two"}\n'
ARRAY = '\n[{"content": "one\u2028more"},\n {"content": "two"}]'


@pytest.fixture(autouse=True)
def six(say: Say) -> None:
    """A session of six messages."""
    say("order-42", *(f"text {number}" for number in range(6)))


def _texts(sessions: Sessions, session_id: str = "order-42", agent: str = "default") -> list[str]:
    return [each["content"] for each in sessions.open(session_id, agent).restore().payloads]


def _summary(sessions: Sessions) -> str | None:
    summary = sessions.open("order-42").restore().summary
    return None if summary is None else summary.text


def _stored(store: Path) -> int:
    return len(list(store.rglob("message_*.json")))


def test_truncate_hides_old_messages_and_says_what_stays(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    ended = run("truncate", "order", "--keep-last", "2")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "hid 4 messages of session 'order-42', agent 'default'; visible now: 2 messages from 4 on\n"
    )
    assert _texts(sessions) == ["text 4", "text 5"]
    assert _stored(tmp_path / "store") == 6
    again = run("truncate", "order-42", "--keep-last", "20").out
    assert "hid nothing of" in again
    assert "2 messages from 4 on" in again


def test_a_summary_stands_for_what_is_hidden_until_it_is_taken_away(
    run: Run, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = run("truncate", "order-42", "--keep-last", "5", "--summary", "a lamp", "--json")
    assert json.loads(ended.out) == {
        "session_id": "order-42",
        "agent_id": "default",
        "hidden": 1,
        "visible": 5,
        "first": 1,
        "summary": {"text": "a lamp", "covers_to": 1},
    }
    monkeypatch.setattr("sys.stdin", io.StringIO("a lamp,\nand more\n"))
    assert "behind a summary" in run("truncate", "order", "--keep-last=1", "--summary=-").out
    assert _summary(sessions) == "a lamp,\nand more"
    assert "behind a summary" in run("truncate", "order-42", "--keep-last", "1").out
    assert "summary" not in run("truncate", "order-42", "--keep-last", "1", "--summary", "").out
    assert _summary(sessions) is None


def test_a_pipe_that_brings_no_summary_hides_nothing(
    run: Run, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    ended = run("truncate", "order-42", "--keep-last", "1", "--summary", "-")
    assert (ended.code, ended.out) == (1, "")
    assert "--summary ''" in ended.err
    assert len(_texts(sessions)) == 6


def test_clear_hides_everything_and_does_not_ask(run: Run, sessions: Sessions) -> None:
    run("truncate", "order-42", "--keep-last", "3", "--summary", "a lamp")
    ended = run("clear", "order-42")
    assert (ended.code, ended.err) == (0, "")
    assert "hid 3 messages of " in ended.out
    assert "visible now: no message\n" in ended.out
    assert (_texts(sessions), _summary(sessions)) == ([], None)


@pytest.mark.parametrize("given", [LINES, ARRAY], ids=["lines", "array"])
def test_replace_takes_lines_or_an_array_and_keeps_the_summary(
    run: Run, sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    run("truncate", "order-42", "--keep-last", "3", "--summary", "a lamp")
    path = tmp_path / "edited"
    path.write_text(given, "utf-8")
    ended = run("replace", "order-42", "--messages", str(path))
    assert (ended.code, ended.err) == (0, "")
    assert "hid 3 messages of " in ended.out
    assert "visible now: 2 messages from 6 on, behind a summary" in ended.out
    assert _texts(sessions) == ["one\u2028more", "two"]
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    document = json.loads(run("replace", "order-42", "--messages", "-", "--json").out)
    assert (document["hidden"], document["visible"], document["first"]) == (2, 2, 8)


def test_messages_that_cannot_be_stored_replace_nothing(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    path = tmp_path / "edited"
    for given, text in (
        ('{"role": "user"}\nnot JSON\n', "edited, line 2: no JSON"),
        ('[{"role": "user"}', "edited: no JSON"),
        ('["text"]', "message"),
        ("[]", "holds no message"),
        ("\n", "--keep-last 0 hides all"),
    ):
        path.write_text(given)
        ended = run("replace", "order-42", "--messages", str(path))
        assert (ended.code, ended.out) == (1, "")
        assert text in ended.err
    assert run("replace", "order-42", "--messages", "no-such-file").code == 1
    assert len(_texts(sessions)) == 6


@pytest.mark.parametrize(
    "command", [("truncate", "--keep-last=1"), ("clear",), ("replace", "--messages=-")], ids=str
)
def test_of_several_agents_one_must_be_named(
    run: Run,
    say: Say,
    sessions: Sessions,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    for agent in ("first", "second"):
        say("two", "one", "two", agent=agent)
    for arguments, code, said in (
        (("two",), 2, "first, second: name one with --agent"),
        (("two", "--agent=third"), 3, "it has first, second"),
        (("nobody",), 3, "nobody"),
        (("two", "--agent=first"), 0, ""),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO('{"content": "new"}'))
        ended = run(*command, *arguments)
        assert ended.code == code
        assert said in ended.err
    assert _texts(sessions, "two", "second") == ["one", "two"]
    assert len(_texts(sessions, "two", "first")) < 2


def test_what_cannot_be_read_is_named_and_makes_code_4(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    key = "session_order-42/agents/agent_default/messages/message_1.json"
    (tmp_path / "store" / key).write_bytes(b"{")
    ended = run("truncate", "order-42", "--keep-last", "2")
    assert ended.code == 4
    assert key in ended.err
    assert _texts(sessions) == ["text 4", "text 5"]


def test_a_history_that_cannot_be_read_stays_as_it_is(run: Run, tmp_path: Path) -> None:
    run("truncate", "order-42", "--keep-last", "2")
    document = tmp_path / "store" / HISTORY
    document.write_bytes(b"{")
    for command in (("truncate", "--keep-last=1"), ("clear",), ("compact", "--min-age=0s")):
        ended = run(*command, "order-42")
        assert (ended.code, ended.out) == (1, "")
        assert HISTORY in ended.err
    assert document.read_bytes() == b"{"
    assert _stored(tmp_path / "store") == 6


def test_compact_deletes_what_has_been_hidden_for_a_day(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    run("truncate", "order-42", "--keep-last", "2")
    ended = run("compact", "order")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "deleted 0 objects, 0 B of session 'order-42', agent 'default'; 4 too young\n"
    )
    a_day_ago = time.time() - 25 * 3600
    # The newest of those that are old stays, so that the next index never falls.
    for path in (tmp_path / "store").rglob("message_[0-2].json"):
        os.utime(path, (a_day_ago, a_day_ago))
    report = json.loads(run("compact", "order-42", "--json").out)
    assert (report["objects"], report["young"], report["error"]) == (2, 1, None)
    assert run("compact", "order-42", "--min-age", "0s").out.startswith("deleted 2 objects, ")
    assert _stored(tmp_path / "store") == 2
    assert _texts(sessions) == ["text 4", "text 5"]


def test_compact_all_tells_what_it_did_and_a_session_that_fails_stops_no_other(
    run: Run, say: Say, tmp_path: Path
) -> None:
    for session_id in ("a", "b"):
        for agent in ("first", "second"):
            say(session_id, "one", "two", agent=agent)
            run("clear", session_id, "--agent", agent)
    broken = "session_a/agents/agent_first/history.json"
    (tmp_path / "store" / broken).write_bytes(b"{")
    ended = run("compact", "--all", "--min-age", "0s")
    assert ended.code == 4
    assert "failed session 'a': " in ended.err
    assert broken in ended.err
    assert "looked at 4 agents: 3 objects deleted, " in ended.err
    assert "1 failed" in ended.err
    told = [line.partition(" of ")[2] for line in ended.out.splitlines()]
    assert told == [
        "session 'a', agent 'second'",
        "session 'b', agent 'first'",
        "session 'b', agent 'second'",
    ]
    reports = [json.loads(line) for line in run("compact", "--all", "--json").out.splitlines()]
    assert [report["error"] is None for report in reports].count(False) == 1
    assert len(reports) == 5
    assert run("compact", "--all", "--agent", "second").code == 0


def test_compact_works_on_all_that_are_named(run: Run) -> None:
    ended = run("compact", "nobody", "order-42")
    assert ended.code == 4
    assert "no session id begins with 'nobody'" in ended.err
    assert "session 'order-42'" in ended.out
    assert run("compact", "nobody").code == 3
    assert run("compact", "order-42", "--agent", "other").code == 3


def test_show_prints_the_summary_and_how_many_messages_are_hidden(run: Run) -> None:
    run("truncate", "order-42", "--keep-last", "2", "--summary", "a \x1b[2Jlamp\nof Anna's")
    for options, shown in (((), ["text 4", "text 5"]), (("--last", "1"), ["text 5"])):
        lines = run("show", "order-42", *options).out.splitlines()
        assert lines[1:6] == [
            "(the first 4 messages are hidden)",
            "",
            "summary  of what was said before 4",
            "  a \\x1b[2Jlamp",
            "  of Anna's",
        ]
        assert [line.strip() for line in lines if "text" in line] == shown
    documents = [json.loads(line) for line in run("show", "order-42", "--json").out.splitlines()]
    assert [document["index"] for document in documents] == [4, 5]


def test_show_adds_up_what_was_used_by_hidden_messages_too(run: Run, sessions: Sessions) -> None:
    assert "used" not in run("show", "order-42").out
    chat = sessions.open("order-42")
    for _ in range(2):
        usage = {"inputTokens": 600, "cost": {"us\nd": 0.1}}
        chat.append({"role": "assistant", "content": "text"}, usage=usage)
    run("truncate", "order-42", "--keep-last", "1")
    last = run("show", "order-42").out.splitlines()[-1]
    assert last == "used  1,200 inputTokens, 0.2 cost.us\\nd"
    assert "used" not in run("show", "order-42", "--last", "1").out
    assert "used" not in run("show", "order-42", "--json").out


def test_a_minimal_age_may_be_nothing() -> None:
    assert not parse_duration("0s")
