"""The aioboto3 store: what goes over the wire, and how its clients keep to their loops."""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aioboto3
import aiohttp
import pytest

from s3sessions.errors import MissingExtra
from s3sessions.stores.s3_async import AsyncS3Store
from tests.stores.gauge import PATIENCE, Gauge
from tests.stores.listings import AWS
from tests.stores.s3_answering import AnsweringTests
from tests.stores.s3_asking import AskingTests
from tests.stores.scripted_s3 import Make, Reply, ScriptedS3, found, refusal


class Driven:
    """The async store in blocking code: each verb runs to its end in the same loop."""

    def __init__(self, store: AsyncS3Store, runner: asyncio.Runner) -> None:
        self._store = store
        self._runner = runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            if inspect.iscoroutine(result):
                return self._runner.run(result)
            return Driven(result, self._runner)

        return call


@pytest.fixture
def make(scripted: ScriptedS3) -> Iterator[Make]:
    with asyncio.Runner() as runner:

        def make_store(**options: Any) -> Any:
            given = {"endpoint_url": scripted.endpoint_url, **options}
            return Driven(AsyncS3Store("bucket", **given), runner)

        yield make_store


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Grows with each client that is made; making one suspends, as fetching credentials does."""
    made: list[Any] = []
    original = aioboto3.Session.client

    @asynccontextmanager
    async def counted(self: Any, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        made.append(args)
        await asyncio.sleep(0)
        async with original(self, *args, **kwargs) as client:
            yield client

    monkeypatch.setattr("aioboto3.Session.client", counted)
    return made


class TestTheWire(AskingTests, AnsweringTests):
    """Everything that both colours do."""


def test_tasks_of_one_loop_share_one_client(scripted: ScriptedS3, clients: list[Any]) -> None:
    store = AsyncS3Store("bucket", endpoint_url=scripted.endpoint_url)

    async def write() -> None:
        await asyncio.gather(*(store.put(f"{number}", b"data") for number in range(8)))
        await store.close()

    asyncio.run(write())
    assert (len(clients), len(scripted.received)) == (1, 8)


def test_one_store_serves_one_loop_after_another(scripted: ScriptedS3, clients: list[Any]) -> None:
    store = AsyncS3Store("bucket", endpoint_url=scripted.endpoint_url)
    for _ in range(3):
        asyncio.run(store.put("key", b"data"))
    # A client that nobody has closed would warn here, and a warning is an error.
    gc.collect()
    assert (len(clients), len(scripted.received)) == (3, 3)


def test_one_store_serves_several_loops_at_once(scripted: ScriptedS3, clients: list[Any]) -> None:
    store = AsyncS3Store("bucket", endpoint_url=scripted.endpoint_url)
    together = threading.Barrier(4)

    async def write() -> None:
        await store.put("key", b"data")
        together.wait()
        await store.put("key", b"data")
        await store.close()

    threads = [threading.Thread(target=asyncio.run, args=(write(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(clients), len(scripted.received)) == (4, 8)


def test_a_store_does_not_keep_the_loops_that_it_has_served(scripted: ScriptedS3) -> None:
    store = AsyncS3Store("bucket", endpoint_url=scripted.endpoint_url)
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def write() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        await store.put("key", b"data")

    for _ in range(4):
        asyncio.run(write())
    gc.collect()
    assert [loop() for loop in loops[:-1]] == [None, None, None]


def test_closing_closes_the_connections_at_once(scripted: ScriptedS3) -> None:
    store = AsyncS3Store("bucket", endpoint_url=scripted.endpoint_url)

    def are_open() -> list[bool]:
        sessions = [thing for thing in gc.get_objects() if type(thing) is aiohttp.ClientSession]
        return [not session.closed for session in sessions]

    async def write() -> None:
        await store.put("key", b"data")
        assert any(are_open())
        await store.close()
        assert not any(are_open())

    asyncio.run(write())


def test_a_store_that_is_dropped_unclosed_leaves_no_open_session(scripted: ScriptedS3) -> None:
    async def write() -> None:
        await AsyncS3Store("bucket", endpoint_url=scripted.endpoint_url).put("key", b"data")
        gc.collect()

    asyncio.run(write())
    gc.collect()
    assert len(scripted.received) == 1


def test_a_cancelled_first_request_does_not_spoil_the_next(scripted: ScriptedS3) -> None:
    store = AsyncS3Store("bucket", endpoint_url=scripted.endpoint_url)

    async def write() -> None:
        first = asyncio.create_task(store.put("first", b"data"))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await store.put("second", b"data") == "new-etag"

    asyncio.run(write())


def test_a_given_client_is_used_in_every_call_and_left_open(scripted: ScriptedS3) -> None:
    async def write() -> None:
        session = aioboto3.Session()
        async with session.client("s3", endpoint_url=scripted.endpoint_url) as client:
            for store in (AsyncS3Store("bucket", client=client),) * 2:
                await store.put("key", b"data")
                await store.close()
            await client.put_object(Bucket="bucket", Key="key", Body=b"data")

    asyncio.run(write())
    assert len(scripted.received) == 3
    assert not [request for request in scripted.received if "expect" in request.headers]
    assert "s3sessions/" not in scripted.received[0].headers["user-agent"]


def test_the_owner_of_a_given_client_gets_lists_as_ever(scripted: ScriptedS3) -> None:
    scripted.answer(Reply(body=AWS.encode()), Reply(body=AWS.encode()))

    async def read() -> None:
        session = aioboto3.Session()
        async with session.client("s3", endpoint_url=scripted.endpoint_url) as client:
            (entry,) = (await AsyncS3Store("bucket", client=client).list("p/")).entries
            answer = await client.list_objects_v2(Bucket="bucket", Prefix="p/")
        (listed,) = answer["Contents"]
        assert (listed["Key"], listed["Size"]) == (entry.key, entry.size) == ("p/é+ .json", 1024)
        assert answer["KeyCount"] == 2

    asyncio.run(read())


def test_a_store_whose_server_asks_it_to_slow_down_does_until_it_was_answered_for_a_while(
    scripted: ScriptedS3,
) -> None:
    store = AsyncS3Store("bucket", endpoint_url=scripted.endpoint_url, width=8)
    gauge = Gauge()
    scripted.answer(*[refusal(503, "SlowDown")] * 3, *[found(b"data")] * 200)

    async def read(number: int, together: asyncio.Barrier) -> bytes:
        with gauge:
            data = (await store.get("key")).data
        if number >= 92:
            await together.wait()
        return data

    async def run() -> None:
        together = asyncio.Barrier(8)
        await store.get("key")
        # Three refusals leave one of eight, and each round of answers brings one back.
        await store.fan_out([partial(read, number, together) for number in range(8)])
        assert gauge.most <= 4
        calls = [partial(read, number, together) for number in range(100)]
        assert await store.fan_out(calls) == [b"data"] * 100

    asyncio.run(asyncio.wait_for(run(), PATIENCE))


def test_without_aioboto3_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aioboto3", None)
    with pytest.raises(MissingExtra, match=r"pip install 's3sessions\[async\]'") as caught:
        asyncio.run(AsyncS3Store("bucket").get("key"))
    assert caught.value.extra == "async"
