"""s3sessions beside its peers, on an S3 in memory that answers 20 ms late.

Clients have one core and the server another; everybody takes turns in one run, and each amount is
the median of the rounds, each ratio that of the ratios of one round.

    python -m tests.benchmarks.speed            # sessions a fifth as long, a few minutes
    python -m tests.benchmarks.speed --full     # half an hour
    python -m tests.benchmarks.speed --tiny     # to see whether everything runs
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.benchmarks.speed.acts import Acts
from tests.benchmarks.speed.chart import chart
from tests.benchmarks.speed.cold import Cold
from tests.benchmarks.speed.crew import Crew
from tests.benchmarks.speed.filling import Filling
from tests.benchmarks.speed.goals import goals
from tests.benchmarks.speed.groups import groups
from tests.benchmarks.speed.plan import FULL, SHORT, TINY, Plan
from tests.benchmarks.speed.report import Result, goal_lines, result_lines
from tests.benchmarks.speed.rounds import Rounds
from tests.benchmarks.speed.surroundings import (
    refuse_a_foreign_urllib3,
    surroundings,
    take_cores,
)
from tests.nobody import be_nobody
from tests.servers.s3_stub import Stub

RESULTS = Path(__file__).parents[1] / "results"


def measure(plan: Plan, wanted: Sequence[str], folder: str) -> tuple[dict[str, Result], list[str]]:
    """Play the groups, all if none is named; gives what they gave, and the end of the report."""
    rounds = Rounds(plan)
    with Stub() as stub:
        cores = take_cores(stub)
        with Crew(stub, folder) as crew:
            acts = Acts(crew, Filling(stub, crew), Cold(stub, folder))
            results = {
                name: Result(group.title, rounds.play(group))
                for name, group in groups(plan, acts)
                if not wanted or name in wanted
            }
    missing = [f"Missing: {failure}" for failure in rounds.failures]
    return results, [*surroundings(cores), *missing]


def lines(plan: Plan, results: Mapping[str, Result], ending: Sequence[str]) -> Iterator[str]:
    """Give the report."""
    wanted = [goal for goal in goals(plan) if goal.group in results]
    yield from goal_lines(wanted, results)
    for result in results.values():
        yield ""
        yield from result_lines(result)
    for line in ending:
        yield from ("", line)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("groups", nargs="*", help="to play these alone, and write no file")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="at full size")
    size.add_argument("--tiny", action="store_true", help="one round of next to nothing")
    arguments = parser.parse_args()
    plan = FULL if arguments.full else TINY if arguments.tiny else SHORT
    refuse_a_foreign_urllib3()
    with tempfile.TemporaryDirectory() as folder:
        be_nobody(os.environ, folder)
        results, ending = measure(plan, arguments.groups, folder)
    report = "\n".join(lines(plan, results, ending))
    print(report)
    if not (arguments.groups or arguments.tiny):
        RESULTS.mkdir(exist_ok=True)
        name = "full" if arguments.full else "short"
        (RESULTS / f"{name}.md").write_text(report + "\n")
        (RESULTS / f"{name}.svg").write_text(chart(results))


if __name__ == "__main__":
    main()
