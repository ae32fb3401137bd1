"""How a pace falls and recovers, and that fan-outs keep to it while they run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from s3sessions.stores.tasks import fan_out_tasks
from s3sessions.stores.threads import ThreadFanOut
from s3sessions.stores.throttle import Pace
from tests.stores.gauge import PATIENCE, Gauge


@pytest.fixture
def threads() -> Iterator[ThreadFanOut]:
    fan_out = ThreadFanOut(8)
    yield fan_out
    fan_out.close()


def go_on(pace: Pace, answers: int) -> None:
    for _ in range(answers):
        pace.go_on()


def test_a_refusal_halves_the_pace_once_for_all_that_was_under_way() -> None:
    pace = Pace(32)
    begun = [pace.refusals for _ in range(10)]
    for moment in begun:
        pace.slow_down(moment)
    assert pace.limit == 16


def test_a_request_that_is_refused_again_halves_it_again_down_to_one() -> None:
    pace = Pace(32)
    moment = pace.refusals
    limits = []
    for _ in range(7):
        moment = pace.slow_down(moment)
        limits.append(pace.limit)
    assert limits == [16, 8, 4, 2, 1, 1, 1]


def test_it_grows_by_one_for_each_round_of_answers_up_to_its_width() -> None:
    pace = Pace(8)
    pace.slow_down(pace.refusals)
    assert pace.limit == 4
    go_on(pace, 3)
    assert pace.limit == 4
    go_on(pace, 1)
    assert pace.limit == 5
    go_on(pace, 5 + 6 + 7)
    assert pace.limit == 8
    go_on(pace, 100)
    assert pace.limit == 8


def test_answers_before_a_refusal_do_not_count_after_it() -> None:
    pace = Pace(8)
    pace.slow_down(pace.refusals)
    go_on(pace, 3)
    pace.slow_down(pace.refusals)
    go_on(pace, 1)
    assert pace.limit == 2


def test_threads_become_fewer_while_a_fan_out_runs(threads: ThreadFanOut) -> None:
    all_eight = threading.Barrier(8)
    four = threading.Barrier(4)
    later: set[int] = set()

    def call(number: int) -> None:
        if number >= 8:
            later.add(threading.get_ident())
            four.wait(PATIENCE)
            return
        all_eight.wait(PATIENCE)
        threads.pace.slow_down(0)
        # None goes on before all eight were refused.
        all_eight.wait(PATIENCE)

    threads.run([partial(call, number) for number in range(100)])
    assert len(later) == threads.pace.limit == 4


def test_threads_become_more_again_in_the_same_fan_out(threads: ThreadFanOut) -> None:
    threads.pace.slow_down(0)
    threads.pace.slow_down(1)
    assert threads.pace.limit == 2
    last = threading.Barrier(8)

    def call(number: int) -> None:
        threads.pace.go_on()
        # The last eight end only together: so eight threads are at work again.
        if number >= 92:
            last.wait(PATIENCE)

    threads.run([partial(call, number) for number in range(100)])
    assert threads.pace.limit == 8


def test_a_fan_out_inside_a_fan_out_ends_at_the_slowest_pace(threads: ThreadFanOut) -> None:
    moment = 0
    while threads.pace.limit > 1:
        moment = threads.pace.slow_down(moment)

    def inner(number: int) -> list[int]:
        return list(threads.run([partial(pow, number, power) for power in range(8)]))

    results = threads.run([partial(inner, number) for number in range(4)])
    assert list(results) == [[number**power for power in range(8)] for number in range(4)]


def test_tasks_become_fewer_and_more_again_while_a_fan_out_runs() -> None:
    pace = Pace(8)
    slow, fast = Gauge(), Gauge()

    async def call(number: int, together: asyncio.Barrier) -> int:
        if number < 8:
            await together.wait()
            pace.slow_down(0)
        elif number < 50:
            with slow:
                await asyncio.sleep(0)
        else:
            pace.go_on()
            with fast:
                await asyncio.sleep(0)
        return number

    async def run() -> list[int]:
        together = asyncio.Barrier(8)
        return list(await fan_out_tasks([partial(call, n, together) for n in range(200)], pace))

    assert asyncio.run(asyncio.wait_for(run(), PATIENCE)) == list(range(200))
    assert (slow.most, fast.most) == (4, 8)
