"""The contract of fan_out: bounded, in order, and the first error ends it."""

from __future__ import annotations

import contextvars
import functools
import threading
from collections.abc import Awaitable, Callable

from s3sessions.errors import NotFound
from s3sessions.ports import AsyncStore
from s3sessions.testing.case import StoreCase, in_its_colour, refused

__all__ = ["FanOutContract"]

MOMENT = 0.002
"""Seconds that a call takes, so that calls which may overlap do."""

_variable: contextvars.ContextVar[str] = contextvars.ContextVar("_variable")


class _Calls:
    """Makes calls that count themselves: how many began, and how many ran at once."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self.begun = 0
        self.running = 0
        self.most = 0

    def make(self, result: int, error: Exception | None = None) -> Callable[[], Awaitable[int]]:
        async def call() -> int:
            self._begin()
            try:
                if error is not None:
                    raise error
                await self._store.sleep(MOMENT)
                return result
            finally:
                self._end()

        return call

    def _begin(self) -> None:
        with self._lock:
            self.begun += 1
            self.running += 1
            self.most = max(self.most, self.running)

    def _end(self) -> None:
        with self._lock:
            self.running -= 1


class FanOutContract(StoreCase):
    """Tests of fan_out."""

    @in_its_colour
    async def test_results_come_in_the_order_of_the_calls(self, store: AsyncStore) -> None:
        etags = await self.fill(store, [f"folder/{number}" for number in range(50)])
        keys = sorted(etags)
        blobs = await store.fan_out([functools.partial(store.get, key) for key in keys])
        assert [blob.etag for blob in blobs] == [etags[key] for key in keys]

    @in_its_colour
    async def test_no_calls_give_no_results(self, store: AsyncStore) -> None:
        assert list(await store.fan_out([])) == []

    @in_its_colour
    async def test_no_more_calls_run_at_once_than_the_width(self, store: AsyncStore) -> None:
        calls = _Calls(store)
        numbers = range(2 * self.width + 5)
        assert list(await store.fan_out([calls.make(number) for number in numbers])) == [*numbers]
        assert calls.most <= self.width

    @in_its_colour
    async def test_the_first_error_stops_what_has_not_begun(self, store: AsyncStore) -> None:
        calls = _Calls(store)
        first = NotFound("first")
        raised = await refused(
            NotFound,
            store.fan_out([calls.make(0, first)] + [calls.make(number) for number in range(2000)]),
        )
        assert raised is first
        assert calls.begun < 2001
        assert calls.running == 0

    @in_its_colour
    async def test_an_error_of_a_verb_is_raised_as_it_is(self, store: AsyncStore) -> None:
        key = self.key("missing")
        error = await refused(NotFound, store.fan_out([lambda: store.get(key)]))
        assert error.key == key

    @in_its_colour
    async def test_a_store_serves_on_after_a_failed_fan_out(self, store: AsyncStore) -> None:
        calls = _Calls(store)
        await refused(ValueError, store.fan_out([calls.make(0, ValueError("no"))]))
        assert list(await store.fan_out([calls.make(7)])) == [7]

    @in_its_colour
    async def test_a_call_may_fan_out_again(self, store: AsyncStore) -> None:
        calls = _Calls(store)

        async def inner() -> int:
            return sum(await store.fan_out([calls.make(1) for _ in range(3)]))

        assert list(await store.fan_out([inner] * (self.width + 1))) == [3] * (self.width + 1)

    @in_its_colour
    async def test_calls_see_the_context_variables_of_the_caller(self, store: AsyncStore) -> None:
        async def read() -> str:
            return _variable.get("nothing")

        reset = _variable.set("the caller's")
        try:
            assert list(await store.fan_out([read] * 5)) == ["the caller's"] * 5
        finally:
            _variable.reset(reset)
