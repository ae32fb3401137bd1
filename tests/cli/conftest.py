"""Running commands in this process, on a folder of the test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.cli import main
from tests.cli.commands import Ended, Run, Say


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in [name for name in os.environ if name.startswith("S3SESSIONS_")]:
        if name != "S3SESSIONS_TRANSPORT":
            monkeypatch.delenv(name)
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    address = (tmp_path / "store").as_uri()
    monkeypatch.setenv("S3SESSIONS_URL", address)
    return address


@pytest.fixture
def sessions(url: str) -> Iterator[Sessions]:
    with Sessions(url) as opened:
        yield opened


@pytest.fixture
def run(url: str, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_command(*arguments: str) -> Ended:
        capsys.readouterr()
        code = main(arguments)
        printed = capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    return run_command


@pytest.fixture
def say(sessions: Sessions) -> Say:
    def store(session_id: str, *texts: str, agent: str = "default", **details: Any) -> None:
        handle = sessions.open(session_id, agent, **details)
        for text in texts:
            handle.append({"role": "user", "content": text})

    return store
