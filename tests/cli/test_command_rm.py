from __future__ import annotations

import io

import pytest

from s3sessions import Sessions
from tests.cli.commands import Run, Say


class _Terminal(io.StringIO):
    """A terminal at which somebody has typed."""

    def isatty(self) -> bool:
        return True


def _left(sessions: Sessions) -> set[str]:
    return {ref.id for ref in sessions.list()}


def test_it_says_what_would_go_and_asks(
    run: Run, say: Say, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("order-41", "hello", "there")
    monkeypatch.setattr("sys.stdin", _Terminal("no\n"))
    ended = run("rm", "order-41")
    assert ended.code == 5
    assert "'order-41' with 2 messages, " in ended.err
    assert ended.err.count("[y/N]") == 1
    assert _left(sessions) == {"order-41"}


@pytest.mark.parametrize("answer", ["\n", "", "yep\n", "n\n"])
def test_everything_but_yes_is_no(
    run: Run, say: Say, sessions: Sessions, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    say("order-41", "hello")
    monkeypatch.setattr("sys.stdin", _Terminal(answer))
    assert run("rm", "order-41").code == 5
    assert _left(sessions) == {"order-41"}


def test_after_a_yes_the_session_is_gone_and_no_other(
    run: Run, say: Say, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "ab", "b"):
        say(name, "hello")
    monkeypatch.setattr("sys.stdin", _Terminal("y\nYES\n"))
    ended = run("rm", "a", "b")
    assert ended.code == 0
    assert ended.out.count("deleted session") == 2
    assert _left(sessions) == {"ab"}


def test_without_a_terminal_it_refuses_with_code_2_and_deletes_nothing(
    run: Run, say: Say, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("order-41", "hello")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ended = run("rm", "order-41")
    assert ended.code == 2
    assert "--yes" in ended.err
    assert _left(sessions) == {"order-41"}


def test_yes_does_not_ask(run: Run, say: Say, sessions: Sessions) -> None:
    say("order-41", "hello")
    ended = run("rm", "order-41", "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert _left(sessions) == set()


def test_a_prefix_names_nothing_here(run: Run, say: Say, sessions: Sessions) -> None:
    say("order-41", "hello")
    assert run("rm", "order", "--yes").code == 3
    assert _left(sessions) == {"order-41"}


def test_a_session_that_is_not_there_does_not_stop_the_rest(
    run: Run, say: Say, sessions: Sessions
) -> None:
    say("b", "hello")
    ended = run("rm", "a", "b", "--yes")
    assert ended.code == 3
    assert _left(sessions) == set()


def test_one_agent_goes_and_the_other_stays(run: Run, say: Say, sessions: Sessions) -> None:
    say("team", "one", agent="first")
    say("team", "two", agent="second")
    assert run("rm", "team", "--agent", "third", "--yes").code == 3
    assert run("rm", "team", "--agent", "first", "--yes").code == 0
    assert list(sessions.agents("team")) == ["second"]
