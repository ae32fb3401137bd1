"""A session that strands-agents 1.62 has stored, with all that it keeps, is taken over by ours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from strands import Agent, ToolContext, tool
from strands.agent.conversation_manager import SummarizingConversationManager
from strands.multiagent import Swarm
from strands.multiagent.base import Status

from s3sessions import Sessions
from s3sessions.integrations.strands import S3SessionManager
from tests.integrations.strands.agents import Scripted, Step, agent_of, says, texts
from tests.interop.strands_peers import without_tracking

STORED = Path(__file__).parent.parent / "data" / "stored_sessions" / "strands-1.62"

TRANSFER = "v1:tool_call:t2:e03732c4-4829-52a7-ad76-1f923caba2c1"
APPROVAL = "v1:tool_call:t1:225d3982-9eb3-5ce9-93ca-f09a444307f7"
PNG = b"\x89PNG\r\n\x1a\n"

WINDOW = [
    "The user showed a red dot and asked for the time.",
    "It is noon. 🙂",
    "[redacted]",
    "I will not.",
    "thanks",
    "[taken out]",
    "Take a picture and send 7.",
    "<toolUse> <toolUse>",
]
"""What the agent has in mind: a summary of the first five messages, and the others."""


@tool
def photograph() -> str:
    """Take a picture: not again."""
    raise AssertionError("its result is stored")


@tool(context=True)
def transfer(tool_context: ToolContext) -> str:
    """Move money, once somebody has agreed."""
    return f"moved: {tool_context.interrupt('agree')}"


@tool(context=True)
def approve(tool_context: ToolContext) -> str:
    """Ask somebody."""
    return f"said {tool_context.interrupt('approval', reason='may it?')}"


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    shutil.copytree(STORED, tmp_path / "stored")
    with Sessions(f"file://{tmp_path / 'stored'}") as sessions:
        yield sessions


def support(sessions: Sessions, *steps: Step, **arguments: Any) -> Agent:
    summarizing = SummarizingConversationManager(summary_ratio=0.5, preserve_recent_messages=2)
    return agent_of(
        S3SessionManager("order-42", sessions=sessions),
        *steps,
        tools=[photograph, transfer],
        conversation_manager=summarizing,
        **arguments,
    )


def answer(interrupt_id: str) -> Any:
    return [{"interruptResponse": {"interruptId": interrupt_id, "response": "yes"}}]


def test_all_messages_are_there_the_redacted_ones_as_they_were_redacted(
    sessions: Sessions,
) -> None:
    history = sessions.open("order-42", "support").restore()
    assert texts(history.payloads) == [
        *("What is on the picture? <image>", "A red dot."),
        *("Wie spät ist es?", "<toolUse>", "<toolResult>"),
        *WINDOW[1:],
    ]
    assert history.payloads[0]["content"][1]["image"]["source"]["bytes"].startswith(PNG)
    assert (history.next_index, history.holes, history.corrupt) == (12, (), ())
    assert {finding.kind for finding in sessions.doctor("order-42")} <= {"unanswered_call"}


@pytest.mark.parametrize("agent_id", ["support", None])
def test_the_agent_has_its_window_its_summary_and_its_state(
    sessions: Sessions, agent_id: str | None
) -> None:
    agent = support(sessions, agent_id=agent_id)
    assert texts(agent.messages) == WINDOW
    assert agent.state.get() == {"order": {"id": 42, "paid": None, "tags": ["é"]}, "step": 2}
    assert agent.agent_id == "support"


def test_the_question_that_it_waits_with_is_answered_and_the_talk_goes_on(
    sessions: Sessions,
) -> None:
    agent = support(sessions, says("Here it is, and 7 are sent."))
    assert agent(answer(TRANSFER)).stop_reason == "end_turn"
    photo, money = (block["toolResult"] for block in agent.messages[-2]["content"])
    assert photo["content"][0]["image"]["source"]["bytes"].startswith(PNG)
    assert money["content"] == [{"text": "moved: yes"}]
    agent.state.set("step", 3)
    agent("and now?")
    restored = support(sessions)
    assert without_tracking(restored.messages) == without_tracking(agent.messages)
    assert restored.state.get("step") == 3
    assert sessions.open("order-42", "support").restore().next_index == 16


def test_the_swarm_that_waits_beside_it_is_answered_too(sessions: Sessions) -> None:
    def node(name: str, *steps: Step) -> Agent:
        model = Scripted(*steps)
        return Agent(model=model, name=name, agent_id=name, tools=[approve], callback_handler=None)

    manager = S3SessionManager("order-42", sessions=sessions)
    first = node("a", says("approved"))
    swarm = Swarm([first, node("b")], id="g", entry_point=first, session_manager=manager)
    assert swarm(answer(APPROVAL)).status is Status.COMPLETED
    assert texts(first.messages)[-2:] == ["<toolResult>", "approved"]
    body = sessions.multi_agent("order-42", "g").restore()
    assert body is not None
    assert body["status"] == "completed"
