"""Two who work at once, request by request, in every order that can make a difference."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from typing import Any, TypeVar

from s3sessions import AsyncSessions
from s3sessions.bridge import Blocking
from s3sessions.ports import (
    Blob,
    Condition,
    DeleteOutcome,
    Observer,
    SyncStore,
    Target,
)
from tests.dao.packed import later

T = TypeVar("T")


Matters = Callable[[str], bool]
"""Tells whether it matters when the object under a key is read; a write always does."""


class _Turn:
    """Waits until whoever drives the coroutine goes on with it."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class Stepping(Blocking):
    """Waits for its turn before each request that matters; what is asked at once goes in order."""

    def __init__(self, store: SyncStore, matters: Matters) -> None:
        super().__init__(store)
        self._matters = matters

    async def get(self, key: str) -> Blob:
        if self._matters(key):
            await _Turn()
        return await super().get(key)

    async def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        await _Turn()
        return await super().put(key, data, only_if=only_if)

    async def delete(self, key: str, *, only_if: str | None = None) -> None:
        await _Turn()
        await super().delete(key, only_if=only_if)

    async def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        await _Turn()
        return await super().delete_many(targets)

    async def fan_out(self, calls: Sequence[Callable[[], Awaitable[T]]]) -> Sequence[T]:
        return [await call() for call in calls]

    async def sleep(self, seconds: float) -> None:
        pass

    def observed(self, observer: Observer) -> Stepping:
        return Stepping(self._store.observed(observer), self._matters)


Act = Callable[[Any], Any]


def every_order(
    prepare: Callable[[], SyncStore],
    matters: Matters,
    *acts: Act,
    most_switches: int = 3,
    of: Callable[[AsyncSessions], Any] = lambda sessions: sessions.open("s"),
) -> Iterator[SyncStore]:
    """Let all act on a fresh place, in each order of their requests in turn; give the place.

    One that is interrupted more than `most_switches` times by another that still has something to
    do is left out: what goes wrong goes wrong with few. Each is given what `of` makes of its
    sessions.
    """
    choices: list[int] = []
    while True:
        store = prepare()
        order = _Order(choices, most_switches)
        asyncio.run(order.run([_acting(of, Stepping(store, matters), act) for act in acts]))
        yield store
        taken = order.taken
        while taken and taken[-1][0] == taken[-1][1]:
            taken.pop()
        if not taken:
            return
        choices = [choice for choice, _ in taken]
        choices[-1] += 1


class _Order:
    """One order: at each step the first that may go on, unless `choices` says otherwise.

    Attributes:
        taken: each choice that was made, and the greatest there was.
    """

    def __init__(self, choices: Sequence[int], switches: int) -> None:
        self._choices = choices
        self._switches = switches
        self.taken: list[tuple[int, int]] = []

    async def run(self, running: list[Any]) -> None:
        """Go through it; who is under way is the first of `running`."""
        while running:
            chosen = self._choose(len(running) - 1 if self._switches else 0)
            self._switches -= chosen > 0
            running.insert(0, running.pop(chosen))
            try:
                running[0].send(None)
            except StopIteration:
                del running[0]

    def _choose(self, greatest: int) -> int:
        at = len(self.taken)
        choice = self._choices[at] if at < len(self._choices) else 0
        self.taken.append((choice, greatest))
        return choice


async def _acting(of: Callable[[AsyncSessions], Any], store: Stepping, act: Act) -> None:
    await act(of(AsyncSessions(store=store, clock=later)))
