"""The benchmarks run; what they measure is not asserted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.speed.acts import Acts
from tests.benchmarks.speed.chart import chart
from tests.benchmarks.speed.cold import Cold
from tests.benchmarks.speed.crew import Crew, PeerFailed
from tests.benchmarks.speed.filling import Filling
from tests.benchmarks.speed.goals import goals
from tests.benchmarks.speed.groups import AWAY, DELAYED, Group, groups
from tests.benchmarks.speed.plan import TINY
from tests.benchmarks.speed.reading import Reading
from tests.benchmarks.speed.report import Result, goal_lines, result_lines
from tests.benchmarks.speed.rounds import Rounds
from tests.servers.s3_stub import Stub

ROOT = Path(__file__).parents[1]
PEER = "strands.session.s3_session_manager:S3SessionManager"

ROWS = [
    "fresh process: import and build a manager, and its agent",
    "fresh process: the same, and the first turn",
    "build a manager and its agent, new session",
    "the same, and the first turn",
    "a later turn, text",
    "a later turn, `agent.state` changed before it",
    "a later turn with one tool call",
    "10 agents at once on one event loop: build, and a first turn each",
    "10 agents at once on one event loop: the turns alone",
    "10 agents at once: longest that their turns held the loop up",
    "restore 10 messages",
    "the same, up to the first model call, 10 messages",
    "memory of one of 3 managers and agents, built (MiB)",
    "memory of one of 3 managers and agents, after a turn (MiB)",
]


def test_the_benchmark_of_strands_managers_has_all_its_rows() -> None:
    program = [sys.executable, "-m", "tests.benchmarks.managers", "--quick", PEER]
    ran = subprocess.run(program, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    _, _, *lines = [line for line in ran.stdout.splitlines() if line.startswith("|")]
    rows = {name: cells for name, *cells in (line.strip("| ").split(" | ") for line in lines)}
    assert list(rows) == ROWS
    assert all(float(amount.replace(",", "")) > 0 for _, _, amount in rows.values())
    # However a manager restores, it reads each message, and what tells it that they are there.
    assert int(rows["restore 10 messages"][1]) > 10
    assert int(rows["a later turn, text"][1]) >= 2


@pytest.fixture(scope="module")
def acts(stub: Stub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acts]:
    folder = str(tmp_path_factory.mktemp("acts"))
    with Crew(stub, folder) as crew:
        yield Acts(crew, Filling(stub, crew), Cold(stub, folder))


def test_each_act_of_ours_makes_the_requests_that_it_has_to(acts: Acts) -> None:
    ours = "ours-boto3"
    takes = {
        "get": acts.request(ours, "get", 4),
        "put": acts.request(ours, "put", 4),
        "page": acts.page(ours, 110),
        "append": acts.append(ours, 110, {}),
        "append away": acts.append(ours, 110, AWAY),
        "restore": acts.restore(ours, 110, {}),
        "packed": acts.packed_restore(ours, 110, {}),
        "last": acts.last(ours, 110, {}),
        "packed last": acts.packed_last(ours, 110, {}),
        "start": acts.started("import"),
    }
    readings = {name: take() for name, take in takes.items()}
    assert {name: reading.operations for name, reading in readings.items()} == {
        "get": {"GetObject": 1},
        "put": {"PutObject": 1},
        "page": {"ListObjectsV2": 1},
        "append": {"PutObject": 1},
        "append away": {"PutObject": 1},
        "restore": {"GetObject": 112, "ListObjectsV2": 1},
        # A segment, ten messages behind it, and two documents.
        "packed": {"GetObject": 13, "ListObjectsV2": 1},
        "last": {"GetObject": 52, "ListObjectsV2": 1},
        "packed last": {"GetObject": 13, "ListObjectsV2": 1},
        "start": {},
    }
    assert all(reading.cpu > 0 and reading.wall > 0 for reading in readings.values())


def test_a_session_that_is_deleted_was_there_before(acts: Acts, stub: Stub) -> None:
    take = acts.deletion("ours-boto3", 110, DELAYED)
    for _ in range(2):
        operations = take().operations
        assert operations["DeleteObjects"] >= 1
        assert operations["ListObjectsV2"] >= 2


def test_who_reads_less_than_there_is_takes_no_part(acts: Acts) -> None:
    short = Group("restore", {"strands": lambda: acts.perform("ours-boto3", "nothing")})
    rounds = Rounds(TINY)
    assert rounds.play(short) == [{}]
    (failure,) = rounds.failures
    assert failure.startswith("ours-boto3 nothing: AttributeError")
    with pytest.raises(PeerFailed, match="2 instead of 3"):
        acts.perform("ours-boto3", "get", 2, expect=3)


def test_the_report_has_every_goal_and_every_group(acts: Acts) -> None:
    """With made-up readings: each peer takes a tenth of what the one before it takes."""
    results = {
        name: Result(
            group.title,
            [
                {
                    who: Reading(10.0**-n, 10.0**-n, {"GetObject": n})
                    for n, who in enumerate(group.takes)
                }
            ],
        )
        for name, group in groups(TINY, acts)
    }
    rows = list(goal_lines(list(goals(TINY)), results))
    assert len(rows) == 2 + 14
    assert not any("–" in row for row in rows)
    assert "| restore 110 loose against Strands | ≤ 0.3 | 0.001 ✓ | ≤ 0.1 | 0.0001 ✓ |" in rows
    assert "| ≤ 3 ms | -20 ms ✓ |" in rows[2]
    tables = {name: list(result_lines(result)) for name, result in results.items()}
    assert "| plain boto3 | 1 | 1 | 0 GetObject |" in tables["get"]
    drawn = chart(results)
    assert drawn.count("<text") > drawn.count("<rect") > 50


def test_a_goal_is_missed_where_it_is_and_left_open_where_somebody_is_missing() -> None:
    slow = Reading(70.0, 1.0, {})
    results = {"append": Result("append", [{"ours-boto3": slow}])}
    (row,) = list(goal_lines([goal for goal in goals(TINY) if goal.group == "append"], results))[2:]
    assert row == "| append, above the latency | ≤ 3 ms | **50 ms** | ≤ 1 ms | – |"
