"""Actors that pack what is old, and one that does so when everybody has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from s3sessions.errors import Conflict, PartialDelete, SessionNotFound, StoreUnavailable
from s3sessions.testing.simulate.editors import MIN_AGE
from s3sessions.testing.simulate.scheduler import Pause
from s3sessions.testing.simulate.stage import Role

_MOST_TRIES: Final = 5


@dataclass
class Packer:
    """Packs a number of times, sometimes long after the last.

    Attributes:
        min_age: seconds for which a message was left alone that it packs.
    """

    times: int
    min_age: float = MIN_AGE

    async def play(self, role: Role) -> None:
        while self.times > 0:
            self.times -= 1
            await role.idle()
            if role.rng.random() < 0.2:
                await Pause(role.rng.uniform(1.0, 1.5) * MIN_AGE)
            try:
                await role.open().compact(pack=True, min_age=self.min_age)
            except (StoreUnavailable, PartialDelete, Conflict, SessionNotFound):
                continue


async def pack_in_calm_weather(role: Role) -> None:
    """Pack all that is there, which ends what others have left half done."""
    await Pause(3 * MIN_AGE)
    for _ in range(_MOST_TRIES):
        try:
            await role.open().compact(pack=True, min_age=MIN_AGE)
        except SessionNotFound:
            return
        except Conflict:
            continue
        return
