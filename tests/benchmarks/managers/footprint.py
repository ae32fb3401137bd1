"""The memory that managers take, in a fresh process that does nothing else; read from Linux."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.managers.contender import Contender
from tests.benchmarks.managers.server import ROOT, Place
from tests.benchmarks.managers.stopwatch import Reading

STATM = Path("/proc/self/statm")
"""The second number is the resident set, in pages."""

MIB = 1 << 20


def footprint(contender: Contender, count: int) -> Mapping[str, Reading]:
    """Have a process build so many managers, and give what each takes; nothing where not Linux."""
    if not STATM.exists():
        return {}
    command = [sys.executable, "-m", "tests.benchmarks.managers.footprint"]
    command += [contender.path, *contender.place, str(count)]
    ran = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    built, used = json.loads(ran.stdout)
    return {
        f"memory of one of {count} managers and agents, built (MiB)": Reading(built),
        f"memory of one of {count} managers and agents, after a turn (MiB)": Reading(used),
    }


def resident() -> float:
    """Give the resident memory of this process in MiB."""
    gc.collect()
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / MIB


def main(path: str, url: str, bucket: str, number: str) -> None:
    """Print MiB over the count, with all built and once each agent has taken a turn.

    What the first one loads for all of them is shared out among them.
    """
    count = int(number)
    contender = Contender(path, Place(url, bucket))
    before = resident()
    agents = [contender.agent() for _ in range(count)]
    built = resident()
    for agent in agents:
        agent("hello")
    used = resident()
    print(json.dumps([(built - before) / count, (used - before) / count]))


if __name__ == "__main__":
    main(*sys.argv[1:])
