"""Sessions that strands-agents' own managers have stored, and what an agent finds after a move."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.multiagent import GraphBuilder
from strands.session import FileSessionManager
from strands.session import S3SessionManager as StrandsS3SessionManager

from s3sessions import Sessions
from s3sessions.integrations.strands import S3SessionManager
from s3sessions.migration import migrate
from s3sessions.stores.memory import MemoryStore
from tests.integrations.strands.agents import agent_of, calls, clock, redacts, says, texts
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer


def speak(manager: Any) -> Any:
    """A conversation with a tool call, a redaction, a state and a window."""
    window = SlidingWindowConversationManager(window_size=6)
    steps = (calls("clock"), says("noon"), redacts(), says(), says())
    agent = agent_of(manager, *steps, tools=[clock], conversation_manager=window, name="Anna")
    agent.state.set("step", 3)
    for prompt in ("what time is it?", "a secret", "hello", "bye"):
        agent(prompt)
    return agent


def restored(manager: Any) -> Any:
    return agent_of(manager, conversation_manager=SlidingWindowConversationManager(window_size=6))


def run_graph(graph_id: str, manager: Any) -> None:
    """One run of a graph of one agent, stored by the manager."""
    builder = GraphBuilder().set_graph_id(graph_id).set_max_node_executions(3)
    builder.add_node(agent_of(None), "node")
    builder.set_session_manager(manager).build()("work")


def test_a_folder_of_strands_is_gone_on_with_where_it_ended(tmp_path: Path) -> None:
    speak(FileSessionManager("s", storage_dir=str(tmp_path)))
    theirs = restored(FileSessionManager("s", storage_dir=str(tmp_path)))
    sessions = Sessions(store=MemoryStore())
    report = migrate(tmp_path, sessions)
    assert [session.session_id for session in report.migrated] == ["s"]
    ours = restored(S3SessionManager("s", sessions=sessions))
    assert ours.messages == theirs.messages
    assert ours.state.get() == {"step": 3}
    assert ours.conversation_manager.removed_message_count > 0
    ours("one more")
    assert texts(sessions.open("s").restore().payloads)[-2] == "one more"
    assert [path.name for path in tmp_path.iterdir() if path.name[0] != "."] == [
        "session_s.migrated"
    ]


def test_every_message_comes_with_its_time_and_redacted_ones_stay_redacted(tmp_path: Path) -> None:
    speak(FileSessionManager("s", storage_dir=str(tmp_path)))
    sessions = Sessions(store=MemoryStore())
    migrate(tmp_path, sessions, keep=True)
    folder = tmp_path / "session_s" / "agents" / "agent_default" / "messages"
    stored = [
        json.loads((folder / f"message_{n}.json").read_text())
        for n in range(len(list(folder.iterdir())))
    ]
    history = sessions.open("s").restore()
    assert [message.created_at for message in history.messages] == [
        datetime.fromisoformat(message["created_at"]) for message in stored
    ]
    assert history.payloads == [m["redact_message"] or m["message"] for m in stored]
    assert "[redacted]" in texts(history.payloads)
    document = json.loads((tmp_path / "session_s" / "session.json").read_text())
    assert sessions.info("s").created_at == datetime.fromisoformat(document["created_at"])


def test_agents_and_graphs_of_one_session_come_together(tmp_path: Path) -> None:
    for name in ("anna", "ben"):
        agent_of(FileSessionManager("s", storage_dir=str(tmp_path)), agent_id=name)(f"I am {name}")
    run_graph("g", FileSessionManager("s", storage_dir=str(tmp_path)))
    path = tmp_path / "session_s" / "multi_agents" / "multi_agent_g" / "multi_agent.json"
    graph = json.loads(path.read_text())
    sessions = Sessions(store=MemoryStore())
    report = migrate(tmp_path / "session_s", sessions)
    assert report.failed == ()
    assert sessions.agents("s") == ("anna", "ben")
    assert texts(sessions.open("s", "ben").restore().payloads)[0] == "I am ben"
    assert sessions.multi_agent("s", "g").restore() == graph


def test_a_session_of_a_graph_alone_is_migrated_too(tmp_path: Path) -> None:
    manager = FileSessionManager("s", storage_dir=str(tmp_path))
    run_graph("g", manager)
    sessions = Sessions(store=MemoryStore())
    assert len(migrate(tmp_path, sessions).migrated) == 1
    assert sessions.multi_agents("s") == ("g",)
    assert sessions.info("s").created_at == datetime.fromisoformat(manager.session.created_at)


def test_a_message_that_cannot_be_read_is_named_and_the_rest_is_migrated(tmp_path: Path) -> None:
    agent_of(FileSessionManager("s", storage_dir=str(tmp_path)))("hello")
    messages = tmp_path / "session_s" / "agents" / "agent_default" / "messages"
    (messages / "message_0.json").write_bytes(b"")
    sessions = Sessions(store=MemoryStore())
    report = migrate(tmp_path, sessions)
    assert [damage.file for damage in report.damaged] == [
        "session_s/agents/agent_default/messages/message_0.json"
    ]
    assert len(sessions.open("s").restore().payloads) == 1


def test_a_session_that_nobody_spoke_in_is_skipped(tmp_path: Path) -> None:
    agent_of(FileSessionManager("s", storage_dir=str(tmp_path)))
    sessions = Sessions(store=MemoryStore())
    assert len(migrate(tmp_path, sessions).skipped) == 1
    assert list(sessions.list()) == []
    assert (tmp_path / "session_s").is_dir()


def test_a_prefix_of_strands_on_s3_is_read_and_not_touched(
    moto: MotoServer, moto_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = fresh_name()
    monkeypatch.setenv("S3SESSIONS_ENDPOINT_URL", moto.endpoint_url)
    theirs = StrandsS3SessionManager(
        "s", moto_bucket, prefix, region_name="us-east-1", endpoint_url=moto.endpoint_url
    )
    spoken = speak(theirs)
    url, sessions = f"s3://{moto_bucket}/{prefix}", Sessions(store=MemoryStore())
    with Sessions(url) as source:
        before = source.sizes()
        report = migrate(url, sessions)
        assert source.sizes() == before
    assert [session.source for session in report.migrated] == [f"{prefix}/session_s/"]
    assert restored(S3SessionManager("s", sessions=sessions)).messages == spoken.messages
    assert len(migrate(url, sessions).unchanged) == 1
