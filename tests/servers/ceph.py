"""Ceph's radosgw, the second real S3 server: a monitor, one OSD on a sparse file, the gateway.

From Debian's packages, which pip cannot install: the tests of tests/extra use it. Fast and right
in races of create-only writes. Its own ways: an If-Match race may have two winners, conditional
deletes delete, and create-only is ignored in a versioned bucket.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.servers.daemon import Daemon, ServerFailed, free_ports
from tests.servers.s3_server import S3Server

PROGRAMS: Final = (
    *("ceph", "ceph-authtool", "ceph-mon", "ceph-osd"),
    *("monmaptool", "radosgw", "radosgw-admin"),
)
INSTALL: Final = "apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common"
COMMAND_SECONDS: Final = 120
STOP_SECONDS: Final = 5

# Without tcp_nodelay most small requests take 40 ms.
CONFIGURATION: Final = """\
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{mon_port}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = {folder}/keyring
run dir = {folder}/run
admin socket = {folder}/run/$name.asok
pid file = {folder}/run/$name.pid
log file = {folder}/log/$name.log
mon cluster log file = {folder}/log/cluster.log
crash dir = {folder}/log
debug ms = 0
debug rgw = 0
debug osd = 0
debug bluestore = 0
debug rocksdb = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 2
[mon.a]
mon data = {folder}/mon
mon addr = v2:127.0.0.1:{mon_port}
[osd]
osd data = {folder}/osd
osd objectstore = bluestore
bluestore block size = 8589934592
osd memory target = 939524096
[client]
rgw frontends = beast endpoint=127.0.0.1:{rgw_port} tcp_nodelay=1
rgw data = {folder}/rgw
rgw run sync thread = false
rgw enable quota threads = false
rgw dynamic resharding = false
rgw override bucket index max shards = 1
rgw crypt require ssl = false
"""


class Ceph(S3Server):
    """Three daemons with a folder and ports of their own, which stay the same over a restart."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ceph-"))
        self._mon_port, self._rgw_port = free_ports(2)
        self._daemons: list[Daemon] = []

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self._rgw_port}"

    def __enter__(self) -> Ceph:
        try:
            check_installed()
            self._make_cluster()
            self.start()
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

    def start(self) -> None:
        """Start on the data that is there; returns when objects can be written.

        Raises:
            ServerFailed: it did not get that far.
        """
        try:
            self._launch("ceph-mon", "-i", "a")
            if not (self._folder / "osd" / "whoami").exists():
                self._make_osd()
            self._launch("ceph-osd", "-i", "0")
            self._launch("radosgw", "-n", "client.admin")
            self._daemons[-1].wait_until(self.is_listening, "it listens")
            if not (self._folder / "user").exists():
                self._make_user()
            self._daemons[-1].wait_until(self.takes_objects, "it takes an object")
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End all daemons with SIGKILL, as a crash of the machine would; the data stays."""
        while self._daemons:
            self._daemons.pop().kill()

    def _discard(self) -> None:
        while self._daemons:
            self._daemons.pop().stop(STOP_SECONDS)
        shutil.rmtree(self._folder)

    def _make_cluster(self) -> None:
        """Write what the daemons are told of each other, and the monitor's own data."""
        folder, fsid = self._folder, str(uuid.uuid4())
        for name in ("log", "mon", "osd", "rgw", "run"):
            (folder / name).mkdir()
        (folder / "ceph.conf").write_text(
            CONFIGURATION.format(
                folder=folder, fsid=fsid, mon_port=self._mon_port, rgw_port=self._rgw_port
            )
        )
        keyring, monmap = f"{folder}/keyring", f"{folder}/monmap"
        everything = [*("--cap", "mon", "allow *"), *("--cap", "osd", "allow *")]
        key = ("ceph-authtool", keyring, "--gen-key", "-n")
        run("ceph-authtool", "--create-keyring", keyring)
        run(*key, "mon.", "--cap", "mon", "allow *")
        run(*key, "client.admin", *everything, "--cap", "mgr", "allow *")
        run(*key, "osd.0", "--cap", "mon", "allow profile osd", "--cap", "osd", "allow *")
        address = f"[v2:127.0.0.1:{self._mon_port}]"
        run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, monmap)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)

    def _make_osd(self) -> None:
        name = str(uuid.uuid4())
        self._run("ceph", "osd", "new", name, "0")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", name)
        self._run("ceph", "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost")

    def _make_user(self) -> None:
        keys = (f"--access-key={self.access_key}", f"--secret-key={self.secret_key}")
        user = ("user", "create", "--uid=tests", "--display-name=tests")
        self._run("radosgw-admin", "-n", "client.admin", *user, *keys)
        (self._folder / "user").touch()

    def _launch(self, program: str, *arguments: str) -> None:
        command = [program, "-f", "-c", f"{self._folder}/ceph.conf", *arguments]
        output = self._folder / "log" / f"{program}.txt"
        self._daemons.append(Daemon(command, self._folder, output))

    def _run(self, program: str, *arguments: str) -> None:
        run(program, "-c", f"{self._folder}/ceph.conf", *arguments)


def check_installed() -> None:
    """Raise ServerFailed where a program is missing; the text says how to install it."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise ServerFailed(f"there is no {', '.join(missing)}: install Ceph (on Debian: {INSTALL})")


def run(*command: str) -> None:
    """Run one of Ceph's tools to its end; raises ServerFailed with what it printed."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise ServerFailed(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
