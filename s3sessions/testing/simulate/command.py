"""The command: `python -m s3sessions.testing.simulate`."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final

from s3sessions.testing.simulate.running import Outcome, Report, run, simulate
from s3sessions.testing.simulate.scenarios import SCENARIOS

_CHUNK: Final = 200
_MOST_SHOWN: Final = 5

_EPILOG: Final = """\
examples:
  python -m s3sessions.testing.simulate                        10,000 simulations
  python -m s3sessions.testing.simulate --seeds 1000000 --jobs 8
  python -m s3sessions.testing.simulate --scenario batches --seed 4711 --trace
                                                               one again, request by request

Each simulation runs the product's own code: a few writers, readers and deleters over one session in
a simulated bucket, interleaved at every request, while requests are refused, lost, repeated and
late, and processes stall and crash. One seed decides all of it. After each, the invariants are
checked; a failure is shown with the command that replays it.

exit code: 0 all invariants hold, 1 one is broken, 2 wrong arguments.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run simulations as the arguments say and give the exit code."""
    given = _parser().parse_args(arguments)
    if given.seed is not None:
        return _replay(given.seed, given.scenario, trace=given.trace)
    seeds = range(given.start, given.start + given.seeds)
    report, began = Report(), time.monotonic()
    for part in _parts(seeds, given.scenario, given.jobs):
        report.join(part)
        seconds = time.monotonic() - began
        print(
            f"\r{report.seeds:,} of {len(seeds):,} seeds, {report.seeds / seconds:,.0f} a second, "
            f"{len(report.failures)} failed",
            end="",
            flush=True,
            file=sys.stderr,
        )
    print(file=sys.stderr)
    _print(report, time.monotonic() - began)
    return 1 if report.failures else 0


def _parser() -> argparse.ArgumentParser:
    scenarios = "\n".join(
        f"  {name:<11} {(scenario.__doc__ or '').strip()}" for name, scenario in SCENARIOS.items()
    )
    parser = argparse.ArgumentParser(
        prog="python -m s3sessions.testing.simulate",
        description="Let everything go wrong at once, many times, and check what must hold.",
        epilog=f"scenarios:\n{scenarios}\n\n{_EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=_count, default=10_000, help="how many (10000)")
    parser.add_argument("--start", type=int, default=0, metavar="SEED", help="the first one (0)")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), help="only this one")
    parser.add_argument("--jobs", type=_count, default=1, help="processes that share them (1)")
    parser.add_argument("--seed", type=int, help="run this one alone")
    parser.add_argument("--trace", action="store_true", help="with --seed: show each request")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _replay(seed: int, scenario: str | None, *, trace: bool) -> int:
    outcome = simulate(seed, scenario, trace=print if trace else None)
    _print_failure(outcome)
    if not outcome.violations:
        print(f"seed {seed}, {outcome.scenario}: every invariant holds")
    return 1 if outcome.violations else 0


def _parts(seeds: range, scenario: str | None, jobs: int) -> Iterator[Report]:
    """Run the seeds in chunks, here or in processes of their own."""
    chunks = [
        (seeds[at : at + _CHUNK], None if scenario is None else [scenario])
        for at in range(0, len(seeds), _CHUNK)
    ]
    if jobs == 1:
        yield from map(_run_part, chunks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(_run_part, chunks)


def _run_part(part: tuple[range, list[str] | None]) -> Report:
    seeds, scenarios = part
    return run(seeds, scenarios)


def _print(report: Report, seconds: float) -> None:
    print(
        f"{report.seeds:,} simulations in {seconds:,.1f} s ({report.seeds / seconds:,.0f} a second)"
    )
    print(
        f"{report.interleavings:,} interleavings ({report.interleavings / seconds:,.0f} a second)"
    )
    print(
        f"{report.acknowledged:,} messages acknowledged: {report.found:,} found, "
        f"{report.deleted:,} removed or deleted"
    )
    for fault, count in sorted(report.injected.items()):
        print(f"  {fault:<13} {count:>9,}")
    for outcome in report.failures[:_MOST_SHOWN]:
        _print_failure(outcome)
    if len(report.failures) > _MOST_SHOWN:
        print(f"… and {len(report.failures) - _MOST_SHOWN:,} more")


def _print_failure(outcome: Outcome) -> None:
    for violation in outcome.violations:
        print(f"\nbroken: {violation.invariant.value}\n  {violation.text}")
    if outcome.violations:
        print(f"  {outcome.command}")
