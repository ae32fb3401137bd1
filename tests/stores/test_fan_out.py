"""Both fan-outs: order, width, errors, interrupts and cancellation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial

import pytest

from s3sessions.errors import NotFound
from s3sessions.stores.tasks import fan_out_tasks
from s3sessions.stores.threads import ThreadFanOut
from s3sessions.stores.throttle import Pace
from tests.stores.gauge import PATIENCE, Gauge


@pytest.fixture
def threads() -> Iterator[ThreadFanOut]:
    fan_out = ThreadFanOut(4)
    yield fan_out
    fan_out.close()


def test_threads_give_results_in_order(threads: ThreadFanOut) -> None:
    assert list(threads.run([partial(pow, number, 2) for number in range(100)])) == [
        number**2 for number in range(100)
    ]


def test_no_call_gives_no_result_and_one_runs_where_it_is(threads: ThreadFanOut) -> None:
    before = threading.active_count()
    assert list(threads.run([])) == []
    assert list(threads.run([threading.get_ident])) == [threading.get_ident()]
    assert threading.active_count() == before


def test_as_many_threads_run_as_the_width_says_and_no_more(threads: ThreadFanOut) -> None:
    gauge = Gauge()
    # The first four can only end together, so four must run; the others come one by one.
    together = threading.Barrier(4)

    def call(number: int) -> None:
        with gauge:
            if number < 4:
                together.wait(PATIENCE)

    threads.run([partial(call, number) for number in range(40)])
    assert gauge.most == 4


def test_a_width_of_one_runs_in_the_calling_thread() -> None:
    idents = ThreadFanOut(1).run([threading.get_ident] * 5)
    assert set(idents) == {threading.get_ident()}


def test_few_calls_run_at_once_in_threads_that_end_with_them(threads: ThreadFanOut) -> None:
    before = threading.active_count()
    together = threading.Barrier(3)

    def call() -> int:
        together.wait(PATIENCE)
        return threading.get_ident()

    assert len(set(threads.run([call] * 3))) == 3
    assert threading.active_count() == before


@pytest.mark.parametrize("error", [NotFound("gone"), KeyboardInterrupt()], ids=repr)
def test_what_strikes_the_caller_of_few_calls_is_raised_once_the_others_have_ended(
    threads: ThreadFanOut, error: BaseException
) -> None:
    caller = threading.get_ident()
    together = threading.Barrier(3)
    ended: list[str] = []

    def call() -> None:
        together.wait(PATIENCE)
        if threading.get_ident() == caller:
            raise error
        ended.append("call")

    with pytest.raises(type(error)):
        threads.run([call] * 3)
    assert ended == ["call"] * 2


def test_the_first_error_stops_what_has_not_begun_and_waits_for_what_runs(
    threads: ThreadFanOut,
) -> None:
    begun: list[int] = []
    ended: list[int] = []
    together = threading.Barrier(4)
    failed = threading.Event()

    def call(number: int) -> None:
        begun.append(number)
        together.wait(PATIENCE)
        if number == 0:
            failed.set()
            raise NotFound("gone", key="key")
        # Not before the error was raised, so that it is the first of two.
        failed.wait(PATIENCE)
        ended.append(number)
        if number == 1:
            raise ValueError("a later error")

    with pytest.raises(NotFound) as caught:
        threads.run([partial(call, number) for number in range(8)])
    assert caught.value.key == "key"
    assert sorted(begun) == [0, 1, 2, 3]
    assert sorted(ended) == [1, 2, 3]


def test_an_error_keeps_later_calls_from_beginning() -> None:
    begun: list[int] = []

    def fail() -> None:
        raise NotFound("gone")

    calls: list[Callable[[], None]] = [fail, partial(begun.append, 1), partial(begun.append, 2)]
    with pytest.raises(NotFound):
        ThreadFanOut(1).run(calls)
    assert begun == []


def test_an_interrupt_of_the_caller_stops_what_has_not_begun(threads: ThreadFanOut) -> None:
    caller = threading.get_ident()
    begun: list[int] = []
    interrupted = threading.Event()
    together = threading.Barrier(4)

    def call(number: int) -> None:
        begun.append(number)
        together.wait(PATIENCE)
        if threading.get_ident() == caller:
            interrupted.set()
            raise KeyboardInterrupt
        interrupted.wait(PATIENCE)
        # As a thread that is still in its request when the others fail.
        raise NotFound("gone")

    with pytest.raises(KeyboardInterrupt):
        threads.run([partial(call, number) for number in range(8)])
    assert len(begun) == 4


def test_an_interrupt_of_the_caller_counts_more_than_an_error_before_it() -> None:
    threads = ThreadFanOut(2)
    caller = threading.get_ident()
    together = threading.Barrier(2)

    def call() -> None:
        together.wait(PATIENCE)
        if threading.get_ident() != caller:
            raise NotFound("gone")
        # Two that meet need the other thread, which is free only after its error was taken down.
        threads.run([partial(together.wait, PATIENCE)] * 2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        threads.run([call, call])
    threads.close()


def test_a_fan_out_inside_a_fan_out_ends_though_all_threads_are_busy(
    threads: ThreadFanOut,
) -> None:
    together = threading.Barrier(4)

    def inner(number: int) -> list[int]:
        together.wait(PATIENCE)
        return list(threads.run([partial(pow, number, power) for power in range(8)]))

    results = threads.run([partial(inner, number) for number in range(4)])
    assert list(results) == [[number**power for power in range(8)] for number in range(4)]


def test_threads_are_made_again_after_a_close(threads: ThreadFanOut) -> None:
    threads.close()
    for _ in range(2):
        assert list(threads.run([partial(abs, -1), partial(abs, -2)])) == [1, 2]
        threads.close()
        threads.close()


def test_closing_ends_the_threads() -> None:
    before = threading.active_count()
    fan_out = ThreadFanOut(4)
    together = threading.Barrier(4)
    fan_out.run([partial(together.wait, PATIENCE)] * 4)
    assert threading.active_count() > before
    fan_out.close()
    assert threading.active_count() == before


async def fan_out_all(calls: Sequence[Callable[[], Awaitable[None]]]) -> None:
    await fan_out_tasks(calls, Pace(2))


async def later(number: int) -> int:
    await asyncio.sleep(0)
    return number


def test_tasks_give_results_in_order() -> None:
    calls = [partial(later, number) for number in range(100)]
    assert list(asyncio.run(fan_out_tasks(calls, Pace(7)))) == list(range(100))
    assert list(asyncio.run(fan_out_tasks([], Pace(7)))) == []
    assert list(asyncio.run(fan_out_tasks([partial(later, 1)], Pace(7)))) == [1]


def test_as_many_tasks_run_as_the_width_says_and_no_more() -> None:
    gauge = Gauge()

    async def call(together: asyncio.Barrier, number: int) -> None:
        with gauge:
            if number < 4:
                await together.wait()
            await asyncio.sleep(0)

    async def run() -> None:
        together = asyncio.Barrier(4)
        await fan_out_tasks([partial(call, together, number) for number in range(40)], Pace(4))

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
    assert gauge.most == 4


def test_the_first_error_cancels_the_other_tasks_and_is_raised_by_itself() -> None:
    cause = OSError("the cause")
    cancelled: list[int] = []

    async def wait(number: int) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            # Still awaited: the error waits for the end of this.
            await asyncio.sleep(0)
            cancelled.append(number)
            raise

    async def fail() -> None:
        await asyncio.sleep(0)
        raise NotFound("gone") from cause

    calls: list[Callable[[], Awaitable[None]]] = [partial(wait, 1), fail, partial(wait, 2), fail]
    with pytest.raises(NotFound) as caught:
        asyncio.run(asyncio.wait_for(fan_out_tasks(calls, Pace(3)), PATIENCE))
    assert sorted(cancelled) == [1, 2]
    assert caught.value.__cause__ is cause


def test_cancelling_the_caller_cancels_all_tasks() -> None:
    begun: list[int] = []
    cancelled: list[int] = []

    async def wait(together: asyncio.Barrier, number: int) -> None:
        begun.append(number)
        try:
            await together.wait()
            await asyncio.Event().wait()
        finally:
            cancelled.append(number)

    async def run() -> None:
        together = asyncio.Barrier(3)
        calls = [partial(wait, together, number) for number in range(4)]
        task = asyncio.create_task(fan_out_all(calls))
        await together.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
    assert sorted(cancelled) == sorted(begun) == [0, 1]


def test_a_call_that_is_cancelled_from_outside_never_passes_for_a_result() -> None:
    async def run() -> None:
        waiting = asyncio.get_running_loop().create_future()

        async def wait() -> object:
            return await waiting

        async def cancel() -> None:
            waiting.cancel()

        await fan_out_tasks([wait, cancel], Pace(2))

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(asyncio.wait_for(run(), PATIENCE))
