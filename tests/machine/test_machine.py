"""The public API against a dict model: on both stores that need no server, in both colours."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from s3sessions.testing.simulate.blocks import small_blocks
from tests.machine.directory import Directory
from tests.machine.packing import Packing
from tests.machine.revising import Revising
from tests.machine.verbs import Verbs
from tests.rig import Colour

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "0"))
"""Runs of each machine; 0 for few runs, always the same ones."""

STEPS = int(os.environ.get("MACHINE_STEPS", "40"))
"""Most verbs in one run."""


@pytest.mark.parametrize(
    ("store", "colour", "examples"),
    [("memory", "sync", 120), ("memory", "async", 40), ("local", "sync", 25)],
)
def test_whatever_is_done_the_model_says_what_is_stored(
    store: str, colour: Colour, examples: int
) -> None:
    class Everything(Verbs, Revising, Packing, Directory):
        pass

    Everything.store, Everything.colour = store, colour
    with small_blocks():
        run_state_machine_as_test(
            Everything,
            settings=settings(
                max_examples=EXAMPLES or examples,
                stateful_step_count=STEPS,
                derandomize=not EXAMPLES,
                database=None,
                deadline=None,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                phases=(Phase.generate, Phase.shrink),
            ),
        )
