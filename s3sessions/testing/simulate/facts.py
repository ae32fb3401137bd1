"""What is known of a finished simulation, and what a deletion excuses.

Two exceptions are documented, and made here: a handle that looked before a deletion ended cannot
see it, and may begin a new life of the session; and a message whose append was under way while a
deletion ran may be gone with the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from s3sessions.testing.simulate.ledger import Demolition, Ledger, Reading, Spoken

LAST_WORD: Final = "last-word/1"
"""Token of what is appended after everything is over."""


@dataclass(frozen=True)
class Facts:
    """A finished simulation: the ledger, and what the store held.

    Attributes:
        final: the last whole reading, in calm weather after everybody had ended.
        created: ticks at which message objects were created where none was, and their bytes.
        marked: spans in which the session was marked as deleted.
    """

    ledger: Ledger
    created: list[tuple[int, str, bytes]]
    marked: list[tuple[int, int | None]]
    final: Reading | None

    @property
    def whole(self) -> list[Reading]:
        """Readings of whole histories."""
        return [reading for reading in self.ledger.readings if reading.kind != "last"]

    def deletions(self, reading: Reading) -> list[Demolition]:
        """Those that had begun when the reading ended."""
        return [d for d in self.ledger.demolitions if d.began < reading.ended]

    def is_exempt(self, spoken: Spoken, reading: Reading) -> bool:
        """Tell whether a deletion that its handle could not know of may have taken it."""
        return any(
            began <= reading.ended and (ended is None or ended >= spoken.known_since)
            for began, ended in self.marked
        )

    def has_ghosts(self, reading: Reading) -> bool:
        """Tell whether it shows what a handle from before a deletion wrote."""
        spoken = self.ledger.spoken
        return any(
            self.is_exempt(spoken[token], reading) for token in reading.tokens if token in spoken
        )

    def is_overtaken(self, reading: Reading) -> bool:
        """Tell whether a deletion ran during the reading or after it."""
        return any(d.ended is None or d.ended >= reading.began for d in self.ledger.demolitions)

    def is_older(self, token: str, demolition: Demolition, reading: Reading) -> bool:
        """Tell whether what the reading showed was created before the deletion began.

        What a handle that could not see an earlier deletion created under its mark begins a new
        life: the later deletion, which finds the mark gone, leaves it.
        """
        ticks = [tick for tick in self.creations.get(token, ()) if tick <= reading.ended]
        return bool(ticks) and max(ticks) < demolition.began and not self._is_marked(max(ticks))

    def _is_marked(self, tick: int) -> bool:
        return any(began < tick and (ended is None or tick < ended) for began, ended in self.marked)

    @cached_property
    def creations(self) -> dict[str, list[int]]:
        """For each token the ticks at which an object with it was created."""
        creations: dict[str, list[int]] = {}
        for tick, key, data in self.created:
            if "/messages/" in key:
                token = str(json.loads(data)["message"].get("token"))
                creations.setdefault(token, []).append(tick)
        return creations

    def standing(self, tokens: Iterable[str]) -> list[str]:
        """Give those that nobody tried to remove."""
        return [token for token in tokens if token not in self.removed]

    @cached_property
    def removed(self) -> set[str]:
        """Tokens that somebody began to remove."""
        return {change.token for change in self.ledger.changes if not change.version}
