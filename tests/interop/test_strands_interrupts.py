"""An agent that waits for an answer waits in the store: any process of either side goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from strands import Agent, ToolContext, tool
from strands.hooks import BeforeToolCallEvent, HookProvider, HookRegistry

from tests.integrations.strands.agents import Step, calls, says, texts
from tests.interop.strands_peers import PAIRS, Peers, Side

PICTURE = bytes(range(256))
RAN: list[str] = []
"""The tools that have run, in their order."""


@tool(context=True)
def transfer(tool_context: ToolContext) -> str:
    """Move money, once somebody has agreed."""
    said = tool_context.interrupt("agree", reason={"amount": 7, "to": "é"})
    RAN.append("transfer")
    return f"moved: {said}"


@tool(context=True)
def sign(tool_context: ToolContext) -> str:
    """Sign, once somebody has said by which name."""
    name = tool_context.interrupt("name", reason="whose?")
    RAN.append("sign")
    return f"signed: {name}"


@tool
def photograph() -> dict[str, Any]:
    """Take a picture."""
    RAN.append("photograph")
    image = {"format": "png", "source": {"bytes": PICTURE}}
    return {"status": "success", "content": [{"image": image}]}


class Approval(HookProvider):
    """Asks before each call of a tool."""

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeToolCallEvent, self._ask)

    def _ask(self, event: BeforeToolCallEvent) -> None:
        if event.interrupt("approval", reason="may it?") != "yes":
            event.cancel_tool = "it may not"


@pytest.fixture(autouse=True)
def _nothing_has_run() -> None:
    RAN.clear()


def both(*names: str) -> Step:
    """The model calls several tools at once, `t1`, `t2` and so on."""
    steps: list[Any] = [calls(name, f"t{number}") for number, name in enumerate(names, 1)]
    start, *_ = steps[0]
    blocks = [event for step in steps for event in step[1:-1]]
    return [start, *blocks, steps[0][-1]]


def process(peers: Peers, side: Side, *steps: Step, **arguments: Any) -> Agent:
    return peers.agent(side, *steps, tools=[transfer, sign, photograph], **arguments)


def answers(result: Any, **responses: Any) -> list[Any]:
    """Answer the interrupts of a result that have these names."""
    return [
        {"interruptResponse": {"interruptId": asked.id, "response": responses[asked.name]}}
        for asked in result.interrupts
        if asked.name in responses
    ]


def results(agent: Agent) -> dict[str, Any]:
    """What the tools of the agent's last calls have given, by call."""
    blocks = [block for message in agent.messages for block in message["content"]]
    given = [block["toolResult"] for block in blocks if "toolResult" in block]
    return {result["toolUseId"]: result["content"] for result in given}


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_a_tool_that_asks_is_answered_in_another_process(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    asked = process(peers, sides[0], calls("transfer"))("send 7")
    assert asked.stop_reason == "interrupt"
    assert asked.interrupts is not None
    assert asked.interrupts[0].reason == {"amount": 7, "to": "é"}
    other = process(peers, sides[1], says("done"))
    assert texts(other.messages) == ["send 7", "<toolUse>"]
    done = other(answers(asked, agree="yes"))
    assert done.stop_reason == "end_turn"
    assert texts(other.messages) == ["send 7", "<toolUse>", "<toolResult>", "done"]
    assert results(other) == {"t1": [{"text": "moved: yes"}]}
    for side in ("ours", "theirs"):
        third = process(peers, side)
        assert third.messages == other.messages
        assert third("and now?").stop_reason == "end_turn"
        other = third


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_what_other_tools_gave_waits_too_and_none_runs_again(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    asked = process(peers, sides[0], both("photograph", "transfer"))("do both")
    assert RAN == ["photograph"]
    other = process(peers, sides[1], says("both done"))
    other(answers(asked, agree="yes"))
    assert RAN == ["photograph", "transfer"]
    image = {"image": {"format": "png", "source": {"bytes": PICTURE}}}
    assert results(other) == {"t1": [image], "t2": [{"text": "moved: yes"}]}
    assert process(peers, sides[0]).messages == other.messages


@pytest.mark.parametrize(
    "sides",
    [("ours", "theirs", "ours"), ("theirs", "ours", "theirs"), ("ours", "ours", "ours")],
    ids="-".join,
)
def test_of_two_questions_each_may_be_answered_in_a_process_of_its_own(
    peers: Peers, sides: tuple[Side, Side, Side]
) -> None:
    asked = process(peers, sides[0], both("transfer", "sign"))("do both")
    assert asked.interrupts is not None
    assert len(asked.interrupts) == 2
    still = process(peers, sides[1])(answers(asked, agree="yes"))
    assert still.stop_reason == "interrupt"
    assert still.interrupts is not None
    assert [interrupt.name for interrupt in still.interrupts] == ["name"]
    last = process(peers, sides[2], says("both done"))
    assert last(answers(still, name="é")).stop_reason == "end_turn"
    assert results(last) == {"t1": [{"text": "moved: yes"}], "t2": [{"text": "signed: é"}]}
    assert RAN == ["transfer", "sign"]


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
@pytest.mark.parametrize(("said", "ran"), [("yes", ["photograph"]), ("no", [])])
def test_a_hook_that_asks_is_answered_in_another_process(
    peers: Peers, sides: tuple[Side, Side], said: str, ran: list[str]
) -> None:
    asked = process(peers, sides[0], calls("photograph"), hooks=[Approval()])("take one")
    assert RAN == []
    other = process(peers, sides[1], says("so be it"), hooks=[Approval()])
    assert other(answers(asked, approval=said)).stop_reason == "end_turn"
    assert ran == RAN


def test_a_question_that_is_answered_is_not_stored_any_more(peers: Peers) -> None:
    asked = process(peers, "ours", calls("transfer"))("send 7")
    process(peers, "ours", says("done"))(answers(asked, agree="a secret word"))
    document = json.loads(peers.objects()["agents/agent_default/agent.json"])
    assert document["_internal_state"]["interrupt_state"] == {
        "interrupts": {}, "context": {}, "activated": False
    }  # fmt: skip


def test_an_agent_that_waits_refuses_anything_but_an_answer_after_a_restart(peers: Peers) -> None:
    process(peers, "ours", calls("transfer"))("send 7")
    with pytest.raises(TypeError, match="must resume from interrupt"):
        process(peers, "ours")("something else")
    assert len([key for key in peers.objects() if "/messages/" in key]) == 2
