"""Agents that talk both ways at once are kept like any other, by either session manager."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import pytest
from strands import tool
from strands.bidi.agent import BidiAgent
from strands.bidi.models import BidiModel
from strands.bidi.types.events import (
    BidiConnectionStopEvent,
    BidiTextDeltaEvent,
    BidiTextStartEvent,
    BidiTextStopEvent,
    BidiToolUseBlocksEvent,
    BidiTranscriptDeltaEvent,
    BidiTranscriptStartEvent,
    BidiTranscriptStopEvent,
)

from s3sessions.integrations.strands import S3SessionManager
from tests.integrations.strands.agents import texts
from tests.interop.strands_peers import PAIRS, Peers, Side, remembered


class Spoken(BidiModel):
    """A model at the other end of a line: it listens, says what it was told to, and hangs up.

    Attributes:
        begun_with: the messages that it was given at the beginning.
    """

    def __init__(self, *events: Any) -> None:
        self.begun_with: list[Any] = []
        self._events = events
        self._sent: asyncio.Queue[Any] = asyncio.Queue()

    def update_config(self, **model_config: Any) -> None:
        """Nothing can be configured."""

    def get_config(self) -> Any:
        return {"model_id": "spoken"}

    async def start(
        self, system_prompt: Any = None, tools: Any = None, messages: Any = None, **kwargs: Any
    ) -> None:
        self.begun_with = list(messages or [])

    async def stop(self) -> None:
        """Nothing is held."""

    async def restart(self, *args: Any, **kwargs: Any) -> None:
        """It never ends too soon."""

    async def send(self, content: Any) -> None:
        self._sent.put_nowait(content)

    async def receive(self) -> AsyncIterator[Any]:
        await self._sent.get()
        for event in self._events:
            yield event
            if isinstance(event, BidiToolUseBlocksEvent):
                await self._sent.get()
        yield BidiConnectionStopEvent("c", "user_request")


def speaks(text: str, content_id: str) -> list[Any]:
    """The events of what the model says in writing."""
    return [
        BidiTextStartEvent(content_id),
        BidiTextDeltaEvent(text, content_id),
        BidiTextStopEvent(content_id),
    ]


def hears(text: str, content_id: str) -> list[Any]:
    """The events of what the model has heard."""
    return [
        BidiTranscriptStartEvent("user", content_id),
        BidiTranscriptDeltaEvent(text, "user", content_id),
        BidiTranscriptStopEvent("user", content_id),
    ]


@tool
def clock() -> str:
    """Tell the time."""
    return "noon"


CLOCK = BidiToolUseBlocksEvent([{"toolUseId": "t1", "name": "clock", "input": {}}])


def bidi_agent(peers: Peers, side: Side, *events: Any, **arguments: Any) -> BidiAgent:
    return BidiAgent(
        model=Spoken(*events), tools=[clock], session_manager=peers.manager(side), **arguments
    )


def talk(agent: BidiAgent, said: str) -> list[Any]:
    """Say something and listen until the model hangs up; give what it was begun with."""

    async def talking() -> None:
        await agent.start()
        try:
            await agent.send(said)
            async with aclosing(agent.receive()) as events:
                async for event in events:
                    if isinstance(event, BidiConnectionStopEvent):
                        return
        finally:
            await agent.stop()

    asyncio.run(asyncio.wait_for(talking(), 30))
    return cast(Spoken, agent.model).begun_with


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_what_was_typed_and_what_tools_gave_goes_on_on_the_other_side(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    begun = bidi_agent(peers, sides[0], CLOCK, state={"mood": "good"})
    talk(begun, "what time is it?")
    before = remembered(cast(Any, begun))
    assert [next(iter(message["content"][0])) for message in before] == [
        *("text", "toolUse", "toolResult", "toolUse", "toolResult")
    ]
    other = bidi_agent(peers, sides[1])
    assert other.messages == before
    assert other.state.get() == {"mood": "good"}
    assert talk(other, "thanks")[: len(before)] == before
    assert texts(bidi_agent(peers, sides[0]).messages)[-1] == "thanks"


def test_what_is_spoken_is_stored_as_it_ended_not_as_it_began(peers: Peers) -> None:
    begun = bidi_agent(peers, "ours", *hears("how are you?", "c1"), *speaks("fine", "c2"))
    talk(begun, "hello")
    assert texts(begun.messages) == ["hello", "how are you?", "fine"]
    assert bidi_agent(peers, "ours").messages == begun.messages
    assert bidi_agent(peers, "theirs").messages == begun.messages
    assert len([key for key in peers.objects() if "/messages/" in key]) == 3


def test_messages_that_it_begins_with_are_stored_once_something_is_said(peers: Peers) -> None:
    seed = {"role": "user", "content": [{"text": "before"}]}
    agent = bidi_agent(peers, "ours", messages=[seed])
    assert peers.objects() == {}
    talk(agent, "hello")
    for side in ("ours", "theirs"):
        assert texts(bidi_agent(peers, side).messages) == ["before", "hello"]


def test_by_hand_an_agent_is_appended_to_and_synced_as_with_strands_own(peers: Peers) -> None:
    manager: S3SessionManager = peers.manager("ours")
    agent = BidiAgent(model=Spoken(), session_manager=manager, agent_id="voice")
    manager.append_message({"role": "user", "content": [{"text": "by hand"}]}, agent)
    agent.state.set("step", 1)
    manager.sync_agent(agent)
    manager.sync_agent(agent)
    theirs = BidiAgent(model=Spoken(), session_manager=peers.manager("theirs"), agent_id="voice")
    assert texts(theirs.messages) == ["by hand"]
    assert theirs.state.get() == {"step": 1}
    document = json.loads(peers.objects()["agents/agent_voice/agent.json"])
    assert document["conversation_manager_state"] == {}
