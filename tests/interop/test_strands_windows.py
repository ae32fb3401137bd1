"""What a conversation manager has dropped stays dropped, whoever restores the agent."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from strands import Agent, tool
from strands.agent.conversation_manager import (
    NullConversationManager,
    SlidingWindowConversationManager,
    SummarizingConversationManager,
)
from strands.types.exceptions import ContextWindowOverflowException, SessionException

from tests.integrations.strands.agents import agent_of, calls, overflows, says, texts
from tests.interop.strands_peers import PAIRS, ROUNDS, Peers, Side, remembered


def window(size: int = 4, **options: Any) -> SlidingWindowConversationManager:
    return SlidingWindowConversationManager(window_size=size, **options)


def summarizing(**options: Any) -> SummarizingConversationManager:
    return SummarizingConversationManager(summary_ratio=0.5, preserve_recent_messages=2, **options)


@tool
def clock() -> str:
    """Tell the time."""
    return "noon"


@tool
def archive() -> str:
    """Give more than a context holds."""
    return "x" * 2000


def turns(agent: Agent, *said: str) -> None:
    for text in said:
        agent(text)


@pytest.mark.parametrize("sides", ROUNDS, ids="-".join)
@pytest.mark.parametrize("per_turn", [False, True, 2])
def test_a_sliding_window_slides_on_from_where_the_other_left_it(
    peers: Peers, sides: tuple[Side, ...], per_turn: bool | int
) -> None:
    live: list[Any] = []
    for step, side in enumerate(sides):
        steps = [says(f"r{step}"), calls("clock"), says(f"noon {step}")]
        slides = window(per_turn=per_turn)
        agent = peers.agent(side, *steps, conversation_manager=slides, tools=[clock])
        assert agent.messages == live
        turns(agent, f"q{step}", f"what time is it in {step}?")
        live = remembered(agent)
    state = agent.conversation_manager.get_state()
    for side in ("ours", "theirs"):
        restored = peers.agent(side, conversation_manager=window(per_turn=per_turn))
        assert restored.messages == live
        assert restored.conversation_manager.get_state() == state


def test_a_window_begins_anywhere_in_what_the_agent_began_with(peers: Peers) -> None:
    seeds = [
        {"role": ("user", "assistant")[n % 2], "content": [{"text": f"m{n}"}]} for n in range(6)
    ]
    agent = peers.agent("ours", messages=seeds, conversation_manager=window())
    agent("go on")
    assert texts(agent.messages) == ["m4", "m5", "go on", "an answer"]
    for side in ("ours", "theirs"):
        assert peers.agent(side, conversation_manager=window()).messages == agent.messages


@pytest.mark.parametrize("make", [window, summarizing], ids=["sliding", "summarizing"])
def test_pinned_messages_stand_where_they_stood_in_the_live_agent(peers: Peers, make: Any) -> None:
    live: list[Any] = []
    for step in range(3):
        steps = [says(f"r{step}.0"), says(f"r{step}.1"), overflows(), says(f"summary {step}")]
        agent = peers.agent("ours", *steps, conversation_manager=make(pin_first=1))
        assert texts(agent.messages) == texts(live)
        turns(agent, f"q{step}.0", f"q{step}.1", f"q{step}.2")
        live = remembered(agent)
        assert live[0]["content"] == [{"text": "q0.0"}]


@pytest.mark.parametrize("sides", ROUNDS, ids="-".join)
def test_a_summary_stands_before_what_it_does_not_tell_of(
    peers: Peers, sides: tuple[Side, ...]
) -> None:
    live: list[Any] = []
    for step, side in enumerate(sides):
        steps = [says(f"r{step}.0"), overflows(), says(f"summary {step}"), says(f"r{step}.1")]
        agent = peers.agent(side, *steps, conversation_manager=summarizing())
        assert agent.messages == live
        turns(agent, f"q{step}.0", f"q{step}.1")
        live = remembered(agent)
        assert texts(live)[0] == f"summary {step}"
        assert texts(live)[-1] == f"r{step}.1"
    for side in ("ours", "theirs"):
        assert peers.agent(side, conversation_manager=summarizing()).messages == live


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_a_window_is_cut_when_the_model_overflows_and_the_turn_goes_on(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    begun = peers.agent(
        sides[0], says("r0"), says("r1"), overflows(), says("r2"), conversation_manager=window(40)
    )
    turns(begun, "q0", "q1", "q2")
    assert texts(begun.messages) == ["q1", "r1", "q2", "r2"]
    assert peers.agent(sides[1], conversation_manager=window(40)).messages == begun.messages


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_a_tool_result_that_was_shortened_for_the_model_is_stored_whole(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    begun = peers.agent(sides[0], calls("archive"), overflows(), says("much"), tools=[archive])
    begun("open it")
    assert len(str(begun.messages[2])) < 2000
    restored = peers.agent(sides[1])
    assert restored.messages[2]["content"][0]["toolResult"]["content"] == [{"text": "x" * 2000}]
    assert restored.messages == peers.agent(sides[0]).messages


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_without_a_window_everything_is_restored_after_an_overflow_too(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    begun = peers.agent(
        sides[0], says("r0"), overflows(), conversation_manager=NullConversationManager()
    )
    begun("q0")
    with pytest.raises(ContextWindowOverflowException):
        begun("q1")
    other = peers.agent(sides[1], conversation_manager=NullConversationManager())
    assert other.messages == begun.messages
    assert texts(other.messages) == ["q0", "r0", "q1"]


def test_a_window_is_kept_although_a_lost_tool_result_was_put_in_between(peers: Peers) -> None:
    call = {"toolUse": {"toolUseId": "t1", "name": "clock", "input": {}}}
    with peers.sessions() as sessions:
        chat = sessions.open("s")
        chat.append({"role": "user", "content": [{"text": "q1"}]})
        chat.append({"role": "assistant", "content": [call]})
        chat.append({"role": "user", "content": [{"text": "q2"}]})
    agent = peers.agent("ours", says("a2"), says("a3"), conversation_manager=window())
    assert texts(agent.messages) == ["q1", "<toolUse>", "<toolResult>", "q2"]
    turns(agent, "go on", "q3")
    assert texts(agent.messages) == ["go on", "a2", "q3", "a3"]
    for side in ("ours", "theirs"):
        assert peers.agent(side, conversation_manager=window()).messages == agent.messages


def test_a_window_is_kept_although_strands_own_has_left_a_hole(peers: Peers) -> None:
    manager = peers.manager("theirs")
    agent = agent_of(manager, says("r0"), says("r1"), says("r2"), conversation_manager=window())
    agent("q0")
    refuse = {"key": "message_2.json"}

    def refuse_once(params: dict[str, Any], **_: Any) -> None:
        if refuse and params["url_path"].endswith(refuse["key"]):
            refuse.clear()
            raise ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")

    manager.client.meta.events.register("before-call.s3.PutObject", refuse_once)
    with pytest.raises(SessionException):
        agent("lost")
    turns(agent, "q1", "q2")
    assert texts(agent.messages) == ["q1", "r1", "q2", "r2"]
    restored = peers.agent("ours", says("r3"), conversation_manager=window())
    assert restored.messages == agent.messages
    restored("q3")
    assert texts(restored.messages) == ["q2", "r2", "q3", "r3"]
    assert peers.agent("ours", conversation_manager=window()).messages == restored.messages


def test_nothing_is_restored_of_what_a_window_of_none_has_dropped(peers: Peers) -> None:
    for step in range(3):
        agent = peers.agent("ours", conversation_manager=window(0))
        assert agent.messages == []
        turns(agent, f"q{step}.0", f"q{step}.1")
    with peers.sessions() as sessions:
        assert len(sessions.open("s").restore().messages) == 12


def test_a_window_that_begins_beyond_what_is_stored_hides_nothing_that_is_said_next(
    peers: Peers,
) -> None:
    peers.agent("ours")("q0")
    state = {"__name__": "SlidingWindowConversationManager", "removed_message_count": 18}
    with peers.sessions() as sessions:
        sessions.open("s").save_state({}, fields={"conversation_manager_state": state})
    peers.agent("ours", says("r1"))("q1")
    assert texts(peers.agent("ours").messages)[-2:] == ["q1", "r1"]
