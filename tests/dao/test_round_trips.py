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


def hidden(count: int, keep_last: int) -> MemoryStore:
    memory = filled(count)
    Sessions(store=memory).open("s").summarize("so far", keep_last=keep_last)
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
        (2_500, 3, lambda s: s.open("s").restore()),
        (2_500, 3, lambda s: s.open("s").restore(start=lambda fields: 2_400)),
        (3, 7, lambda s: s.delete("s")),
        (2_500, 9, lambda s: s.delete("s")),
        (3, 2, lambda s: s.info("s")),
        (3, 2, lambda s: s.open("s").save_state({"x": 1})),
        (3, 2, lambda s: s.open("s").save_state({"x": 1}, fields={"y": 1})),
        (0, 2, lambda s: s.open("s", agent_fields=lambda: {"y": 1}).append({})),
        (3, 1, lambda s: s.children("s")),
        (3, 2, lambda s: s.describe("s", title="A lamp")),
        (3, 2, lambda s: s.end("s")),
        (3, 5, lambda s: s.open("s").truncate(1)),
        (3, 1, lambda s: s.open("s").compact()),
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


@pytest.mark.parametrize(
    ("keep_last", "expected", "act"),
    [
        (20, 2, lambda s: s.open("s").restore()),
        (20, 2, lambda s: s.open("s").restore(last=5)),
        (20, 2, lambda s: s.open("s").append({})),
        # As many as go out at once come along with the documents, and then the rest.
        (60, 3, lambda s: s.open("s").restore()),
        (60, 2, lambda s: s.open("s").restore(last=32)),
        (20, 3, lambda s: list(s.open("s").iterate())),
        (20, 5, lambda s: s.open("s").truncate(1)),
    ],
)
def test_a_history_that_was_cut_makes_nobody_wait_for_what_is_hidden(
    keep_last: int, expected: int, act: Callable[[Sessions], object]
) -> None:
    assert trips(hidden(90, keep_last), act) == expected


def test_a_compacted_history_lets_a_fresh_append_wait_once_more() -> None:
    memory = hidden(9, 3)
    Sessions(store=memory).open("s").compact(min_age=0)
    assert trips(memory, lambda s: s.open("s").append({})) == 3
    assert trips(memory, lambda s: s.open("s").restore()) == 2


def test_a_handle_that_has_restored_waits_three_times_to_hide_what_was_said() -> None:
    store = Waiting(filled(9))
    chat = Sessions(store=store).open("s")
    chat.restore()
    acts: list[tuple[int, Callable[[], object]]] = [
        (3, lambda: chat.truncate(5)),
        (3, lambda: chat.summarize("so far")),
        (3, chat.clear),
        (4, lambda: chat.compact(min_age=0)),
        (5, lambda: chat.replace([{}] * 50)),
    ]
    for expected, act in acts:
        before = store.trips
        act()
        assert store.trips == before + expected


def test_a_page_of_sessions_is_waited_for_three_times_however_many_are_on_it() -> None:
    memory = MemoryStore()
    for n in range(20):
        Sessions(store=memory).open(f"s{n}").append({"role": "user", "content": "hello"})
    assert trips(memory, lambda s: s.browse()) == 3
