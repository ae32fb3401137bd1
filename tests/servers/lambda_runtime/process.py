"""The process of an environment: what Lambda does to it is done by signals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.servers.daemon import WATCH, ServerFailed

STOP_SECONDS: Final = 5

# Else whoever tests as root may write where nobody on Lambda may.
WITHOUT_CAPABILITIES: Final = ("--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs")


class RuntimeProcess:
    """A runtime in a session of its own, with a folder to write to and nothing of our variables.

    It is killed if this process ends before it does.

    Args:
        command: what to run.
        work_folder: where it is run.
        folder: its own; removed with all in it if this process is killed.
        output: for what it prints.
        environ: all of its variables.
        on_end: told its exit status, by a thread of its own.
    """

    def __init__(
        self,
        command: Sequence[str],
        work_folder: Path,
        folder: Path,
        output: Path,
        environ: Mapping[str, str],
        on_end: Callable[[int], None],
    ) -> None:
        with output.open("ab") as sink:
            self._process = subprocess.Popen(
                [*_as_nobody(), *command],
                cwd=work_folder,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # The whole group, for a managed instance runs workers.
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", WATCH, "watch", f"-{self._process.pid}", str(folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._on_end = on_end
        self._thread = threading.Thread(target=self._wait, name="runtime", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def is_stopped(self) -> bool:
        """Whether it is frozen just now."""
        return self._stat()[0] == "T"

    @property
    def cpu_seconds(self) -> float:
        """Processor time that it has taken so far, in steps of 10 ms."""
        stat = self._stat()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak_bytes(self) -> int:
        """The most memory that it has had resident."""
        status = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        (line,) = (line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def stop(self) -> None:
        """Freeze it; returns when it is."""
        self._signal(signal.SIGSTOP)
        limit = time.monotonic() + STOP_SECONDS
        while self.is_alive and not self.is_stopped:
            if time.monotonic() > limit:
                raise ServerFailed(f"process {self.pid} does not stop")
            # The kernel tells nobody but the thread that waits for its end.
            time.sleep(0.001)

    def go_on(self) -> None:
        """Thaw it."""
        self._signal(signal.SIGCONT)

    def terminate(self, seconds: float) -> bool:
        """Send SIGTERM; tell whether it has ended of itself after so long."""
        self._signal(signal.SIGTERM)
        self._thread.join(seconds)
        return not self.is_alive

    def kill(self) -> None:
        """End it, and all its workers, with SIGKILL."""
        self._signal(signal.SIGKILL)
        self._thread.join()
        self._watcher.kill()
        self._watcher.communicate()

    def _signal(self, number: int) -> None:
        if self.is_alive:
            os.killpg(self.pid, number)

    def _wait(self) -> None:
        self._on_end(self._process.wait())

    def _stat(self) -> list[str]:
        """Give what the kernel says of it, from its state on."""
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return ["X", *(["0"] * 12)]
        return text.rpartition(")")[2].split()


def _as_nobody() -> list[str]:
    if os.geteuid() != 0:
        return []
    program = shutil.which("setpriv")
    if program is None:
        raise ServerFailed("there is no setpriv: install util-linux, or do not test as root")
    return [program, *WITHOUT_CAPABILITIES]
