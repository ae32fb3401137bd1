"""Cold starts of functions on Lambda, side by side in one run.

The real runtime client runs the built artefact from a folder that cannot be written to; the S3
server is the tests' own, which answers each request after 20 ms. Each start continues a session of
ten messages. The functions take turns. A process of its own is measured from its start on: wall
time, processor time in all threads, and the most memory; S3 and Lambda are others.

    python -m tests.benchmarks.cold_starts              # about four minutes
    python -m tests.benchmarks.cold_starts --rounds 3
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from infra.packaging import build
from tests.awslambda.artefacts import ARCH, PYTHON
from tests.benchmarks.cold_starts.cold_start import Reading, cold_start, prepare
from tests.benchmarks.cold_starts.contenders import CONTENDERS
from tests.benchmarks.cold_starts.report import table
from tests.benchmarks.speed.surroundings import take_cores
from tests.servers.lambda_runtime import link_distributions, unpacked
from tests.servers.lambda_runtime.folders import RUNTIME, remove
from tests.servers.s3_stub import Stub

LATENCY_MS = 20
TURNS_BEFORE = 5


def measured(
    artefact: Path, runtime: Path, stub: Stub, rounds: int
) -> Mapping[str, Sequence[Reading]]:
    """Start each function that often from an artefact, in turn."""
    code = unpacked(artefact)
    functions = {
        contender.name: contender.function(code, runtime, stub, stub.make_bucket())
        for contender in CONTENDERS
    }
    for function in functions.values():
        prepare(function, TURNS_BEFORE)
    readings: dict[str, list[Reading]] = {name: [] for name in functions}
    stub.pace(latency_ms=LATENCY_MS)
    try:
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
            for name, function in functions.items():
                readings[name].append(cold_start(function, stub))
    finally:
        stub.pace(latency_ms=0)
        remove(code)
    return readings


def surroundings(cores: str) -> Iterator[str]:
    """Say what the figures hold for."""
    packages = ("s3sessions", "awslambdaric")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    load = " ".join(f"{load:.1f}" for load in os.getloadavg())
    today = datetime.datetime.now(datetime.UTC).date()
    machine = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
    yield f"{today}; {versions}, the rest as infra/packaging locks it; {machine}, {cores};"
    yield f"each request {LATENCY_MS} ms; load {load} at the end."


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9, help="cold starts of each function")
    rounds: int = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, Stub() as stub:
        cores = take_cores(stub)
        runtime = link_distributions(Path(folder, "runtime"), *RUNTIME)
        for inside, with_bytecode in (("Python", False), ("Python and bytecode", True)):
            into = Path(folder, inside)
            artefact = build(
                "agent", arch=ARCH, python=PYTHON, with_bytecode=with_bytecode, into=into
            )
            readings = measured(artefact, runtime, stub, rounds)
            print(f"An artefact of {inside}, {rounds} starts of each:", "", sep="\n")
            print(*table(readings), "", sep="\n")
        print(*surroundings(cores), sep="\n")


if __name__ == "__main__":
    main()
