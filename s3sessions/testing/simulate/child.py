"""What the store has seen of the session that is forked off."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from s3sessions.testing.simulate.marks import MarkSpan


@dataclass(frozen=True)
class Child:
    """The lives of the child.

    Attributes:
        births: when forks began to make it.
        ghosts: when messages arrived that a fork had on their way while their child was deleted;
            where that fork is dead, nobody takes them back.
    """

    births: tuple[int, ...] = ()
    ghosts: tuple[int, ...] = ()

    @classmethod
    def of(cls, created: Iterable[tuple[int, str, bytes]], marked: Sequence[MarkSpan]) -> Child:
        """Find them among the objects that were created under its prefix, in that order."""
        births: list[int] = []
        ghosts: list[int] = []
        life = None
        for tick, key, data in created:
            stamp: dict[str, Any] = json.loads(data).get("s3sessions", {})
            if key.endswith("/session.json") and "deleted_at" not in stamp:
                life = stamp.get("life")
                births.append(tick)
            elif "/messages/" in key:
                is_over = any(births[-1] < span.began < tick for span in marked) if births else True
                if is_over or stamp.get("fork") != life:
                    ghosts.append(tick)
        return cls(tuple(births), tuple(ghosts))

    def born_before(self, tick: int) -> int:
        """Give when the life that is there at that moment began; 0 where none has."""
        return max((born for born in self.births if born <= tick), default=0)

    def has_ghosts(self, tick: int) -> bool:
        """Tell whether readers may see such a message then."""
        return any(ghost <= tick for ghost in self.ghosts)
