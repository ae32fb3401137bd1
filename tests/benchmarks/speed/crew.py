"""All peers, each in a process of its own; only one of them is busy at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from tests.benchmarks.speed.peer import Place
from tests.benchmarks.speed.reading import Reading
from tests.servers.s3_stub import Stub

ROOT: Final = Path(__file__).parents[3]


class PeerFailed(Exception):
    """A peer could not do what it was asked to: it is not installed, or it has no such thing."""


class Crew:
    """The peers that were asked for anything so far.

    Args:
        stub: that all of them speak to; its counts are those of one act at a time.
        folder: for those that keep sessions on disk.
    """

    def __init__(self, stub: Stub, folder: str) -> None:
        self._stub = stub
        self._folder = folder
        self._shared = stub.make_bucket()
        self._buckets: dict[str, str] = {}
        self._processes: dict[str, subprocess.Popen[str]] = {}

    def bucket(self, peer: str) -> str:
        """Give the bucket of a peer: one for all that read what s3sessions writes."""
        if peer in {"boto3", "aioboto3"} or peer.startswith("ours"):
            return self._shared
        if peer not in self._buckets:
            self._buckets[peer] = self._stub.make_bucket()
        return self._buckets[peer]

    def perform(
        self, peer: str, verb: str, *arguments: Any, times: int = 1, pace: Mapping[str, float] = {}
    ) -> tuple[Reading, int]:
        """Have a peer do something at a pace of the stub; gives the length of what came of it, too.

        Raises:
            PeerFailed: with what it printed.
        """
        process = self._process(peer)
        self._tell(process, [verb, arguments, times])
        self._hear(process, f"{peer} {verb}")
        with self._stub.paced(**pace):
            self._tell(process, "go")
            answer = self._hear(process, f"{peer} {verb}")
            counted = self._stub.counted().operations
        operations = {name: count / times for name, count in counted.items()}
        return Reading(answer["wall"], answer["cpu"], operations), answer["count"]

    def _tell(self, process: subprocess.Popen[str], words: object) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(words) + "\n")
        process.stdin.flush()

    def _hear(self, process: subprocess.Popen[str], what: str) -> Any:
        assert process.stdout is not None
        line = process.stdout.readline()
        answer = json.loads(line) if line else {"error": f"it ended with {process.wait()}"}
        if "error" in answer:
            raise PeerFailed(f"{what}: {answer['error']}")
        return answer

    def _process(self, peer: str) -> subprocess.Popen[str]:
        if peer not in self._processes:
            place = Place(self._stub.endpoint_url, self.bucket(peer), self._folder)
            self._processes[peer] = subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.speed.worker", peer, *place],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._processes[peer]

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._processes.values():
            # The end of its input is its end, and closes its connections.
            process.communicate()
