"""Actors that delete a session, and run the deletion again until it ends."""

from __future__ import annotations

from dataclasses import dataclass

from s3sessions.errors import (
    Conflict,
    PartialDelete,
    SessionNotFound,
    StoreUnavailable,
)
from s3sessions.testing.simulate.ledger import SESSION, Demolition
from s3sessions.testing.simulate.stage import Role


@dataclass
class Deleter:
    """Deletes a session; killed or refused, it is run again, and goes on where it stopped."""

    session_id: str = SESSION
    tries: int = 6
    _demolition: Demolition | None = None

    async def play(self, role: Role) -> None:
        await role.idle()
        while self.tries > 0:
            self.tries -= 1
            self._demolition = self._demolition or role.ledger.demolish(self.session_id)
            try:
                await role.sessions.delete(self.session_id)
            except (StoreUnavailable, PartialDelete, Conflict):
                await role.idle()
                continue
            except SessionNotFound:
                # Nothing was there; or an earlier run, whose answer was lost, took the last of it.
                pass
            self._demolition.ended = role.ledger.now()
            return
