"""The README is true: its snippets run, its tables are complete, its commands exist."""

from __future__ import annotations

import importlib.util
import io
import re
from contextlib import redirect_stdout
from dataclasses import fields
from pathlib import Path

import pytest

import s3sessions
from s3sessions import S3SessionsError, Settings
from s3sessions.cli import main
from tests.servers.moto_server import MotoServer

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
HAS_ASYNC_S3 = importlib.util.find_spec("aioboto3") is not None
SNIPPETS = [
    snippet
    for snippet in re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    if HAS_ASYNC_S3 or "Async" not in snippet
]


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_a_snippet_runs_as_it_stands(
    number: int, moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3SESSIONS_ENDPOINT_URL", moto.endpoint_url)
    with moto.client() as s3:
        s3.create_bucket(Bucket="my-bucket")
    with s3sessions.Sessions("s3://my-bucket/prod") as sessions:
        for left in list(sessions.list()):
            sessions.delete(left.id)
    exec(compile(SNIPPETS[number], f"README snippet {number}", "exec"), {})


def test_every_setting_is_in_the_table_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `S3SESSIONS_\w+` \| (.*?) \|", README, re.MULTILINE))
    assert list(rows) == [setting.name for setting in fields(Settings)]
    for name, default in rows.items():
        value = getattr(Settings(), name)
        if isinstance(value, (int, float)):
            assert default == f"{value:g}" or default == str(value), name
        assert f"`S3SESSIONS_{name.upper()}`" in README


def test_every_error_is_in_the_table() -> None:
    table = README[README.index("## Errors") : README.index("## The command line")]
    errors = {
        name
        for name in s3sessions.__all__
        if isinstance(getattr(s3sessions, name), type)
        and issubclass(getattr(s3sessions, name), S3SessionsError)
    }
    assert {name for name in errors if f"`{name}`" not in table} == set()


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal on which the help wraps little."""
    monkeypatch.setenv("COLUMNS", "100")


def help_text(*arguments: str) -> str:
    with redirect_stdout(io.StringIO()) as printed:
        assert main([*arguments, "--help"]) == 0
    return printed.getvalue()


def test_the_commands_are_those_of_the_help() -> None:
    shown = set(re.findall(r"^s3sessions (\w+)", README, re.MULTILINE))
    offered = set(re.findall(r"^    (\w+)  +\w", help_text(), re.MULTILINE))
    assert shown == offered


def test_the_commands_that_take_json_are_those_that_say_so() -> None:
    (sentence,) = re.findall(r"([^.]*) take `--json`", README)
    said = set(re.findall(r"`(\w+)`", sentence))
    commands = re.findall(r"^    (\w+)  +\w", help_text(), re.MULTILINE)
    assert said == {command for command in commands if "--json" in help_text(command)}


def test_the_exit_codes_are_those_of_the_help() -> None:
    told = dict(re.findall(r"^\| (\d+) \| (.+?) \|$", README, re.MULTILINE))
    epilog = help_text()
    offered = dict(
        re.findall(r"^  (\d+) +(.+)$", epilog[epilog.index("exit codes") :], re.MULTILINE)
    )
    assert {code: text.partition(";")[0] for code, text in told.items()} == {
        code: text.partition(";")[0] for code, text in offered.items()
    }


def test_the_version_is_the_same_everywhere() -> None:
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{s3sessions.__version__}"' in project
