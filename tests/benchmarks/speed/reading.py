"""What one measurement gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Reading(NamedTuple):
    """One act of one peer.

    Attributes:
        wall: milliseconds from its begin to its end.
        cpu: milliseconds of processor time that its process took, user and system.
        operations: what the stub answered meanwhile, by S3's names; their mean over several acts.
    """

    wall: float
    cpu: float
    operations: Mapping[str, float]
