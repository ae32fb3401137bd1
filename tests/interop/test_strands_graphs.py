"""Graphs and swarms that one process left in the middle are ended by another, of either side."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from strands import Agent, ToolContext, tool
from strands.hooks import AfterNodeCallEvent
from strands.multiagent import GraphBuilder, Swarm
from strands.multiagent.base import Status

from tests.integrations.strands.agents import Scripted, Step, calls, says, texts
from tests.interop.strands_peers import PAIRS, Peers, Side

PICTURE = bytes(range(256))
TASK: Any = [{"text": "look"}, {"image": {"format": "png", "source": {"bytes": PICTURE}}}]
BESIDE = ("a", "b", "c")


@tool(context=True)
def approve(tool_context: ToolContext) -> str:
    """Ask somebody."""
    return f"said {tool_context.interrupt('approval', reason='may it?')}"


def node(name: str, *steps: Step) -> Agent:
    return Agent(
        model=Scripted(*steps), name=name, agent_id=name, tools=[approve], callback_handler=None
    )


def graph(manager: Any, *, beside: list[list[Step]] | None = None, end: list[Step]) -> Any:
    """Three nodes beside each other, and one that waits for them all."""
    builder = GraphBuilder()
    for name, steps in zip(BESIDE, beside or [[], [], []], strict=True):
        builder.add_node(node(name, *steps), name)
        builder.set_entry_point(name)
    builder.add_node(node("end", *end), "end")
    for name in BESIDE:
        builder.add_edge(name, "end", condition=all_are_done)
    builder.set_graph_id("g")
    builder.set_max_node_executions(9)
    builder.set_session_manager(manager)
    return builder.build()


def all_are_done(state: Any) -> bool:
    return {"a", "b", "c"} <= {done.node_id for done in state.completed_nodes}


def swarm(manager: Any, a: list[Step], b: list[Step]) -> Any:
    nodes = [node("a", *a), node("b", *b)]
    return Swarm(nodes, id="g", entry_point=nodes[0], session_manager=manager)


def heard(multi_agent: Any) -> dict[str, int]:
    """How often each node's model was called."""
    return {name: len(found.executor.model.heard) for name, found in multi_agent.nodes.items()}


def kill_here(peers: Peers, left: dict[str, bytes]) -> Step:
    """What the store holds now is what it will hold: the process dies as it calls its model."""

    def look() -> None:
        left.update(peers.objects())

    return look


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_nodes_that_end_at_the_same_time_are_all_stored(peers: Peers, side: Side) -> None:
    together = asyncio.Barrier(len(BESIDE))

    async def meet() -> None:
        await together.wait()

    ran = graph(peers.manager("ours"), beside=[[meet]] * 3, end=[says("joined")])
    assert asyncio.run(ran.invoke_async(TASK)).status is Status.COMPLETED
    body = peers.manager(side).session_repository.read_multi_agent("s", "g")
    body.pop("s3sessions", None)
    assert body["status"] == "completed"
    assert set(body["completed_nodes"]) == {*BESIDE, "end"}
    assert body["node_results"].keys() == ran.serialize_state()["node_results"].keys()


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_a_graph_whose_process_was_killed_runs_what_is_left_with_what_was_there(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    left: dict[str, bytes] = {}
    beside: list[list[Step]] = [[says(f"of {name}")] for name in BESIDE]
    dying = graph(peers.manager(sides[0]), beside=beside, end=[kill_here(peers, left)])
    dying(TASK)
    peers.put_back(left)
    resumed = graph(peers.manager(sides[1]), end=[says("joined")])
    result = resumed("is not asked")
    assert result.status is Status.COMPLETED
    assert heard(resumed) == {"a": 0, "b": 0, "c": 0, "end": 1}
    assert resumed.state.task == TASK
    asked = resumed.nodes["end"].executor.model.heard[0][0]["content"]
    assert TASK[1] in asked
    assert all(any(f"of {name}" in block.get("text", "") for block in asked) for name in BESIDE)
    again = graph(peers.manager(sides[0]), end=[])
    again(TASK)
    assert heard(again) == {"a": 1, "b": 1, "c": 1, "end": 1}


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_of_nodes_beside_each_other_only_those_that_had_not_ended_run_again(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    ended = asyncio.Semaphore(0)

    async def fail_last() -> None:
        await ended.acquire()
        await ended.acquire()
        raise RuntimeError("the model is out")

    beside: list[list[Step]] = [[says("of a")], [says("of b")], [fail_last]]
    dying = graph(peers.manager(sides[0]), beside=beside, end=[])
    dying.hooks.add_callback(AfterNodeCallEvent, lambda event: ended.release())
    with pytest.raises(RuntimeError, match="out"):
        dying("look")
    resumed = graph(peers.manager(sides[1]), end=[])
    resumed("look")
    assert heard(resumed) == {"a": 0, "b": 0, "c": 1, "end": 1}


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_a_graph_that_waits_for_an_answer_waits_in_the_store(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    beside: list[list[Step]] = [[says("of a")], [calls("approve")], [says("of c")]]
    asked = graph(peers.manager(sides[0]), beside=beside, end=[])("look")
    assert asked.status is Status.INTERRUPTED
    resumed = graph(peers.manager(sides[1]), beside=[[], [says("of b")], []], end=[])
    answer = {"interruptId": asked.interrupts[0].id, "response": "yes"}
    assert resumed([{"interruptResponse": answer}]).status is Status.COMPLETED
    assert heard(resumed) == {"a": 0, "b": 1, "c": 0, "end": 1}
    b = resumed.nodes["b"].executor
    assert texts(b.messages)[1:] == ["<toolUse>", "<toolResult>", "of b"]
    assert b.messages[2]["content"][0]["toolResult"]["content"] == [{"text": "said yes"}]


def test_a_picture_that_a_waiting_node_was_shown_is_there_when_it_goes_on(peers: Peers) -> None:
    beside: list[list[Step]] = [[], [calls("approve")], []]
    asked = graph(peers.manager("ours"), beside=beside, end=[])(TASK)
    resumed = graph(peers.manager("ours"), end=[])
    answer = {"interruptId": asked.interrupts[0].id, "response": "yes"}
    resumed([{"interruptResponse": answer}])
    assert resumed.nodes["b"].executor.messages[0]["content"] == TASK


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_a_swarm_whose_process_was_killed_goes_on_with_the_node_that_had_the_word(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    left: dict[str, bytes] = {}
    hand_over = '{"agent_name": "b", "message": "your turn", "context": {"é": 1}}'
    passes: list[Step] = [calls("handoff_to_agent", arguments=hand_over), says("of a")]
    swarm(peers.manager(sides[0]), passes, [kill_here(peers, left)])(TASK)
    peers.put_back(left)
    resumed = swarm(peers.manager(sides[1]), [], [says("of b")])
    result = resumed("is not asked")
    assert result.status is Status.COMPLETED
    assert heard(resumed) == {"a": 0, "b": 1}
    assert [done.node_id for done in result.node_history] == ["a", "b"]
    asked = resumed.nodes["b"].executor.model.heard[0][0]["content"]
    assert TASK[1] in asked
    assert any("your turn" in block.get("text", "") for block in asked)


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_a_swarm_that_waits_for_an_answer_waits_in_the_store(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    asked = swarm(peers.manager(sides[0]), [calls("approve")], [])("look")
    assert asked.status is Status.INTERRUPTED
    resumed = swarm(peers.manager(sides[1]), [says("of a")], [])
    answer = {"interruptId": asked.interrupts[0].id, "response": "yes"}
    assert resumed([{"interruptResponse": answer}]).status is Status.COMPLETED
    assert heard(resumed) == {"a": 1, "b": 0}
