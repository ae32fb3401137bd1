"""The benchmarks run; what they measure is not asserted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
    program = [sys.executable, "-m", "tests.benchmarks.strands_sessions", "--quick", PEER]
    ran = subprocess.run(program, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    _, _, *lines = [line for line in ran.stdout.splitlines() if line.startswith("|")]
    rows = {name: cells for name, *cells in (line.strip("| ").split(" | ") for line in lines)}
    assert list(rows) == ROWS
    assert all(float(amount.replace(",", "")) > 0 for _, _, amount in rows.values())
    # However a manager restores, it reads each message, and what tells it that they are there.
    assert int(rows["restore 10 messages"][1]) > 10
    assert int(rows["a later turn, text"][1]) >= 2


def test_the_benchmark_of_sessions_has_all_its_rows() -> None:
    program = [sys.executable, "-m", "tests.benchmarks.sessions", "--quick"]
    ran = subprocess.run(program, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    _, _, *lines = ran.stdout.splitlines()
    requests = {
        name: cells[0] for name, *cells in (line.strip("| ").split(" | ") for line in lines)
    }
    assert requests == {
        "append 1 kB, by a handle that knows its tail": "1",
        "the first append of a session": "5",
        "restore 100 messages": "103",
        "restore 1,000 messages": "1,005",
        "restore the last 20 of 1,000": "25",
    }
