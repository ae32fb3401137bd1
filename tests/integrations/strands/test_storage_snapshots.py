"""Strands' SnapshotSessionManager on this storage: turns, restarts, time travel, two processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from strands import Agent
from strands.experimental.context_manager import ContextManager
from strands.multiagent import GraphBuilder
from strands.session import SnapshotSessionManager

from s3sessions import Conflict, Sessions
from s3sessions.integrations.strands import S3SessionsStorage
from s3sessions.stores.memory import MemoryStore
from tests.integrations.strands.storages import StoragePlace, agent_on, run, texts
from tests.interop.test_strands import Echo
from tests.rig import Rig

SNAPSHOTS = "session/order-42/scopes/agent/default/snapshots/"
ANSWER = "hello from Strands"


def test_an_agent_goes_on_after_a_restart(storage_place: StoragePlace) -> None:
    agent = agent_on(storage_place.storage())
    agent.state.set("step", 1)
    agent("first")
    agent("second")
    restarted = agent_on(storage_place.storage())
    assert texts(restarted) == ["first", ANSWER, "second", ANSWER]
    assert restarted.state.get() == {"step": 1}
    restarted("third")
    assert texts(agent_on(storage_place.storage()))[-2:] == ["third", ANSWER]
    assert storage_place.rig.keys() == [SNAPSHOTS + "snapshot_latest.json"]


def test_an_agent_may_save_each_message(storage_place: StoragePlace) -> None:
    agent = agent_on(storage_place.storage(), save_latest_on="message")
    agent("first")
    agent("second")
    assert len(texts(agent_on(storage_place.storage()))) == 4


def test_an_agent_goes_back_to_an_earlier_snapshot(storage_place: StoragePlace) -> None:
    def always(*, agent_data: Any, **_: Any) -> bool:
        return True

    manager = SnapshotSessionManager(
        "order-42", storage=storage_place.storage(), snapshot_trigger=always
    )
    agent = Agent(model=Echo(), session_manager=manager, callback_handler=None)
    agent("first")
    agent("second")
    snapshots = run(manager.list_snapshot_ids(agent))
    assert len(snapshots) == 2
    assert run(manager.restore_snapshot(agent, snapshot_id=snapshots[0]))
    assert texts(agent) == ["first", ANSWER]
    agent("another second")
    assert texts(agent_on(storage_place.storage())) == ["first", ANSWER, "another second", ANSWER]
    assert len(run(manager.list_snapshot_ids(agent))) == 3


def test_a_deleted_session_leaves_nothing_and_begins_anew(storage_place: StoragePlace) -> None:
    storage = storage_place.storage()
    agent_on(storage, "order-43")("stays")
    agent = agent_on(storage)
    agent("first")
    manager = SnapshotSessionManager("order-42", storage=storage)
    run(manager.save_snapshot(agent, is_latest=False))
    run(manager.delete_session())
    assert [key.split("/")[1] for key in storage_place.rig.keys()] == ["order-43"]
    assert agent_on(storage).messages == []
    agent("again")
    assert texts(agent_on(storage_place.storage()))[-2:] == ["again", ANSWER]


def test_of_two_processes_the_second_is_told_and_nothing_is_lost(
    storage_place: StoragePlace,
) -> None:
    agent_on(storage_place.storage())("first")
    here, there = agent_on(storage_place.storage()), agent_on(storage_place.storage())
    here("from here")
    with pytest.raises(Conflict):
        there("from there")
    assert texts(agent_on(storage_place.storage())) == ["first", ANSWER, "from here", ANSWER]
    again = agent_on(storage_place.storage())
    again("from there")
    assert texts(agent_on(storage_place.storage()))[-4:] == [
        "from here",
        ANSWER,
        "from there",
        ANSWER,
    ]


def test_of_two_processes_that_begin_a_session_one_does(storage_place: StoragePlace) -> None:
    here, there = agent_on(storage_place.storage()), agent_on(storage_place.storage())
    here("from here")
    with pytest.raises(Conflict):
        there("from there")
    assert texts(agent_on(storage_place.storage())) == ["from here", ANSWER]


def test_two_agents_of_one_process_are_told_of_each_other(storage_place: StoragePlace) -> None:
    storage = storage_place.storage()
    here, there = (agent_on(storage.namespace("session")) for _ in range(2))
    here("from here")
    with pytest.raises(Conflict):
        there("from there")
    # The same keys as without a namespace of the caller's.
    assert texts(agent_on(storage)) == ["from here", ANSWER]


def test_a_process_that_works_on_a_deleted_session_does_not_bring_it_back(
    storage_place: StoragePlace,
) -> None:
    agent = agent_on(storage_place.storage())
    agent("first")
    run(SnapshotSessionManager("order-42", storage=storage_place.storage()).delete_session())
    with pytest.raises(Conflict):
        agent("second")
    assert storage_place.rig.keys() == []


def test_the_last_writer_wins_where_that_is_wanted(storage_place: StoragePlace) -> None:
    here, there = (agent_on(storage_place.storage(on_conflict="overwrite")) for _ in range(2))
    here("from here")
    there("from there")
    assert texts(agent_on(storage_place.storage())) == ["from there", ANSWER]


def graph_on(storage_place: StoragePlace) -> Any:
    builder = GraphBuilder()
    for name in ("plan", "act"):
        builder.add_node(Agent(name=name, model=Echo(), callback_handler=None), name)
    builder.add_edge("plan", "act")
    builder.set_graph_id("pipeline")
    builder.set_max_node_executions(10)
    builder.set_session_manager(SnapshotSessionManager("order-42", storage=storage_place.storage()))
    return builder.build()


def test_a_graph_is_saved_and_two_of_it_are_told_of_each_other(storage_place: StoragePlace) -> None:
    here, there = graph_on(storage_place), graph_on(storage_place)
    assert run(here.invoke_async("go")).status.value == "completed"
    (key,) = storage_place.rig.keys()
    assert key == "session/order-42/scopes/multiAgent/pipeline/snapshots/snapshot_latest.json"
    # It reads before it runs, so it goes on from what is there.
    run(there.invoke_async("go"))
    with pytest.raises(Conflict):
        run(here.invoke_async("go"))


@pytest.mark.filterwarnings("ignore:context_window_limit")
@pytest.mark.parametrize(("url", "location"), [("memory://", "inline"), ("file://", "external")])
def test_what_a_stash_holds_in_memory_goes_into_the_snapshot(
    tmp_path: Path, url: str, location: str
) -> None:
    stash = S3SessionsStorage(url if url == "memory://" else f"{url}{tmp_path}")
    with stash, S3SessionsStorage(store=MemoryStore()) as storage:
        agent = Agent(
            model=Echo(),
            session_manager=SnapshotSessionManager("order-42", storage=storage),
            context_manager=ContextManager(stash={"storage": stash}),
            callback_handler=None,
        )
        agent("first")
        (key,) = run(storage.list())
        snapshot = json.loads(run(storage.read(key)) or b"")
    assert snapshot["data"]["stash"]["location"] == location


def test_snapshots_stand_beside_sessions_and_neither_sees_the_other(
    storage_place: StoragePlace,
) -> None:
    agent_on(storage_place.storage())("first")
    with sessions_on(storage_place.rig) as sessions:
        sessions.open("chat").append({"role": "user", "content": "hello"})
        assert [found.id for found in sessions.list()] == ["chat"]
        assert list(sessions.doctor()) == []
        sessions.delete("chat")
    assert texts(agent_on(storage_place.storage())) == ["first", ANSWER]


def sessions_on(rig: Rig) -> Any:
    store: dict[str, Any] = {} if rig.url else {"store": rig.raw}
    return Sessions(rig.url, **store, **rig.options)
