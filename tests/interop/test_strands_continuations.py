"""An invocation that a hook continues: what is extended stands once, in its place."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
from strands import Agent
from strands.agent._continuation import _ContinuationInput, add_input
from strands.hooks import AfterInvocationEvent, BeforeModelCallEvent

from s3sessions import Sessions
from s3sessions.integrations.strands import S3SessionManager
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.agents import agent_of, says, stored_texts, texts
from tests.interop.strands_peers import Peers


def message_keys(peers: Peers) -> list[str]:
    return [key for key in peers.objects() if "/messages/" in key]


def said(agent: Agent) -> list[str]:
    """What the messages say, block by block."""
    return ["|".join(block["text"] for block in message["content"]) for message in agent.messages]


def assert_both_restore(peers: Peers, agent: Agent) -> None:
    for side in ("ours", "theirs"):
        assert peers.agent(side).messages == agent.messages


def test_an_invocation_that_a_hook_resumes_goes_on_in_the_same_history(peers: Peers) -> None:
    agent = peers.agent("ours", says("r0"), says("r1"), says("r2"))
    more = ["go on", "and on"]

    def resume(event: AfterInvocationEvent) -> None:
        event.resume = more.pop(0) if more else None

    agent.hooks.add_callback(AfterInvocationEvent, resume)
    agent("begin")
    assert texts(agent.messages) == ["begin", "r0", "go on", "r1", "and on", "r2"]
    assert len(message_keys(peers)) == 6
    assert_both_restore(peers, agent)


def test_a_message_that_is_extended_before_the_model_is_called_is_stored_once(
    peers: Peers,
) -> None:
    agent = peers.agent("ours", says("r0"), says("r1"))
    agent("start")
    hints = ["and be kind", "and be brief"]

    def extend(event: BeforeModelCallEvent) -> None:
        while hints:
            add_input(event, _ContinuationInput(args=hints.pop(0)))

    agent.hooks.add_callback(BeforeModelCallEvent, extend)
    agent("go on")
    assert said(agent) == ["start", "r0", "go on|and be kind|and be brief", "r1"]
    assert len(message_keys(peers)) == 4
    assert_both_restore(peers, agent)


def test_a_message_that_is_extended_again_and_again_is_stored_as_it_is_last(peers: Peers) -> None:
    agent = peers.agent("ours", RuntimeError("out"), RuntimeError("out"), says("r"))
    number = iter(range(9))

    def extend(event: BeforeModelCallEvent) -> None:
        add_input(event, _ContinuationInput(args=f"hint {next(number)}"))

    agent.hooks.add_callback(BeforeModelCallEvent, extend)
    for text in ("a", "b"):
        with pytest.raises(RuntimeError, match="out"):
            agent(text)
    agent("c")
    assert said(agent) == ["a|hint 0", "b|hint 1", "c|hint 2", "r"]
    assert_both_restore(peers, agent)


def test_an_exchange_that_is_put_in_before_the_model_is_called_is_stored_in_its_order(
    peers: Peers,
) -> None:
    use = {"toolUse": {"toolUseId": "d1", "name": "background", "input": {}}}
    content: Any = [{"text": "complete"}]
    result = {"toolResult": {"toolUseId": "d1", "status": "success", "content": content}}
    exchange: Any = [
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    agent = peers.agent("ours", says("r"))

    def put_in(event: BeforeModelCallEvent) -> None:
        add_input(event, _ContinuationInput(args="guidance"))
        add_input(event, _ContinuationInput(args=exchange))

    agent.hooks.add_callback(BeforeModelCallEvent, put_in)
    agent("start")
    assert texts(agent.messages) == ["start guidance", "<toolUse>", "<toolResult>", "r"]
    assert_both_restore(peers, agent)


def test_what_was_restored_is_extended_in_its_place(peers: Peers) -> None:
    with pytest.raises(RuntimeError, match="out"):
        peers.agent("theirs", RuntimeError("out"))("asked in vain")
    agent = peers.agent("ours")
    assert texts(agent.messages) == ["asked in vain"]
    more: Any = {"role": "user", "content": [{"text": "asked again"}]}
    event = AfterInvocationEvent(agent=agent)
    asyncio.run(agent._append_continuation_messages([more], event))
    assert said(agent) == ["asked in vain|asked again"]
    assert len(message_keys(peers)) == 1
    assert_both_restore(peers, agent)


def test_a_message_that_is_extended_before_it_could_be_stored_is_stored_once() -> None:
    lost = FaultyStore(MemoryStore(), Rule(Fault.DENIED, verb="put", key="*message_2.json"))
    sessions = Sessions(store=lost)
    agent = agent_of(S3SessionManager("s", sessions=sessions, on_error="log"))
    agent("start")

    def extend(event: BeforeModelCallEvent) -> None:
        add_input(event, _ContinuationInput(args="and be kind"))

    agent.hooks.add_callback(BeforeModelCallEvent, extend)
    agent("go on")
    assert lost.injected[Fault.DENIED] == 1
    assert texts(agent.messages)[2:] == ["go on and be kind", "an answer"]
    assert stored_texts(sessions) == texts(agent.messages)


def test_a_copy_of_what_was_said_before_is_said_again(peers: Peers) -> None:
    agent = peers.agent("ours", says("r0"), says("r1"))
    agent("the same")
    agent([copy.deepcopy(agent.messages[0])])
    assert texts(agent.messages) == ["the same", "r0", "the same", "r1"]
    assert len(message_keys(peers)) == 4
    assert_both_restore(peers, agent)
