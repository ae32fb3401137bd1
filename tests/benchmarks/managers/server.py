"""An S3 server in a process of its own, so that it shares no interpreter lock with its clients."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from tests.servers.s3_server import S3Server

ROOT = Path(__file__).parents[3]


class Place(NamedTuple):
    """Where sessions are kept, for whoever is measured.

    Attributes:
        url: of the server; each request is delayed and counted.
        bucket: one that was empty at first.
    """

    url: str
    bucket: str


class Server(S3Server):
    """A running server; `endpoint_url` leads past the delay and the count.

    Attributes:
        place: for what is measured.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.managers.serve"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        url, direct, bucket = json.loads(self._line())
        self.place = Place(url, bucket)
        self._direct: str = direct

    @property
    def endpoint_url(self) -> str:
        return self._direct

    def delay(self, seconds: float) -> None:
        """Hold each request back for so long from now on."""
        self._ask("delay", seconds)

    def reset(self) -> None:
        """Wait until no request is under way, and count from nought."""
        self._ask("reset")

    def answered(self) -> int:
        """Count the requests that were answered since the reset."""
        return self._ask("count")

    def settled(self) -> int:
        """Wait until no request is under way, and count all since the reset."""
        return self._ask("settle")

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The end of its input is its end.
        self._process.communicate()

    def _ask(self, command: str, argument: float = 0) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([command, argument]) + "\n")
        self._process.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server ended with {self._process.wait()}: see what it printed")
        return line
