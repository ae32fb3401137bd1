"""How broken code dies in the simulator."""

from __future__ import annotations

import pytest

from s3sessions.testing.simulate import Invariant, simulate


def dies(invariant: Invariant, scenario: str, within: int = 400, start: int = 0) -> None:
    """Run simulations until the invariant is broken; `start` is where one is known to do it."""
    for seed in range(start, start + within):
        broken = {violation.invariant for violation in simulate(seed, scenario).violations}
        if invariant in broken:
            return
    pytest.fail(f"{within} simulations of {scenario} have not found it")
