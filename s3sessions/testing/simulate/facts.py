"""What is known of a finished simulation, and what a deletion excuses.

Two exceptions are documented, and made here: a handle that looked before a deletion ended cannot
see it, and may begin a new life of the session; and a message whose append was under way while a
deletion ran may be gone with the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from s3sessions.testing.simulate.child import Child
from s3sessions.testing.simulate.ledger import Cut, Demolition, Known, Ledger, Spoken
from s3sessions.testing.simulate.marks import MarkSpan
from s3sessions.testing.simulate.reading import Reading

LAST_WORD: Final = "last-word/1"
"""Token of what is appended after everything is over."""


@dataclass(frozen=True)
class Facts:
    """A finished simulation: the ledger, and what the store held.

    Attributes:
        final: the last whole reading, in calm weather after everybody had ended.
        created: ticks at which message objects were created where none was, and their bytes.
        marked: spans in which the session was marked as deleted.
        child: the session that was forked off, where there is one.
        written: ticks at which an object was written or deleted, its key, and its bytes or None.
    """

    ledger: Ledger
    created: list[tuple[int, str, bytes]]
    marked: list[MarkSpan]
    child: Child
    final: Reading | None
    written: list[tuple[int, str, bytes | None]] = field(default_factory=list)

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
            span.began <= reading.ended and span.is_unknown_to(spoken.known_since)
            for span in self.marked
        )

    def has_ghosts(self, reading: Reading) -> bool:
        """Tell whether what a handle from before a deletion wrote is among it.

        A replacement that was never named is shown to nobody, and has its place all the same.
        """
        spoken = self.ledger.spoken
        unnamed = {token for cut in self.ledger.cuts for token in cut.shown}
        return any(
            self.is_exempt(spoken[token], reading) for token in reading.tokens if token in spoken
        ) or any(tick <= reading.ended and token in unnamed for tick, token in self.ghosts)

    @cached_property
    def ghosts(self) -> list[tuple[int, str]]:
        """What handles from before a deletion wrote under its mark, or behind it, and when."""
        return [
            (tick, token)
            for token, created in self.creations.items()
            for tick in created
            if (spoken := self.ledger.spoken.get(token)) is not None
            and any(
                span.began <= tick and span.is_unknown_to(spoken.known_since)
                for span in self.marked
            )
        ]

    def is_haunted(self, reading: Reading) -> bool:
        """Tell whether the beginning may have been moved behind such a message.

        It may stand above others of the life that came after the deletion: those are hidden with
        it, and what is still to come below it.
        """
        since = min((tick for tick, _ in self.ghosts), default=reading.ended)
        return any(since <= cut.began <= reading.ended for cut in self.cuts)

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
        return any(
            span.began < tick and (span.ended is None or tick < span.ended) for span in self.marked
        )

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
        """Give those that nobody tried to remove or to hide."""
        lifted = self.removed | self.hidden
        return [token for token in tokens if token not in lifted]

    @cached_property
    def cuts(self) -> list[Cut]:
        """Changes of the beginning that were done, or may have been."""
        return [cut for cut in self.ledger.cuts if not cut.refused]

    @cached_property
    def hidden(self) -> set[str]:
        """Tokens that somebody hid, or may have hidden."""
        return {token for cut in self.cuts for token in cut.hidden}

    def is_pending(self, token: str, known: Known) -> bool:
        """Tell whether a replacement with this message was under way while a handle looked."""
        return any(
            token in cut.shown
            and any(tick <= known.at for tick in self.creations.get(cut.shown[0], ()))
            and (cut.ended is None or cut.ended > known.since)
            for cut in self.cuts
        )

    def is_lifted(self, token: str, reading: Reading) -> bool:
        """Tell whether somebody may have removed or hidden it before the reading ended."""
        cuts = [cut for cut in self.cuts if cut.began <= reading.ended]
        return token in self.removed or any(token in cut.hidden for cut in cuts)

    @cached_property
    def removed(self) -> set[str]:
        """Tokens that somebody began to remove."""
        return {change.token for change in self.ledger.changes if not change.version}
