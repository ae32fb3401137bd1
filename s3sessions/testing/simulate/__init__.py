"""A simulator: the product's own code under a seeded scheduler that lets everything go wrong.

Any number of writers, readers and deleters interleave at every request, over a store that promises
what S3 promises and no more; requests are refused, lost, repeated and late, processes stall for a
day and crash. One seed decides all of it, so a failure is replayed by its seed.
"""

from __future__ import annotations

from s3sessions.testing.simulate.checks import Invariant, Violation
from s3sessions.testing.simulate.running import Outcome, Report, run, simulate
from s3sessions.testing.simulate.scenarios import SCENARIOS

__all__ = ["SCENARIOS", "Invariant", "Outcome", "Report", "Violation", "run", "simulate"]
