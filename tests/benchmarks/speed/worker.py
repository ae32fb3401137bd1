"""The process of one peer: it does what each line of JSON asks for, and tells the time.

It prepares an act first, says so, and waits for another line. Started by `crew`; a peer's imports,
clients and connections are its own, and stay from act to act.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
import traceback
from collections.abc import Iterator, Sized
from typing import Any, TextIO

from tests.benchmarks.speed.peer import Act, Place, load_peer


def measure(act: Act, times: int) -> dict[str, Any]:
    """Do the act so many times; the wall time is the median, the CPU time the mean."""
    gc.collect()
    walls: list[float] = []
    done: Sized = ()
    began = time.process_time()
    for _ in range(times):
        since = time.perf_counter()
        done = act()
        walls.append(time.perf_counter() - since)
    cpu = time.process_time() - began
    wall = statistics.median(walls)
    return {"wall": wall * 1000, "cpu": cpu * 1000 / times, "count": len(done)}


def serve(name: str, place: Place, lines: Iterator[str], answers: TextIO) -> None:
    """Answer until there are no more lines."""

    def tell(answer: object) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    peer: Any = None
    for line in lines:
        try:
            verb, arguments, times = json.loads(line)
            peer = peer or load_peer(name, place)
            act = getattr(peer, verb)(*arguments)
            tell("ready")
            next(lines)
            tell(measure(act, times))
        except Exception:
            tell({"error": traceback.format_exc()})
    if peer is not None and hasattr(peer, "close"):
        peer.close()


def main(name: str, *place: str) -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    # What a peer prints is not for whoever started it.
    serve(name, Place(*place), iter(sys.stdin), answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
