"""An append that is cancelled while one of its requests is under way, under the real aioboto3.

A request may be on its way to the server when its sender gives up, and take effect later; or it
may have taken effect, and its answer be on the way back.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from s3sessions import AsyncAgentSession, AsyncSessions, History
from tests.faults.fire import Fire, fire
from tests.servers.weed import Weed
from tests.servers.wire import Hold, ResetAfter, Rule

FIRST_APPEND = {
    "list": ("ListObjectsV2", "*"),
    "session.json's get": ("GetObject", "*/session.json"),
    "session.json's put": ("PutObject", "*/session.json"),
    "agent.json's put": ("PutObject", "*/agent.json"),
    "message's put": ("PutObject", "*/message_0.json"),
}


@pytest.fixture
def held(weed: Weed, weed_bucket: str) -> Any:
    with fire(weed, weed_bucket, "async") as found:
        yield found


async def cancel_at(hold: Hold, append: asyncio.Task[Any], wire: Any) -> None:
    """Cancel the append once its request is held, then let the request go its way."""
    await asyncio.to_thread(hold.reached.wait)
    append.cancel()
    with pytest.raises(asyncio.CancelledError):
        await append
    hold.released.set()
    await asyncio.to_thread(hold.passed.wait)
    await asyncio.to_thread(wire.settle)


async def check_wholly_there_or_absent(chat: AsyncAgentSession) -> History:
    history = await chat.restore()
    assert history.payloads in ([], [{"n": 0}])
    assert history.corrupt == ()
    return history


@pytest.mark.parametrize("same_handle", [True, False])
@pytest.mark.parametrize("before_server", [True, False])
@pytest.mark.parametrize("stage", FIRST_APPEND)
def test_a_first_append_cancelled_at_any_request_is_whole_or_absent_and_can_be_repeated(
    held: Fire, stage: str, before_server: bool, same_handle: bool
) -> None:
    operation, key = FIRST_APPEND[stage]
    hold = Hold(before_server)
    held.wire.rules([Rule(hold, operation, key, count=1)])

    async def run() -> None:
        async with AsyncSessions(held.url, **held.options()) as sessions:
            chat = sessions.open("s")
            append = asyncio.create_task(chat.append({"n": 0}, write_id="once"))
            await cancel_at(hold, append, held.wire)
            await check_wholly_there_or_absent(sessions.open("s"))
            again = chat if same_handle else sessions.open("s")
            message = await again.append({"n": 0}, write_id="once")
            assert message.index == 0
            history = await check_wholly_there_or_absent(sessions.open("s"))
            assert len(history.messages) == 1
            assert history.missing == ()

    asyncio.run(run())


@pytest.mark.parametrize("before_server", [True, False])
def test_an_append_cancelled_while_it_asks_whether_it_was_stored_can_be_repeated(
    held: Fire, before_server: bool
) -> None:
    hold = Hold(before_server)
    # The SDK's own retry of the lost answer meets 412, so the message is read back.
    held.wire.rules(
        [
            Rule(ResetAfter(), "PutObject", "*/message_0.json", count=1),
            Rule(hold, "GetObject", "*/message_0.json", count=1),
        ]
    )

    async def run() -> None:
        async with AsyncSessions(held.url, **held.options()) as sessions:
            chat = sessions.open("s")
            append = asyncio.create_task(chat.append({"n": 0}, write_id="once"))
            await cancel_at(hold, append, held.wire)
            assert (await chat.append({"n": 0}, write_id="once")).index == 0
            history = await check_wholly_there_or_absent(sessions.open("s"))
            assert len(history.messages) == 1

    asyncio.run(run())


def test_a_cancelled_append_that_arrives_late_is_recognised_by_its_repetition(held: Fire) -> None:
    hold = Hold(before_server=True)
    held.wire.rules([Rule(hold, "PutObject", "*/message_0.json", count=1)])

    async def run() -> None:
        async with AsyncSessions(held.url, **held.options()) as sessions:
            chat = sessions.open("s")
            append = asyncio.create_task(chat.append({"n": 0}, write_id="once"))
            await asyncio.to_thread(hold.reached.wait)
            append.cancel()
            await asyncio.wait([append])
            assert (await chat.append({"n": 0}, write_id="once")).index == 0
            hold.released.set()
            await asyncio.to_thread(held.wire.settle)
            history = await check_wholly_there_or_absent(sessions.open("s"))
            assert len(history.messages) == 1

    asyncio.run(run())
