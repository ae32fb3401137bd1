from __future__ import annotations

import asyncio
import contextvars
import threading
from pathlib import Path

import pytest

from s3sessions.errors import NotFound
from s3sessions.ports import Blob, Request
from s3sessions.stores.local import LocalStore
from s3sessions.stores.memory import MemoryStore
from s3sessions.stores.threaded import ThreadedStore
from s3sessions.testing import StoreContract

_variable: contextvars.ContextVar[str] = contextvars.ContextVar("_variable")


class TestThreadedLocalStore(StoreContract):
    race_rounds = 20
    width = 8
    folder: Path

    @pytest.fixture(autouse=True)
    def _in_a_new_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_store(self) -> ThreadedStore:
        return ThreadedStore(LocalStore(self.folder), width=self.width)


class TestThreadedMemoryStore(StoreContract):
    def make_store(self) -> ThreadedStore:
        return ThreadedStore(MemoryStore())


class SlowStore(MemoryStore):
    """A store whose get ends when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def get(self, key: str) -> Blob:
        self.begun.set()
        assert self.go_on.wait(30)
        return super().get(key)


def test_the_event_loop_goes_on_while_a_verb_waits() -> None:
    slow = SlowStore()
    slow.put("key", b"x")
    store = ThreadedStore(slow)

    async def read_and_go_on() -> bytes:
        reading = asyncio.create_task(store.get("key"))
        while not slow.begun.is_set():
            await asyncio.sleep(0)
        slow.go_on.set()  # this line runs although a verb has begun and not ended
        return (await reading).data

    assert asyncio.run(read_and_go_on()) == b"x"
    asyncio.run(store.close())


def test_a_store_outlives_the_event_loops_that_use_it() -> None:
    store = ThreadedStore(MemoryStore())
    asyncio.run(store.put("key", b"x"))
    assert asyncio.run(store.get("key")).data == b"x"
    asyncio.run(store.close())
    assert asyncio.run(store.get("key")).data == b"x"
    asyncio.run(store.close())


def test_two_event_loops_use_a_store_at_once(tmp_path: Path) -> None:
    store = ThreadedStore(LocalStore(tmp_path), width=4)

    async def write(name: str) -> None:
        await store.fan_out([lambda n=n: store.put(f"{name}/{n}", b"x") for n in range(50)])  # type: ignore[misc]

    threads = [threading.Thread(target=lambda n=n: asyncio.run(write(n))) for n in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asyncio.run(store.list("")).entries) == 100
    asyncio.run(store.close())


def test_a_cancelled_verb_is_given_up_at_once_and_harms_nothing() -> None:
    slow = SlowStore()
    slow.put("key", b"x")
    store = ThreadedStore(slow, width=1)

    async def give_up() -> bytes:
        reading = asyncio.create_task(store.get("key"))
        while not slow.begun.is_set():
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        slow.go_on.set()
        blob = await store.get("key")
        await store.close()
        return blob.data

    assert asyncio.run(give_up()) == b"x"


def test_an_observer_runs_with_the_context_variables_of_the_caller() -> None:
    seen: list[tuple[str, str]] = []

    def observe(request: Request) -> None:
        seen.append((request.verb, _variable.get("nothing")))

    async def read() -> None:
        _variable.set("session 1")
        store = ThreadedStore(MemoryStore()).observed(observe)
        with pytest.raises(NotFound):
            await store.get("missing")
        await store.close()

    asyncio.run(read())
    assert seen == [("get", "session 1")]


def test_a_store_that_is_not_used_makes_no_thread() -> None:
    before = threading.active_count()
    store = ThreadedStore(LocalStore("never"))
    assert threading.active_count() == before
    asyncio.run(store.close())
    assert threading.active_count() == before


def test_closing_ends_the_threads(tmp_path: Path) -> None:
    before = threading.active_count()
    store = ThreadedStore(LocalStore(tmp_path))
    asyncio.run(store.put("key", b"x"))
    assert threading.active_count() > before
    asyncio.run(store.close())
    assert threading.active_count() == before
