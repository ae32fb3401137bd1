"""What bounded work in threads promises: order, bounds, and an end that leaves nothing running."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from s3sessions.export.parallel import in_lanes, in_order


class Watched:
    """Calls that are counted, from when they are taken until their result was given."""

    def __init__(self) -> None:
        self.taken = 0
        self.given = 0
        self.most = 0
        self.threads: set[str] = set()

    def calls(self, count: int) -> Iterator[Callable[[], int]]:
        for number in range(count):
            self.taken += 1
            self.most = max(self.most, self.taken - self.given)
            yield partial(self.call, number)

    def call(self, number: int) -> int:
        self.threads.add(threading.current_thread().name)
        return number


def test_results_come_in_the_order_of_the_calls() -> None:
    second_ended = threading.Event()

    def first() -> str:
        assert second_ended.wait(10)
        return "first"

    def second() -> str:
        second_ended.set()
        return "second"

    assert list(in_order([first, second], width=2)) == ["first", "second"]


def test_no_more_calls_are_taken_than_there_is_room_for() -> None:
    watched = Watched()
    for number in in_order(watched.calls(500), width=4):
        watched.given += 1
        assert number == watched.given - 1
    assert watched.most <= 5
    assert len(watched.threads) <= 4


def test_lanes_hold_no_more_calls_than_twice_the_width() -> None:
    watched = Watched()
    stop = threading.Event()
    calls = ((str(n % 7), call) for n, call in enumerate(watched.calls(500)))
    results = []
    for result in in_lanes(calls, width=4, stop=stop):
        watched.given += 1
        results.append(result)
    assert sorted(results) == list(range(500))
    assert watched.most <= 8
    assert stop.is_set()


def test_calls_of_one_lane_run_one_after_the_other_in_order() -> None:
    began: list[tuple[int, int]] = []
    busy = [threading.Lock() for _ in range(3)]

    def call(lane: int, number: int) -> None:
        assert busy[lane].acquire(blocking=False)
        began.append((lane, number))
        busy[lane].release()

    calls = [(str(n % 3), partial(call, n % 3, n)) for n in range(300)]
    assert len(list(in_lanes(calls, width=8, stop=threading.Event()))) == 300
    for lane in range(3):
        assert [n for at, n in began if at == lane] == list(range(lane, 300, 3))


def test_a_busy_lane_does_not_keep_the_others_waiting() -> None:
    others_ended = threading.Event()

    def slow() -> str:
        assert others_ended.wait(10)
        return "slow"

    def last() -> str:
        others_ended.set()
        return "last"

    calls = [("a", slow), ("a", lambda: "after slow"), ("b", lambda: "b"), ("c", last)]
    results = list(in_lanes(calls, width=2, stop=threading.Event()))
    assert results.index("after slow") > results.index("slow")
    assert sorted(results) == ["after slow", "b", "last", "slow"]


def test_the_first_error_is_raised_and_what_had_not_begun_never_begins() -> None:
    stop = threading.Event()
    began = []

    def fail() -> None:
        raise LookupError("no")

    def call() -> None:
        began.append(stop.wait(10))

    calls = [("a", fail), ("b", call), ("a", call), ("a", call)]
    with pytest.raises(LookupError, match="no"):
        list(in_lanes(calls, width=2, stop=stop))
    assert began in ([], [True])


def test_giving_up_in_the_middle_ends_all_threads() -> None:
    before = threading.active_count()
    results = in_order((lambda: 1 for _ in range(100)), width=4)
    assert next(results) == 1
    results.close()
    assert threading.active_count() == before
