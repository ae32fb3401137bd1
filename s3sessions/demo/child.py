"""The processes of the demo, seen from the one that starts, follows and kills them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, Self, cast

from s3sessions.demo.talk import GO
from s3sessions.settings import ENVIRONMENT_PREFIX, Options

__all__ = ["Child", "ChildDied", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the demo works: a URL, the name under it, and the options of the store."""

    url: str
    under: str
    options: Options


class ChildDied(Exception):
    """A process of the demo ended before it said what it should have."""


class Child:
    """A process that runs a module of the demo on one session."""

    def __init__(self, module: str, place: Place, session_id: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"s3sessions.demo.{module}"]
        where = [f"--url={place.url}", f"--under={place.under}", f"--session={session_id}"]
        options = {
            ENVIRONMENT_PREFIX + name.upper(): str(value) for name, value in place.options.items()
        }
        process = subprocess.Popen(
            [*command, *where, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **options},
            text=True,
            encoding="utf-8",
        )
        self._process = process
        self._said, self._heard = cast(IO[str], process.stdout), cast(IO[str], process.stdin)

    @property
    def pid(self) -> int:
        return self._process.pid

    def let_go(self, times: int = 1) -> None:
        """Let it go on so many times. Raises ChildDied."""
        try:
            self._heard.write(GO * times)
            self._heard.flush()
        except BrokenPipeError as error:
            raise ChildDied(f"process {self.pid} ended too early") from error

    def told(self, field: str) -> Any:
        """Wait for what it says next, which is this field. Raises ChildDied."""
        said = self.told_if_any()
        if said is None or field not in said:
            raise ChildDied(f"process {self.pid} should have told {field!r}, but said {said}")
        return said[field]

    def told_if_any(self) -> dict[str, Any] | None:
        """Wait for what it says next; None once it has ended, even within a line."""
        line = self._said.readline()
        if not line.endswith("\n"):
            return None
        said: dict[str, Any] = json.loads(line)
        return said

    def kill(self) -> None:
        """End it with SIGKILL: it can neither clean up nor say a word."""
        self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._process.kill()
        # Closes the pipes and waits; a process ends once nobody lets it go on.
        self._process.__exit__(kind, error, trace)
