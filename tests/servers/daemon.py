"""A process that a server consists of: it outlives neither its test nor a test that was killed."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

PORTS: Final = range(12000, 32000)
"""Below the ports that Linux gives to outgoing connections, so that none of those can take the
port of a server that is down for a moment."""

WATCH: Final = 'read -r _; kill -9 "$1"; rm -rf "$2"'
"""A shell script that waits until whoever holds its input is gone, and then clears up."""

START_SECONDS: Final = 60


class ServerFailed(Exception):
    """A server is not installed, ended, or did not get ready in time."""


class Daemon:
    """A running process with a folder and a file for what it prints.

    Args:
        command: what to run.
        folder: removed, with all in it, if this process is killed.
        output: for what it prints.
        environ: variables besides those of this process.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        output: Path,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._name = Path(command[0]).name
        self._output = output
        with output.open("wb") as sink:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environ or {})},
                # Ctrl-C in the terminal is for pytest, which then stops the server in its own time.
                start_new_session=True,
            )
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", WATCH, "watch", str(self._process.pid), str(folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until(self, is_ready: Callable[[], bool], what: str) -> None:
        """Ask again and again, for a server in another process has no event to wait for.

        Raises:
            ServerFailed: it ended or took too long; the text ends with what it printed last.
        """
        limit = time.monotonic() + START_SECONDS
        while not is_ready():
            if self._process.poll() is not None:
                raise ServerFailed(f"{self._name} ended before {what}:\n{self._last_lines()}")
            if time.monotonic() > limit:
                raise ServerFailed(f"{self._name} is not ready: {what}:\n{self._last_lines()}")
            # Its port and its health page are all that it says; neither can be waited for.
            time.sleep(0.05)

    def stop(self, seconds: float) -> None:
        """Ask it to end, and kill it if it has not after so long."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        self._watcher.kill()
        self._watcher.communicate()
        self._process.kill()
        self._process.wait()

    def _last_lines(self) -> str:
        return "\n".join(self._output.read_text(errors="replace").splitlines()[-20:])


def free_ports(count: int) -> list[int]:
    """Find ports on loopback that nobody listens on."""
    found: list[int] = []
    with contextlib.ExitStack() as bound:
        while len(found) < count:
            port = random.choice(PORTS)
            probe = bound.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found.append(port)
    return found
