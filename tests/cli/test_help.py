from __future__ import annotations

from pathlib import Path

import pytest

from s3sessions import Sessions, __version__
from s3sessions.cli.exits import MEANINGS
from tests.cli.commands import Run, Say

_PLACE = ("--url", "--under", "--endpoint-url", "--region", "--profile", "--verbose")
_OPTIONS = {
    "import": ("PATH", "--from", "--session-id", "--keep", "--width", "--json"),
    "ls": ("--ids", "--sort", "--limit", "--after", "--json", "--long", "--user", "--ended"),
    "show": ("SESSION", "--agent", "--last", "--full", "--json"),
    "info": ("SESSION", "--json"),
    "describe": ("SESSION", "--title", "--tag", "--metadata", "--clear", "--only-unset", "--json"),
    "end": ("SESSION", "--reason", "--json"),
    "reopen": ("SESSION", "--json"),
    "fork": ("SESSION", "--as", "--kind", "--agent", "--until", "--messages", "--title", "--json"),
    "truncate": ("SESSION", "--keep-last", "--summary", "--agent", "--json"),
    "clear": ("SESSION", "--agent", "--json"),
    "replace": ("SESSION", "--messages", "--agent", "--json"),
    "compact": ("SESSION", "--all", "--min-age", "--pack", "--agent", "--json"),
    "chat": ("--session", "--resume", "--agent", "--model"),
    "export": ("SESSION", "--to", "--output", "--width"),
    "stats": ("--json",),
    "rm": ("SESSION", "--agent", "--purge", "--yes", "--json"),
    "prune": ("--older-than", "--user", "--empty", "--keep", "--dry-run", "--purge", "--json"),
    "check": ("--json",),
    "doctor": ("SESSION", "--repair", "--no-check", "--json"),
    "policy": ("--role", "--bucket", "--prefix", "--tenants", "--kms-key", "--trust", "--assume"),
    "cost": ("--message-bytes", "--storage-class", "--s3-put", "--dynamodb-write", "--json"),
    "demo": ("--keep",),
}


@pytest.mark.parametrize("command", _OPTIONS)
def test_the_help_of_a_command_names_its_options_and_has_an_example(run: Run, command: str) -> None:
    ended = run(command, "--help")
    assert ended.code == 0
    missing = [name for name in (*_OPTIONS[command], *_PLACE) if name not in ended.out]
    assert missing == []
    assert f"  s3sessions {command}" in ended.out


def test_the_help_names_every_command_the_variables_and_the_exit_codes(run: Run) -> None:
    ended = run("--help")
    assert ended.code == 0
    wanted = [*_OPTIONS, "S3SESSIONS_URL", "s3://bucket/prefix", *MEANINGS.values()]
    assert [text for text in wanted if text not in ended.out] == []


def test_the_version_is_the_package_s(run: Run) -> None:
    assert run("--version").out == f"s3sessions {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("frobnicate",),
        ("show",),
        ("rm",),
        ("ls", "--limit", "0"),
        ("ls", "--limit", "some"),
        ("ls", "--after", "token"),
        ("ls", "--ids", "--sort", "id"),
        ("truncate", "order-42"),
        ("truncate", "order-42", "--keep-last", "-1"),
        ("replace", "order-42"),
        ("compact",),
        ("compact", "order-42", "--all"),
        ("compact", "--all", "--min-age", "1y"),
        ("--url", "ftp://somewhere", "ls"),
        ("ls", "--under", ".."),
        ("demo", "--url", "memory://"),
        ("demo", "--under", "tenant"),
    ],
)
def test_wrong_use_ends_with_code_2_and_says_why(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert ended.code == 2
    assert ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err


def test_options_of_the_place_stand_before_the_command_or_after_it(
    run: Run, sessions: Sessions, url: str
) -> None:
    sessions.under("a").under("b").open("deep").append({"content": "hello"})
    for arguments in (
        ("--url", url, "--under", "a", "--under", "b", "ls", "--ids"),
        ("--under", "a", "ls", "--ids", "--under", "b", "--url", url),
        ("ls", "--under", "a", "--under", "b", "--ids"),
    ):
        assert run(*arguments).out == "deep\n"
    assert run("ls", "--ids").out == ""


def test_without_a_url_sessions_are_in_the_user_s_data_folder(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("S3SESSIONS_URL")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data home"))
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"id": "one", "messages": [{"content": "hello"}]}\n')
    assert run("ls").code == 0
    assert run("import", str(lines)).code == 0
    assert (tmp_path / "data home" / "s3sessions" / "session_one" / "session.json").is_file()


def test_verbose_logs_each_request_and_nothing_of_a_payload(run: Run, say: Say) -> None:
    say("one", "a secret")
    ended = run("show", "one", "-v")
    assert 'verb="get"' in ended.err
    assert "a secret" not in ended.err
    assert "verb=" not in run("show", "one").err
