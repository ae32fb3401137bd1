"""What every part of the DAO works with: the store, the clock, randomness and the settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from s3sessions.errors import S3SessionsError, WriteRace
from s3sessions.keys import Root
from s3sessions.log import WARNING, emit
from s3sessions.ports import AsyncStore, Clock, Condition, Entropy
from s3sessions.record import Record
from s3sessions.settings import DEFAULT_WIDTH, Settings

A = TypeVar("A")
B = TypeVar("B")

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LONGEST_PAUSE = 1.0
_FIRST_PAUSE = 0.02


class Scope(Record):
    """A place in a store with all that is injected; the same for all handles of a `Sessions`."""

    store: AsyncStore
    root: Root
    settings: Settings
    clock: Clock
    entropy: Entropy

    @property
    def width(self) -> int:
        """Most requests under way at once in one fan-out."""
        return self.settings.width or DEFAULT_WIDTH

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def new_id(self) -> str:
        """Make an id that sorts by time: a ULID, 48 bits of milliseconds and 80 random ones."""
        number = int(self.clock() * 1000) << 80 | int.from_bytes(self.entropy(10), "big")
        return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))

    async def pause(self, attempt: int) -> None:
        """Wait before another try: full jitter below a bound that doubles with each attempt."""
        bound: float = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempt, 10))
        await self.store.sleep(bound * int.from_bytes(self.entropy(4), "big") / 2**32)

    async def put(self, key: str, data: bytes, only_if: Condition) -> str:
        """Write under a condition; what the store refused as a race is sent again.

        Raises:
            PreconditionFailed: the condition does not hold. Of a create-only write this may be
                our own success, where the store's client repeated a request whose answer was lost.
            WriteRace: it was refused each time.
        """
        for attempt in range(self.settings.attempts):
            try:
                return await self.store.put(key, data, only_if=only_if)
            except WriteRace:
                await self.pause(attempt)
        return await self.store.put(key, data, only_if=only_if)

    def warn_of(self, error: S3SessionsError) -> None:
        """Log an object that cannot be read, with its session and agent."""
        place = self.root.parse(error.key or "")
        emit(
            WARNING,
            "corrupt_object",
            session=place.session_id if place else None,
            agent=place.agent_id if place else None,
            key=error.key,
            kind=error.kind,
        )

    async def both(
        self, first: Callable[[], Awaitable[A]], second: Callable[[], Awaitable[B]]
    ) -> tuple[A, B]:
        """Do two things in one round trip."""
        calls = cast("list[Callable[[], Awaitable[Any]]]", [first, second])
        results = await self.store.fan_out(calls)
        return results[0], results[1]
