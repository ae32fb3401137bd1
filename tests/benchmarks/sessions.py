"""What the ordinary verbs cost: requests, and milliseconds in a folder and on one S3 server.

The server is SeaweedFS, behind a proxy that holds each request back for 0, 20 or 50 ms.

    python -m tests.benchmarks.sessions            # all columns, two minutes
    python -m tests.benchmarks.sessions --quick    # one round, in a folder alone
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from s3sessions import Sessions
from tests.benchmarks.server import Server
from tests.benchmarks.stopwatch import Reading
from tests.conftest import be_nobody
from tests.servers.s3_server import REGION

Column: TypeAlias = Mapping[str, Reading]

DELAYS: Final = (0, 20, 50)
ROUNDS: Final = 9
MESSAGE: Final = {"role": "user", "content": "x" * 1000}


def fill(sessions: Sessions) -> None:
    """Store the histories that are restored."""
    for size in (100, 1000):
        chat = sessions.open(f"of-{size}")
        for _ in range(size):
            chat.append(MESSAGE)


def measure(sessions: Sessions, rounds: int) -> Column:
    """Give the median of each row."""
    known = sessions.open(uuid.uuid4().hex)
    known.append(MESSAGE)
    acts: dict[str, Callable[[], object]] = {
        "append 1 kB, by a handle that knows its tail": lambda: known.append(MESSAGE),
        "the first append of a session": lambda: sessions.open(uuid.uuid4().hex).append(MESSAGE),
        "restore 100 messages": lambda: sessions.open("of-100").restore(),
        "restore 1,000 messages": lambda: sessions.open("of-1000").restore(),
        "restore the last 20 of 1,000": lambda: sessions.open("of-1000").restore(last=20),
    }
    return {
        row: _median([_timed(sessions, act) for _ in range(rounds)]) for row, act in acts.items()
    }


def _timed(sessions: Sessions, act: Callable[[], object]) -> Reading:
    requests, began = sessions.requests.total, time.perf_counter()
    act()
    milliseconds = (time.perf_counter() - began) * 1000
    return Reading(milliseconds, sessions.requests.total - requests)


def _median(readings: list[Reading]) -> Reading:
    (requests,) = {reading.requests for reading in readings}
    return Reading(statistics.median(reading.amount for reading in readings), requests)


def in_a_folder(rounds: int) -> Column:
    with tempfile.TemporaryDirectory() as folder, Sessions(f"file://{folder}") as sessions:
        fill(sessions)
        return measure(sessions, rounds)


def on_a_server(rounds: int) -> Iterator[tuple[int, Column]]:
    """Give a column for each delay."""
    with Server() as server:
        url = f"s3://{server.place.bucket}"
        with Sessions(url, endpoint_url=server.place.url, region=REGION) as sessions:
            fill(sessions)
            for delay in DELAYS:
                server.delay(delay / 1000)
                yield delay, measure(sessions, rounds)


def lines(columns: Mapping[str, Column]) -> Iterator[str]:
    """Give the table in Markdown."""
    first = next(iter(columns.values()))
    yield _line("ms", "requests", *columns)
    yield _line("---", *["---:"] * (len(columns) + 1))
    for row, reading in first.items():
        amounts = [column[row].amount for column in columns.values()]
        yield _line(row, f"{reading.requests:,}", *map(_amount, amounts))


def _amount(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:.3g}"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one round, in a folder alone")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as home:
        be_nobody(os.environ, home)
        columns = {"folder": in_a_folder(1 if quick else ROUNDS)}
        if not quick:
            columns |= {f"S3, {delay} ms": column for delay, column in on_a_server(ROUNDS)}
    print(*lines(columns), sep="\n")


if __name__ == "__main__":
    main()
