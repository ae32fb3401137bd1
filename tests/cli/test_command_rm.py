from __future__ import annotations

import io
import json

import pytest

from s3sessions import Sessions
from tests.cli.commands import Ended, Run, Say
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer
from tests.servers.s3_server import S3Server
from tests.servers.weed import Weed
from tests.stores.version_places import versioned_bucket


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


def test_json_prints_one_report_a_line(run: Run, say: Say) -> None:
    say("a", "hello")
    say("b", "hello", "there")
    ended = run("rm", "a", "b", "--yes", "--json")
    reports = [json.loads(line) for line in ended.out.splitlines()]
    assert [(report["session_id"], report["objects"]) for report in reports] == [("a", 3), ("b", 4)]
    assert set(reports[0]) == {"session_id", "agent_id", "objects", "bytes"}


class Bucket:
    """A place in a bucket that keeps versions, for commands."""

    def __init__(self, run: Run, server: S3Server, *, locked: bool = False) -> None:
        self.name, self.prefix = versioned_bucket(server, locked=locked), fresh_name()
        self._run = run
        self._endpoint = ("--endpoint-url", server.endpoint_url)
        self.sessions = Sessions(self.url, endpoint_url=server.endpoint_url)

    @property
    def url(self) -> str:
        return f"s3://{self.name}/{self.prefix}"

    def rm(self, *arguments: str) -> Ended:
        return self._run("--url", self.url, *self._endpoint, "rm", *arguments)


def test_a_purge_asks_and_shows_a_receipt(
    run: Run, moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket(run, moto)
    with bucket.sessions as sessions:
        sessions.open("order-41").append({"content": "hello"})
        monkeypatch.setattr("sys.stdin", _Terminal("y\n"))
        ended = bucket.rm("order-41", "--purge")
    assert ended.code == 0
    assert "purge session 'order-41' with 1 message, " in ended.err
    assert "3 objects, 4 versions, 3 markers, 0 uploads" in ended.out


def test_a_session_that_was_deleted_before_can_be_purged(run: Run, moto: MotoServer) -> None:
    bucket = Bucket(run, moto)
    with bucket.sessions as sessions:
        sessions.open("order-41").append({"content": "hello"})
    assert bucket.rm("order-41", "--yes").code == 0
    ended = bucket.rm("order-41", "--purge", "--yes", "--json")
    receipt = json.loads(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert (receipt["complete"], receipt["objects"], receipt["versions"]) == (True, 0, 4)
    assert bucket.rm("order-41", "--purge", "--yes").code == 3


def test_what_is_held_is_named_and_ends_with_code_4(run: Run, weed: Weed) -> None:
    bucket = Bucket(run, weed, locked=True)
    with bucket.sessions as sessions:
        sessions.open("order-41").append({"content": "hello"})
    key = f"{bucket.prefix}/session_order-41/agents/agent_default/messages/message_0.json"
    with weed.client() as s3:
        s3.put_object_legal_hold(Bucket=bucket.name, Key=key, LegalHold={"Status": "ON"})
    ended = bucket.rm("order-41", "--purge", "--yes", "--json")
    receipt = json.loads(ended.out)
    assert ended.code == 4
    assert receipt["complete"] is False
    assert {left["key"] for left in receipt["left"]} == {key}
    assert f"left: {key} (version " in ended.err
    assert "is held by a legal hold: purge again once it is released" in ended.err


def test_a_folder_keeps_no_versions_and_the_receipt_says_so(run: Run, say: Say) -> None:
    say("order-41", "hello")
    ended = run("rm", "order-41", "--purge", "--yes")
    assert ended.code == 0
    assert "this store lists no versions" in ended.out
    assert run("rm", "order-41", "--purge", "--yes").code == 3
