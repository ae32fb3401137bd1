"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes in messages, and rounds.

    Attributes:
        small: a session of ordinary length.
        large: a long one.
        huge: one that is read only once it is packed.
        count: single requests of one act.
        rounds: of what takes a second at most.
        long_rounds: of what takes longer.
    """

    small: int
    large: int
    huge: int
    count: int
    rounds: int
    long_rounds: int


FULL: Final = Plan(1_000, 10_000, 100_000, 2_000, 9, 3)
SHORT: Final = Plan(200, 2_000, 10_000, 500, 5, 3)
TINY: Final = Plan(110, 210, 310, 32, 1, 1)
"""To see whether everything runs."""
