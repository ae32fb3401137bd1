"""The async face and event loops: bound to none, fair to its callers, safe to cancel."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s3sessions import AsyncSessions, Sessions
from s3sessions.stores.memory import MemoryStore
from s3sessions.stores.threaded import ThreadedStore
from tests.behaviour.conftest import HAS_ASYNC_S3
from tests.interposed import Interposed
from tests.rig import fresh_name


def test_one_object_serves_one_event_loop_after_another(tmp_path: Path) -> None:
    sessions = AsyncSessions(f"file://{tmp_path}/sessions")
    _use_in_three_loops(sessions)


if HAS_ASYNC_S3:

    def test_one_object_on_s3_serves_one_event_loop_after_another(
        moto: Any, moto_bucket: str
    ) -> None:
        url = f"s3://{moto_bucket}/{fresh_name()}"
        _use_in_three_loops(AsyncSessions(url, endpoint_url=moto.endpoint_url))


def _use_in_three_loops(sessions: AsyncSessions) -> None:
    chat = sessions.open("s")

    async def turn(loop: int) -> list[int]:
        async with sessions:
            told = [chat.append({"loop": loop, "n": n}) for n in range(4)]
            return [message.index for message in await asyncio.gather(*told)]

    assert [asyncio.run(turn(loop)) for loop in range(3)] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9, 10, 11],
    ]


def test_the_event_loop_goes_on_while_a_disk_is_slow() -> None:
    started, release = threading.Event(), threading.Event()

    def slow(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put":
            started.set()
            assert release.wait(30)
        return call()

    async def main() -> int:
        sessions = AsyncSessions(store=ThreadedStore(Interposed(MemoryStore(), slow)))
        append = asyncio.create_task(sessions.open("s").append({}))
        # Only a loop that goes on comes past this before the put has ended.
        await asyncio.to_thread(started.wait)
        assert not append.done()
        release.set()
        index = (await append).index
        await sessions.close()
        return index

    assert asyncio.run(main()) == 0


@pytest.mark.parametrize("arrives", [True, False], ids=["arrived", "lost"])
def test_a_cancelled_append_can_be_repeated_with_its_write_id(arrives: bool) -> None:
    memory, started, release = MemoryStore(), threading.Event(), threading.Event()

    def held(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key.endswith("message_1.json") and not release.is_set():
            started.set()
            assert release.wait(30)
            if not arrives:
                raise ConnectionError("cut")
        return call()

    async def main() -> int:
        sessions = AsyncSessions(store=ThreadedStore(Interposed(memory, held)))
        chat = sessions.open("s")
        await chat.append({"n": 0})
        append = asyncio.create_task(chat.append({"n": 1}, write_id="w"))
        await asyncio.to_thread(started.wait)
        append.cancel()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await append
        index = (await chat.append({"n": 1}, write_id="w")).index
        await sessions.close()
        return index

    assert asyncio.run(main()) == 1
    assert Sessions(store=memory).open("s").restore().payloads == [{"n": 0}, {"n": 1}]
