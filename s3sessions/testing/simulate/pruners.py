"""Actors that prune: they delete the session if nobody has spoken in it for long."""

from __future__ import annotations

from dataclasses import dataclass

from s3sessions.errors import StoreUnavailable
from s3sessions.retention import PruneOutcome
from s3sessions.testing.simulate.ledger import SESSION, Demolition
from s3sessions.testing.simulate.scheduler import Pause
from s3sessions.testing.simulate.stage import Role


@dataclass
class Pruner:
    """Prunes a number of times, each time after as long a pause as sessions live, or so."""

    times: int
    _demolition: Demolition | None = None
    _is_unknown: bool = False

    async def play(self, role: Role) -> None:
        while self.times > 0:
            self.times -= 1
            await Pause(role.rng.random() * 1.5 * role.ledger.older_than)
            ledger = role.ledger
            self._is_unknown = self._demolition is not None
            demolition = self._demolition or ledger.demolish(is_wanted=False)
            self._demolition = demolition
            outcome = await self._prune(role)
            if outcome is PruneOutcome.DELETED:
                demolition.ended = ledger.now()
            elif outcome is PruneOutcome.KEPT and not self._is_unknown:
                ledger.call_off(demolition)
            if outcome is not PruneOutcome.FAILED:
                self._demolition = None

    async def _prune(self, role: Role) -> PruneOutcome:
        """Tell what became of the session; it is kept where there is none."""
        try:
            async for result in role.sessions.prune(role.ledger.older_than):
                if result.id == SESSION:
                    return result.outcome
        except StoreUnavailable:
            return PruneOutcome.FAILED
        return PruneOutcome.KEPT
