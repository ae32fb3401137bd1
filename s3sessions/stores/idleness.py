"""How long the connections of a store may rest before they are not used again.

A server closes what rests. A process that is frozen meanwhile, as between two events on Lambda, may
not hear of it: its next request would go out on a connection that is none any more, and so would
its retries, on one after the other.
"""

from __future__ import annotations

import time
from typing import Final

from s3sessions.ports import Clock

__all__ = ["LONGEST_REST", "Idleness"]

LONGEST_REST: Final = 12.0
"""Seconds; S3 lets them rest a little longer, and aiobotocore, too, lets them rest as long."""

# A wall clock: a monotonic one may stand still while the process is frozen.
clock: Clock = time.time


class Idleness:
    """When a store last had something to ask."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0.0

    def ends(self) -> bool:
        """Note a request, and tell whether the one before it was too long ago."""
        last, self._last = self._last, clock()
        return self._last - last > LONGEST_REST
