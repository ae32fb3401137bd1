"""The session manager over aioboto3: hooks are awaited, and no thread is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from strands import Agent

from s3sessions import AppendConflict, AsyncSessions
from s3sessions.integrations.strands import S3SessionManager
from tests.integrations.strands.agents import ANSWER, agent_of, redacts, says, texts
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer

MANY = 10


class Place:
    """A place on a server that nobody has used.

    Attributes:
        url: of the place.
        options: settings that reach it.
    """

    def __init__(self, server: MotoServer, bucket: str) -> None:
        self.url = f"s3://{bucket}/{fresh_name()}"
        self.options: dict[str, Any] = {
            "endpoint_url": server.endpoint_url,
            "region": "us-east-1",
        }

    @asynccontextmanager
    async def sessions(self) -> AsyncIterator[AsyncSessions]:
        async with AsyncSessions(self.url, **self.options) as sessions:
            yield sessions


@pytest.fixture
def place(moto: MotoServer, moto_bucket: str) -> Place:
    return Place(moto, moto_bucket)


def agent(sessions: AsyncSessions, *steps: Any, session_id: str = "s", **options: Any) -> Agent:
    return agent_of(S3SessionManager(session_id, sessions=sessions, **options), *steps)


async def stored(sessions: AsyncSessions, session_id: str = "s") -> list[dict[str, Any]]:
    return (await sessions.open(session_id).restore()).payloads


def test_agents_in_one_loop_are_stored_and_restored(place: Place) -> None:
    async def run() -> None:
        async with place.sessions() as sessions:
            agents = [agent(sessions, session_id=f"s{n}") for n in range(MANY)]
            await asyncio.gather(*(agent.invoke_async("hi") for agent in agents))
        async with place.sessions() as sessions:
            for n, before in enumerate(agents):
                again = agent(sessions, session_id=f"s{n}")
                await again.invoke_async("go on")
                assert again.messages[:2] == before.messages
                assert again.messages == await stored(sessions, f"s{n}")

    asyncio.run(run())


def test_a_later_turn_costs_what_it_costs_in_blocking_code(place: Place) -> None:
    async def run() -> None:
        async with place.sessions() as sessions:
            alice = agent(sessions)
            await alice.invoke_async("hi")
            assert sessions.requests.by_verb == {"list": 2, "get": 2, "put": 4}
            await alice.invoke_async("hi")
            assert sessions.requests.by_verb == {"list": 2, "get": 2, "put": 4 + 2}
            alice.state.set("step", 1)
            await alice.invoke_async("hi")
            assert sessions.requests.by_verb == {"list": 2, "get": 2, "put": 4 + 2 + 3}

    asyncio.run(run())


def test_a_redaction_is_stored_when_the_invocation_ends(place: Place) -> None:
    async def run() -> None:
        async with place.sessions() as sessions:
            alice = agent(sessions, says(), redacts())
            await alice.invoke_async("hi")
            await alice.invoke_async("a secret")
            said = ["hi", ANSWER, "[redacted]", "I will not."]
            assert texts(await stored(sessions)) == said
            assert alice.messages == await stored(sessions)

    asyncio.run(run())


def test_a_process_whose_agent_is_stale_is_told_and_restored(place: Place) -> None:
    async def run() -> None:
        async with place.sessions() as sessions:
            await agent(sessions).invoke_async("hi")
            manager = S3SessionManager("s", sessions=sessions)
            stale = agent_of(manager)
            await manager.restore_async(stale)
            await agent(sessions).invoke_async("one")
            with pytest.raises(AppendConflict):
                await stale.invoke_async("two")
            await manager.restore_async(stale)
            await stale.invoke_async("two")
            said = ["hi", ANSWER, "one", ANSWER, "two", ANSWER]
            assert texts(await stored(sessions)) == said

    asyncio.run(run())


def test_turns_go_one_after_the_other(place: Place) -> None:
    async def run() -> None:
        async with place.sessions() as sessions:
            agents = [agent(sessions, turns=True) for _ in range(3)]
            await asyncio.gather(*(agent.invoke_async("hi") for agent in agents))
            assert texts(await stored(sessions)) == ["hi", ANSWER] * 3

    asyncio.run(run())


def test_an_agent_in_blocking_code_is_stored_too(place: Place) -> None:
    async def read() -> list[dict[str, Any]]:
        async with place.sessions() as sessions:
            return await stored(sessions)

    async def close() -> None:
        await sessions.close()

    sessions = AsyncSessions(place.url, **place.options)
    alice = agent(sessions)
    alice("hi")
    alice("go on")
    asyncio.run(close())
    assert texts(asyncio.run(read())) == ["hi", ANSWER, "go on", ANSWER]
