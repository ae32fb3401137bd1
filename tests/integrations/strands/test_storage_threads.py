"""Who waits for whom: writes of a storage run beside each other and beside the event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from s3sessions.integrations.strands import S3SessionsStorage
from s3sessions.stores.memory import MemoryStore
from tests.integrations.strands.storages import StoragePlace, run
from tests.interposed import Interposed

KEY = "session/s/latest.json"


def test_writes_at_once_wait_for_the_store_together_and_the_loop_goes_on() -> None:
    all_there, go = threading.Barrier(11), threading.Event()

    def wait(verb: str, key: str, call: Any) -> Any:
        all_there.wait(30)
        assert go.wait(30)
        return call()

    async def write_all(storage: S3SessionsStorage) -> None:
        writes = [asyncio.create_task(storage.write(f"k{at}", b"x")) for at in range(10)]
        # The writes end only after this has run, which it could not on a loop that is blocked.
        await asyncio.get_running_loop().run_in_executor(None, all_there.wait, 30)
        go.set()
        await asyncio.gather(*writes)

    store = MemoryStore()
    with S3SessionsStorage(store=Interposed(store, wait)) as storage:
        run(write_all(storage))
    assert len(store.list("").entries) == 10


def test_no_more_requests_are_under_way_than_the_width() -> None:
    lock, together = threading.Lock(), threading.Barrier(3)
    under_way, most = 0, 0

    def count(verb: str, key: str, call: Any) -> Any:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait(30)
        try:
            return call()
        finally:
            with lock:
                under_way -= 1

    async def read_all(storage: S3SessionsStorage) -> None:
        await asyncio.gather(*(storage.read(f"k{at}") for at in range(12)))

    with S3SessionsStorage(store=Interposed(MemoryStore(), count), width=3) as storage:
        run(read_all(storage))
    assert most == 3


def test_a_closed_storage_opens_again_and_closes_twice(storage_place: StoragePlace) -> None:
    async def use() -> None:
        async with storage_place.storage() as storage:
            await storage.write("a", b"1")
        assert await storage.read("a") == b"1"
        await storage.aclose()
        await storage.aclose()

    run(use())


def test_a_write_that_is_cancelled_under_way_is_no_rival_of_the_next() -> None:
    begun, go = threading.Event(), threading.Event()

    def wait(verb: str, key: str, call: Any) -> Any:
        begun.set()
        assert go.wait(30)
        return call()

    async def cancel_one_and_write(storage: S3SessionsStorage) -> None:
        task = asyncio.create_task(storage.write(KEY, b"cancelled"))
        await asyncio.get_running_loop().run_in_executor(None, begun.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
        await storage.write(KEY, b"next")

    store = MemoryStore()
    with S3SessionsStorage(store=Interposed(store, wait)) as storage:
        run(cancel_one_and_write(storage))
    assert store.get(KEY).data == b"next"
