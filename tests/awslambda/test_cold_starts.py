"""The benchmark of cold starts runs; what it measures is not asserted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.cold_starts.cold_start import Reading, cold_start, prepare
from tests.benchmarks.cold_starts.contenders import (
    BARE,
    CONTENDERS,
    PLAIN_FAST,
    STRANDS_OWN,
    Contender,
)
from tests.benchmarks.cold_starts.report import table
from tests.servers.lambda_runtime import link_distributions, unpacked
from tests.servers.lambda_runtime.folders import RUNTIME
from tests.servers.s3_stub import Stub


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    return link_distributions(tmp_path / "runtime", *RUNTIME)


def test_a_start_continues_the_session_that_was_prepared(
    agent_zip: Path, runtime: Path, stub: Stub
) -> None:
    function = PLAIN_FAST.function(unpacked(agent_zip), runtime, stub, stub.make_bucket())
    prepare(function, 2)
    reading = cold_start(function, stub)
    assert reading.operations == {
        # The lease, and two messages.
        "PutObject": 3,
        "ListObjectsV2": 1,
        # Four messages and two documents, and one of these again behind the answer.
        "GetObject": 4 + 2 + 1,
        "DeleteObject": 1,
    }


@pytest.mark.parametrize("contender", [BARE, STRANDS_OWN])
def test_the_peers_answer(contender: Contender, agent_zip: Path, runtime: Path, stub: Stub) -> None:
    function = contender.function(unpacked(agent_zip), runtime, stub, stub.make_bucket())
    reading = cold_start(function, stub)
    assert (reading.requests > 0) == (contender is STRANDS_OWN)
    assert 0 < reading.init_cpu < reading.cpu
    assert 0 < reading.init_wall < reading.wall
    assert reading.peak_bytes > 0


def test_the_table_has_a_line_for_each_function() -> None:
    """With made-up readings."""
    rounds = [Reading(0.1 * n, 0.05 * n, 0.2 * n, 0.1 * n, n * 1e6, {"Get": n}) for n in (1, 2, 9)]
    _, _, *lines = table({contender.name: rounds for contender in CONTENDERS})
    assert len(lines) == len(CONTENDERS)
    assert "| nothing but Python | 200, 100 | 400, 200 | 2 | 2 |" in lines
