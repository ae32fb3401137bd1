"""The first turn that a fresh process takes, for which nothing has been loaded or connected yet."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping

from tests.benchmarks.managers.contender import Contender
from tests.benchmarks.managers.server import ROOT, Place
from tests.benchmarks.managers.stopwatch import Reading, Stopwatch


def cold_start(contender: Contender, watch: Stopwatch) -> Mapping[str, Reading]:
    """Have a process build one manager and take one turn; Strands itself is imported before."""
    command = [sys.executable, "-m", "tests.benchmarks.managers.cold_start"]
    watch.start()
    ran = subprocess.run(
        [*command, contender.path, *contender.place], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    requests = watch.stop().requests
    built, answered = json.loads(ran.stdout)
    return {
        "fresh process: import and build a manager, and its agent": Reading(built),
        "fresh process: the same, and the first turn": Reading(answered, requests),
    }


def main(path: str, url: str, bucket: str) -> None:
    """Print the milliseconds since before the import, once built and once the turn is taken."""
    began = time.perf_counter()
    agent = Contender(path, Place(url, bucket)).agent()
    built = time.perf_counter()
    agent("hello")
    answered = time.perf_counter()
    print(json.dumps([(built - began) * 1000, (answered - began) * 1000]))


if __name__ == "__main__":
    main(*sys.argv[1:])
