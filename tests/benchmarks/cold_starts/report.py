"""The table: a line for each function, with the medians of its rounds."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence

from tests.benchmarks.cold_starts.cold_start import Reading

HEAD = (
    "| cold start, medians | init: wall, CPU (ms) | to the first answer: wall, CPU (ms) "
    "| memory (MB) | requests |"
)


def table(readings: Mapping[str, Sequence[Reading]]) -> Iterator[str]:
    """Give the lines of the table in Markdown, the functions in the order given."""
    yield HEAD
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, rounds in readings.items():
        yield f"| {' | '.join([name, *_cells(rounds)])} |"


def _cells(rounds: Sequence[Reading]) -> Iterator[str]:
    yield f"{_ms(r.init_wall for r in rounds)}, {_ms(r.init_cpu for r in rounds)}"
    yield f"{_ms(r.wall for r in rounds)}, {_ms(r.cpu for r in rounds)}"
    yield f"{statistics.median(r.peak_bytes for r in rounds) / 1e6:.0f}"
    yield f"{statistics.median(r.requests for r in rounds):.0f}"


def _ms(seconds: Iterator[float]) -> str:
    return f"{statistics.median(seconds) * 1000:,.0f}"
