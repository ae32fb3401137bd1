"""Chats as processes of their own, in a folder with models, and what they leave in the store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

from s3sessions import History, Sessions
from s3sessions.chat.folder import name_of_folder
from tests.processes.scenes import Place

MODELS = '''
"""Models of the chats; each process has a count of its own."""

import signal

from s3sessions.tool_calls import validate

calls = 0

def counts(messages):
    return f"heard {len(messages)}"

def fails_twice(messages):
    global calls
    calls += 1
    if calls <= 2:
        raise ConnectionError(f"call {calls}")
    return f"heard {len(messages)}"

def blocks(messages):
    yield "so "
    yield "far "
    signal.pause()
    yield "never said"

def checks(messages):
    return f"{len(messages)} messages, {len(validate(messages))} problems"
'''

PATIENCE = 60
"""Seconds after which a chat hangs."""


@dataclass(frozen=True)
class Ended:
    """How a chat ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str


class ChatProcess:
    """A chat that runs: what is said to it, what it answers, and signals."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._heard, self._said = cast(IO[str], process.stdin), cast(IO[str], process.stdout)

    def say(self, line: str) -> None:
        self._heard.write(f"{line}\n")
        self._heard.flush()

    def hear(self, text: str) -> None:
        """Wait until it has said this, and nothing else."""
        assert self._said.read(len(text)) == text

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> Ended:
        """Let it read to the end of its input, and wait for it."""
        out, err = self._process.communicate(timeout=PATIENCE)
        return Ended(self._process.returncode, out, err)


@dataclass(frozen=True)
class Room:
    """A folder with models, and the place where what is said in it is stored."""

    folder: Path
    place: Place

    @classmethod
    def make(cls, folder: Path, place: Place) -> Room:
        folder.mkdir()
        (folder / "models.py").write_text(MODELS)
        return cls(folder, place)

    def at(self, endpoint_url: str) -> Room:
        """Reach the same place through a wire."""
        options = {**self.place.options, "endpoint_url": endpoint_url}
        return replace(self, place=Place(self.place.url, options))

    @contextmanager
    def chat(self, *arguments: str) -> Iterator[ChatProcess]:
        """Run a chat; a test that fails leaves none behind."""
        options = {f"S3SESSIONS_{k.upper()}": str(v) for k, v in self.place.options.items()}
        process = subprocess.Popen(
            [sys.executable, "-m", "s3sessions", "chat", "--url", self.place.url, *arguments],
            cwd=self.folder,
            env={**os.environ, **options},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        try:
            yield ChatProcess(process)
        finally:
            process.kill()
            process.communicate()

    @contextmanager
    def sessions(self) -> Iterator[Sessions]:
        """Open the sessions of the folder, as another process would."""
        options: Mapping[str, Any] = self.place.options
        with Sessions(self.place.url, **options) as sessions:
            yield sessions.under(name_of_folder(self.folder))

    def restore(self, session_id: str) -> History:
        with self.sessions() as sessions:
            return sessions.open(session_id).restore()

    def said(self, session_id: str) -> list[tuple[str, str, str | None]]:
        """Role, text and status of each message."""
        messages = self.restore(session_id).messages
        return [(m.payload["role"], m.payload["content"], m.status) for m in messages]
