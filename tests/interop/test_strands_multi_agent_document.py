"""The document of a graph or a swarm: what Strands makes of ours, and what we make of its."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from typing import Any, TypeAlias

import pytest
from strands import Agent
from strands.models.model import Model
from strands.multiagent import GraphBuilder, Swarm
from strands.session.s3_session_manager import S3SessionManager
from strands.types.session import decode_bytes_values

from s3sessions import Conflict, Sessions
from tests.rig import fresh_name
from tests.servers.s3_stub import Stub

IMAGE = bytes(range(256))
TASK: Any = [{"text": "look"}, {"image": {"format": "png", "source": {"bytes": IMAGE}}}]

Place: TypeAlias = tuple[str, str, str]


class Node(Model):
    """A model that answers offline, or fails; it keeps what it was asked."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.asked: list[Any] = []

    def update_config(self, **model_config: Any) -> None:
        """Nothing can be configured."""

    def get_config(self) -> dict[str, Any]:
        return {}

    async def structured_output(
        self, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        yield {}

    async def stream(self, messages: Any, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        self.asked.append(messages)
        if self.fails:
            raise RuntimeError("the process died here")
        yield {"messageStart": {"role": "assistant"}}
        yield {"contentBlockStart": {"start": {}}}
        yield {"contentBlockDelta": {"delta": {"text": "done"}}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "end_turn"}}


def graph(first: Node, second: Node, manager: Any = None) -> Any:
    builder = GraphBuilder()
    builder.add_node(agent("a", first), "a")
    builder.add_node(agent("b", second), "b")
    builder.add_edge("a", "b")
    builder.set_graph_id("g")
    builder.set_max_node_executions(9)
    if manager is not None:
        builder.set_session_manager(manager)
    return builder.build()


def swarm(first: Node, second: Node, manager: Any = None) -> Any:
    nodes = [agent("a", first), agent("b", second)]
    return Swarm(nodes, id="g", entry_point=nodes[1], session_manager=manager)


def agent(name: str, model: Model) -> Agent:
    return Agent(model=model, name=name, agent_id=name, callback_handler=None)


Make: TypeAlias = Callable[..., Any]
KINDS = pytest.mark.parametrize("make", [graph, swarm])


@pytest.fixture
def place(stub: Stub, stub_bucket: str) -> Place:
    return stub.endpoint_url, stub_bucket, fresh_name()


def theirs(place: Place) -> S3SessionManager:
    endpoint, bucket, prefix = place
    return S3SessionManager("s", bucket, prefix, region_name="us-east-1", endpoint_url=endpoint)


def ours(place: Place) -> Sessions:
    endpoint, bucket, prefix = place
    return Sessions(f"s3://{bucket}/{prefix}", endpoint_url=endpoint, region="us-east-1")


def interrupted(make: Make, manager: Any = None) -> Any:
    """Give one of which `b` could not end."""
    multi_agent = make(Node(), Node(fails=True), manager)
    with suppress(RuntimeError):
        multi_agent(TASK)
    return multi_agent


def state_of(multi_agent: Any) -> dict[str, Any]:
    """Give its state with bytes as bytes, as it is to be saved."""
    state: dict[str, Any] = decode_bytes_values(multi_agent.serialize_state())
    return state


@KINDS
def test_what_we_saved_is_resumed_by_strands(place: Place, make: Make) -> None:
    state = {**state_of(interrupted(make)), "status": "executing", "next_nodes_to_execute": ["b"]}
    with ours(place) as sessions:
        sessions.multi_agent("s", "g").save(state)
    first, second = Node(), Node()
    resumed = make(first, second, theirs(place))
    resumed("is not asked")
    assert first.asked == []
    assert len(second.asked) == 1
    assert resumed.state.task == TASK


@KINDS
def test_what_strands_saved_is_restored_by_us(place: Place, make: Make) -> None:
    multi_agent = interrupted(make, theirs(place))
    with ours(place) as sessions:
        assert sessions.multi_agents("s") == ("g",)
        handle = sessions.multi_agent("s", "g")
        body = handle.restore()
        assert body is not None
        assert body["id"] == "g"
        assert body["current_task"] == TASK
        assert body.keys() == multi_agent.serialize_state().keys()
        handle.save({**body, "status": "completed", "next_nodes_to_execute": []})
        assert list(sessions.doctor("s")) == []


@KINDS
def test_our_stamp_is_nothing_to_either_kind(place: Place, make: Make) -> None:
    state = interrupted(make).serialize_state()
    plain, stamped = make(Node(), Node()), make(Node(), Node())
    plain.deserialize_state(state)
    stamped.deserialize_state({**state, "s3sessions": {"v": 1, "write_id": "01J"}})
    assert stamped.serialize_state() == plain.serialize_state()


def test_a_document_that_strands_wrote_in_between_is_a_conflict(place: Place) -> None:
    with ours(place) as sessions:
        handle = sessions.multi_agent("s", "g")
        handle.save(state_of(graph(Node(), Node())))
        graph(Node(), Node(), theirs(place))("go")
        with pytest.raises(Conflict):
            handle.save({"status": "ours"})
        body = handle.restore()
        assert body is not None
        assert body["status"] == "completed"
