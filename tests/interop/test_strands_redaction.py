"""What a guardrail has taken out is nowhere in the bucket, and neither side reads it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from strands import Agent, tool
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.types.exceptions import SessionException

from s3sessions import Sessions
from s3sessions.integrations.strands import S3SessionManager
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.agents import agent_of, calls, redacts, says, stored_texts, texts
from tests.interop.strands_peers import Peers, remembered

SECRET = "4111 1111 1111 1111"
REDACTED = "[redacted]"


def message(role: str, text: str) -> Any:
    return {"role": role, "content": [{"text": text}]}


def assert_nowhere(peers: Peers, secret: str = SECRET) -> None:
    assert [key for key, body in peers.objects().items() if secret.encode() in body] == []


def assert_both_read(peers: Peers, agent: Agent) -> None:
    """Neither a new process of ours nor one of Strands' own sees anything but what is left."""
    for side in ("ours", "theirs"):
        assert peers.agent(side).messages == agent.messages


def test_a_guardrail_leaves_nothing_of_what_the_user_said(peers: Peers) -> None:
    agent = peers.agent("ours", says(), redacts(REDACTED), says("onward"))
    for said in ("hello", f"my card is {SECRET}", "and now?"):
        agent(said)
    assert texts(agent.messages)[2:] == [REDACTED, "I will not.", "and now?", "onward"]
    assert_nowhere(peers)
    assert_both_read(peers, agent)


def test_a_guardrail_leaves_nothing_of_what_a_tool_gave_but_keeps_the_call_answered(
    peers: Peers,
) -> None:
    @tool
    def vault() -> str:
        """Give what is in the vault."""
        return SECRET

    agent = peers.agent("ours", calls("vault"), redacts(REDACTED), tools=[vault])
    agent("what is in the vault?")
    result = agent.messages[2]["content"][0]["toolResult"]
    assert (result["toolUseId"], result["content"]) == ("t1", [{"text": REDACTED}])
    assert_nowhere(peers)
    assert_both_read(peers, agent)


@pytest.mark.parametrize("is_in_a_loop", [False, True])
def test_the_newest_message_is_redacted_by_hand(peers: Peers, is_in_a_loop: bool) -> None:
    manager = peers.manager("ours")
    agent = agent_of(manager, says(SECRET), says("onward"))
    agent("tell me")
    before = remembered(agent)

    async def redact() -> None:
        manager.redact_latest_message(message("assistant", REDACTED), agent)
        await agent.invoke_async("go on")

    if is_in_a_loop:
        asyncio.run(redact())
    else:
        manager.redact_latest_message(message("assistant", REDACTED), agent)
        agent("go on")
    assert_nowhere(peers)
    for side in ("ours", "theirs"):
        assert texts(peers.agent(side).messages) == ["tell me", REDACTED, "go on", "onward"]
    assert before[1]["content"] == [{"text": SECRET}]


def test_a_prompt_that_was_tried_again_as_the_same_object_is_redacted_wherever_it_stands(
    peers: Peers,
) -> None:
    agent = peers.agent("ours", RuntimeError("the model is out"), redacts(REDACTED))
    prompt = message("user", SECRET)
    with pytest.raises(RuntimeError, match="out"):
        agent([prompt])
    agent([prompt])
    assert texts(agent.messages) == [REDACTED, REDACTED, "I will not."]
    assert_nowhere(peers)
    for side in ("ours", "theirs"):
        assert texts(peers.agent(side).messages) == [REDACTED, REDACTED, "I will not."]


def test_a_message_appended_twice_by_hand_stands_twice_and_is_redacted_twice(peers: Peers) -> None:
    manager = peers.manager("ours")
    agent = agent_of(manager)
    secret = message("user", SECRET)
    manager.append_message(secret, agent)
    manager.append_message(secret, agent)
    secret["content"] = [{"text": REDACTED}]
    manager.redact_latest_message(secret, agent)
    assert_nowhere(peers)
    for side in ("ours", "theirs"):
        assert texts(peers.agent(side).messages) == [REDACTED, REDACTED]


def test_the_newest_message_is_redacted_although_the_window_has_dropped_it(peers: Peers) -> None:
    manager = peers.manager("ours")
    window = SlidingWindowConversationManager(window_size=0, pin_first=1)
    agent = agent_of(manager, says(SECRET), conversation_manager=window)
    agent("keep this")
    assert texts(agent.messages) == ["keep this"]
    manager.redact_latest_message(message("assistant", REDACTED), agent)
    assert_nowhere(peers)
    with peers.sessions() as sessions:
        assert stored_texts(sessions) == ["keep this", REDACTED]


def test_what_strands_own_redacted_is_read_redacted(peers: Peers) -> None:
    manager = peers.manager("theirs")
    begun = agent_of(manager, redacts(REDACTED), says(SECRET))
    begun("hello")
    begun("tell me")
    manager.redact_latest_message(message("assistant", "[taken out]"), begun)
    ours = peers.agent("ours")
    assert texts(ours.messages) == [REDACTED, "I will not.", "tell me", "[taken out]"]
    ours("go on")
    assert texts(peers.agent("theirs").messages) == texts(ours.messages)


def test_a_redaction_of_what_could_not_be_stored_leaves_the_message_before_it_alone() -> None:
    lost = FaultyStore(MemoryStore(), Rule(Fault.DENIED, verb="put", key="*message_2.json"))
    sessions = Sessions(store=lost)
    manager = S3SessionManager("s", sessions=sessions, on_error="log")
    agent = agent_of(manager, says("an answer to keep"), redacts(REDACTED), says("onward"))
    for said in ("hello", SECRET, "and now?"):
        agent(said)
    assert manager.failures.count > 0
    assert stored_texts(sessions) == texts(agent.messages)
    assert stored_texts(sessions)[1] == "an answer to keep"


def test_a_guardrail_takes_out_what_the_agent_began_with_and_nobody_has_stored(
    peers: Peers,
) -> None:
    seeds = [message("user", "hello"), message("assistant", "hi"), message("user", SECRET)]
    agent = peers.agent("ours", redacts(REDACTED), messages=seeds)
    agent()
    assert texts(agent.messages) == ["hello", "hi", REDACTED, "I will not."]
    assert_nowhere(peers)
    for side in ("ours", "theirs"):
        assert texts(peers.agent(side).messages) == texts(agent.messages)


def test_a_redaction_before_anything_is_stored_is_refused_as_strands_own_does(
    peers: Peers,
) -> None:
    for side in ("ours", "theirs"):
        manager = peers.manager(side, side)
        agent = agent_of(manager)
        with pytest.raises(SessionException, match="No message to redact"):
            manager.redact_latest_message(message("user", REDACTED), agent)
