"""The product under the simulator: 3,000 seeds, or as many as `SIMULATIONS` says."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from s3sessions.testing.faults import Fault
from s3sessions.testing.simulate import SCENARIOS, Report, run, simulate
from s3sessions.testing.simulate.command import main

SEEDS = int(os.environ.get("SIMULATIONS", "3000"))
PARTS = 20


def described(report: Report) -> str:
    """Say what is broken, and by which command to see it."""
    lines = []
    for outcome in report.failures[:5]:
        lines += [f"{v.invariant.name}: {v.text}" for v in outcome.violations]
        lines.append(outcome.command)
    return "\n".join(lines)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_invariant_holds_whatever_goes_wrong(part: int) -> None:
    report = run(range(SEEDS * part // PARTS, SEEDS * (part + 1) // PARTS))
    assert not report.failures, described(report)
    assert report.acknowledged == report.found + report.deleted


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_each_scenario_is_run_and_meets_with_faults(scenario: str) -> None:
    report = run(range(60), [scenario])
    assert report.seeds == 60
    assert report.acknowledged > 60
    assert report.injected.total() > 60
    assert report.interleavings > 60 * 30


def test_every_kind_of_fault_befalls_requests() -> None:
    report = run(range(200))
    report.join(run(range(200), ["vanishing"]))
    assert {fault for fault in Fault if not report.injected[fault]} == {Fault.DENIED}


def trace_of(seed: int, scenario: str) -> list[str]:
    lines: list[str] = []
    simulate(seed, scenario, trace=lines.append)
    return lines


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_a_seed_does_the_same_again(scenario: str) -> None:
    assert trace_of(7, scenario) == trace_of(7, scenario) != trace_of(8, scenario)


def test_a_seed_does_the_same_in_another_process() -> None:
    command = [sys.executable, "-m", "s3sessions.testing.simulate", "--scenario", "batches"]
    outputs = {
        subprocess.run(
            [*command, "--seed", "3", "--trace"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert b"put session_s/agents/agent_a/messages/message_" in outputs.pop()


def test_a_trace_shows_no_payload() -> None:
    for seed in range(30):
        assert "token" not in "\n".join(trace_of(seed, "changes"))


def test_the_command_says_what_was_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "20", "--start", "100", "--scenario", "strict"]) == 0
    output = capsys.readouterr()
    assert "20 simulations in" in output.out
    assert "messages acknowledged" in output.out
    assert "interleavings" in output.out
    assert "20 of 20 seeds" in output.err


def test_the_command_runs_in_several_processes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "250", "--jobs", "2", "--scenario", "births"]) == 0
    assert "250 simulations in" in capsys.readouterr().out


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for name in SCENARIOS:
        assert f"  {name} " in shown
    assert "exit code" in shown


def test_the_command_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--scenario", "nothing-like-it"])
    assert ended.value.code == 2
    assert "nothing-like-it" in capsys.readouterr().err


def test_a_simulation_runs_inside_an_event_loop_too() -> None:
    async def inside() -> int:
        outcome = simulate(5, "strict")
        await asyncio.sleep(0)
        return outcome.interleavings

    assert asyncio.run(inside()) == simulate(5, "strict").interleavings
