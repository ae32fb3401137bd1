"""A place in memory whose clock the test moves: sessions grow old at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from s3sessions.stores.memory import MemoryStore
from tests.rig import Colour, Rig

DAY = 86400.0
AGE = timedelta(days=90)


class Ageing:
    """Memory and sessions with one clock.

    Attributes:
        rig: the place.
        now: what the store's clock says; that of `sessions` is the same, plus `ahead`.
    """

    def __init__(self, colour: Colour = "sync") -> None:
        self.now = 1_800_000_000.0
        self.ahead = 0.0
        self.rig = Rig("memory", colour, None, {}, MemoryStore(clock=lambda: self.now))

    def sessions(self, **options: Any) -> Any:
        """Open the place anew."""
        return self.rig.sessions(clock=lambda: self.now + self.ahead, **options)

    def speak(self, *session_ids: str, **details: Any) -> None:
        """Say something in each session, with handles that nobody keeps."""
        for session_id in session_ids:
            self.sessions().open(session_id, **details).append({"text": "hello"})

    def wait(self, days: float) -> None:
        self.now += days * DAY

    def ids(self) -> list[str]:
        return sorted(ref.id for ref in self.sessions().list())
