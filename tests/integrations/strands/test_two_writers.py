"""Two processes that speak in one session: nothing of either is overwritten."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from strands import Agent
from strands.multiagent import GraphBuilder
from strands.multiagent.base import MultiAgentBase
from strands.types.exceptions import EventLoopException, SessionException

from s3sessions import AppendConflict, Conflict, Sessions
from s3sessions.integrations.strands import S3SessionManager
from tests.integrations.strands.agents import ANSWER, Scripted, agent_of, texts
from tests.integrations.strands.shared_store import TIMEOUT, SharedStore
from tests.rig import fresh_name
from tests.servers.weed import Weed


@pytest.fixture(params=["sync", "async"])
def shared(request: pytest.FixtureRequest) -> SharedStore:
    shared = SharedStore(request.param)
    shared.agent()("hello")
    return shared


def restored(shared: SharedStore, *steps: Any, **options: Any) -> tuple[S3SessionManager, Agent]:
    """A process that has read the history, and does not look again."""
    manager = shared.manager(**options)
    agent = agent_of(manager, *steps)
    assert len(agent.messages) == 2
    return manager, agent


def test_a_process_whose_agent_is_stale_is_told_at_its_first_message(shared: SharedStore) -> None:
    (_, first), (_, second) = restored(shared), restored(shared)
    first("one")
    before = shared.stored()
    with pytest.raises(AppendConflict, match="another writer") as caught:
        second("two")
    assert isinstance(caught.value, SessionException)
    assert [texts([message.payload]) for message in caught.value.messages] == [["one"], [ANSWER]]
    assert shared.stored() == before
    model: Any = second.model
    assert model.heard == []


def test_it_is_told_again_until_it_is_restored_and_then_goes_on(shared: SharedStore) -> None:
    (_, first), (manager, second) = restored(shared), restored(shared)
    first("one")
    for _ in range(2):
        with pytest.raises(AppendConflict):
            second("two")
    manager.restore(second)
    assert second.messages == shared.stored()
    second("two")
    assert shared.stored_texts() == ["hello", ANSWER, "one", ANSWER, "two", ANSWER]
    assert second.messages == shared.stored()
    with pytest.raises(AppendConflict):
        first("three")


def test_a_process_that_is_overtaken_in_the_middle_of_its_turn_is_told(shared: SharedStore) -> None:
    _, first = restored(shared)

    def be_overtaken() -> None:
        shared.agent()("one")

    manager, second = restored(shared, be_overtaken)
    with pytest.raises(EventLoopException) as caught:
        second("two")
    # Strands wraps what is raised when a model's message is added.
    assert isinstance(caught.value.original_exception, AppendConflict)
    assert shared.stored_texts() == ["hello", ANSWER, "two", "one", ANSWER]
    manager.restore(second)
    assert second.messages == shared.stored()
    with pytest.raises(AppendConflict):
        first("three")


def test_those_who_rebase_append_behind_each_other(shared: SharedStore) -> None:
    _, first = restored(shared, on_conflict="rebase")
    _, second = restored(shared, on_conflict="rebase")
    for n in range(2):
        first(f"one {n}")
        second(f"two {n}")
    said = [text for text in shared.stored_texts() if text != ANSWER]
    assert said == ["hello", "one 0", "two 0", "one 1", "two 1"]
    assert len(shared.stored()) == 2 + 8


def test_of_those_who_speak_at_once_one_is_heard(weed: Weed, weed_bucket: str) -> None:
    prefix, together = fresh_name(), threading.Barrier(4)
    reached: dict[str, Any] = {"endpoint_url": weed.endpoint_url, "region_name": "us-east-1"}
    outcomes: list[BaseException | None] = []

    def agent() -> Agent:
        manager = S3SessionManager("s", weed_bucket, prefix, **reached)
        return agent_of(manager)

    def speak(agent: Agent, text: str) -> None:
        together.wait(TIMEOUT)
        try:
            agent(text)
        except (SessionException, EventLoopException) as error:
            outcomes.append(getattr(error, "original_exception", error))
        else:
            outcomes.append(None)

    agent()("hello")
    agents = [agent() for _ in range(4)]
    assert all(len(agent.messages) == 2 for agent in agents)
    said = [f"from {n}" for n in range(4)]
    threads = [threading.Thread(target=speak, args=pair) for pair in zip(agents, said, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    conflicts = [outcome for outcome in outcomes if outcome is not None]
    assert [type(conflict).__name__ for conflict in conflicts] == ["AppendConflict"] * 3
    sessions = Sessions(f"s3://{weed_bucket}/{prefix}", endpoint_url=weed.endpoint_url)
    with sessions:
        stored = texts(sessions.open("s").restore().payloads)
    assert stored[:2] == ["hello", ANSWER]
    assert stored[3:] == [ANSWER]
    assert stored[2] in said


def test_state_that_two_processes_set_is_merged_key_by_key(shared: SharedStore) -> None:
    (first_manager, first), (second_manager, second) = restored(shared), restored(shared)
    first.state.set("first", 1)
    first_manager.sync_agent(first)
    second.state.set("second", 2)
    second_manager.sync_agent(second)
    assert shared.state() == {"first": 1, "second": 2}
    first.state.set("both", "first")
    first_manager.sync_agent(first)
    second.state.set("both", "second")
    second.state.delete("second")
    second_manager.sync_agent(second)
    assert shared.state() == {"first": 1, "both": "second"}


def test_what_another_process_dropped_from_the_state_does_not_come_back(
    shared: SharedStore,
) -> None:
    first_manager, first = restored(shared)
    first.state.set("a", 1)
    first_manager.sync_agent(first)
    second_manager, second = restored(shared)
    first.state.delete("a")
    first_manager.sync_agent(first)
    second.state.set("b", 2)
    second_manager.sync_agent(second)
    assert shared.state() == {"b": 2}


def graph(manager: S3SessionManager, *steps: Any) -> MultiAgentBase:
    """A graph of two nodes that answer one after the other."""
    builder = GraphBuilder()
    for name in ("a", "b"):
        node = Agent(name=name, model=Scripted(*steps), callback_handler=None)
        builder.add_node(node, name)
    builder.add_edge("a", "b")
    builder.set_entry_point("a")
    builder.set_graph_id("g")
    builder.set_max_node_executions(2)
    builder.set_session_manager(manager)
    return builder.build()


def test_a_graph_that_two_processes_run_is_a_conflict_and_can_be_restored(
    shared: SharedStore,
) -> None:
    def stored() -> Any:
        return Sessions(store=shared.store).multi_agent("s", "g").restore()

    graph(shared.manager())("begin")
    first, manager = graph(shared.manager()), shared.manager()
    second = graph(manager)
    first("one")
    with pytest.raises(Conflict, match="another") as caught:
        second("two")
    assert isinstance(caught.value, SessionException)
    assert stored()["current_task"] == "one"
    manager.initialize_multi_agent(second)
    second("three")
    assert stored()["current_task"] == "three"
