"""Running commands, in this process or as a process of their own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Runs a command in this process."""

    def __call__(self, *arguments: str) -> Ended: ...


class Say(Protocol):
    """Stores messages that consist of a text."""

    def __call__(
        self, session_id: str, *texts: str, agent: str = "default", **details: Any
    ) -> None: ...


def start(*arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    """Start a command as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "s3sessions", *arguments],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
