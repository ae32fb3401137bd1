"""How many requests each verb waits for one after the other: the README's round trips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest

from s3sessions import Sessions
from s3sessions.ports import Observer, SyncStore
from s3sessions.stores.memory import MemoryStore
from tests.interposed import Interposed

T = TypeVar("T")


class Waiting(Interposed):
    """Counts requests that wait for one another: of a fan-out, those of its longest call."""

    def __init__(self, store: SyncStore) -> None:
        super().__init__(store, self._wait)
        self.trips = 0

    def _wait(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        self.trips += 1
        return call()

    def fan_out(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        before, longest, results = self.trips, 0, []
        for call in calls:
            self.trips = before
            results.append(call())
            longest = max(longest, self.trips - before)
        self.trips = before + longest
        return results

    def observed(self, observer: Observer) -> Waiting:
        return self


def filled(count: int) -> MemoryStore:
    memory = MemoryStore()
    chat = Sessions(store=memory).open("s")
    for n in range(count):
        chat.append({"n": n})
    return memory


def trips(memory: MemoryStore, act: Callable[[Sessions], object]) -> int:
    store = Waiting(memory)
    act(Sessions(store=store))
    return store.trips


@pytest.mark.parametrize(
    ("count", "expected", "act"),
    [
        (0, 0, lambda s: s.under("t").open("s")),
        (0, 2, lambda s: s.open("s").append({})),
        (3, 2, lambda s: s.open("s").append({})),
        (3, 2, lambda s: s.open("s").restore()),
        (3, 2, lambda s: s.open("s").restore(last=2)),
        (3, 2, lambda s: s.open("s").restore(start=1)),
        (3, 2, lambda s: s.open("s").restore(start=lambda fields: 1)),
        (3, 3, lambda s: s.open("s").append_many([{}] * 5)),
        (2_500, 4, lambda s: s.open("s").restore()),
        (2_500, 4, lambda s: s.open("s").restore(start=lambda fields: 2_400)),
        (3, 2, lambda s: s.info("s")),
        (3, 2, lambda s: s.open("s").save_state({"x": 1})),
        (3, 2, lambda s: s.open("s").save_state({"x": 1}, fields={"y": 1})),
        (0, 2, lambda s: s.open("s", agent_fields=lambda: {"y": 1}).append({})),
    ],
)
def test_a_fresh_handle_waits_no_longer_than_the_readme_says(
    count: int, expected: int, act: Callable[[Sessions], object]
) -> None:
    assert trips(filled(count), act) == expected


def test_a_handle_that_has_restored_waits_once_for_each_write() -> None:
    store = Waiting(filled(3))
    chat = Sessions(store=store).open("s")
    chat.restore()
    for act in (lambda: chat.append({}), lambda: chat.save_state({"x": 1})):
        before = store.trips
        act()
        assert store.trips == before + 1
    before = store.trips
    chat.save_state({"x": 1})
    assert store.trips == before


def test_a_batch_waits_for_its_two_waves_and_a_turn_for_its_two_requests() -> None:
    store = Waiting(filled(3))
    chat = Sessions(store=store).open("s")
    chat.restore()
    before = store.trips
    chat.append_many([{}] * 50)
    assert store.trips == before + 2
    with chat.turn():
        chat.append({})
    assert store.trips == before + 5
