"""What an export for Strands holds, Strands' own session managers restore."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from strands.agent.conversation_manager import SummarizingConversationManager
from strands.session.file_session_manager import FileSessionManager

from s3sessions import InvalidSettings, S3SessionsError, Sessions, Settings, StoreUnavailable
from s3sessions.export import export_strands
from s3sessions.stores.local import LocalStore
from s3sessions.stores.memory import MemoryStore
from tests.export.places import memory, objects, sample
from tests.integrations.strands.agents import agent_in, agent_of, texts
from tests.interop.strands_peers import Peers
from tests.interposed import Interposed


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def restored(folder: Path, session_id: str = "s", **arguments: Any) -> Any:
    return agent_of(FileSessionManager(session_id, storage_dir=str(folder)), **arguments)


def names(folder: Path) -> list[str]:
    """The files that Strands knows of; the store keeps a folder of its own at the top."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if not name.startswith(".s3sessions/"))


def test_an_agent_goes_on_from_an_export(tmp_path: Path) -> None:
    sessions = memory()
    agent = agent_in(sessions)
    agent("hello")
    agent.state.set("step", 2)
    agent("again")
    report = export_strands(sessions, tmp_path.as_uri())
    assert (report.sessions, report.conversations, report.messages) == (1, 1, 4)
    assert (report.dropped, report.refused, report.corrupt) == ({}, (), ())
    theirs = restored(tmp_path)
    assert theirs.messages == agent.messages
    assert theirs.state.get("step") == 2
    theirs("and on")
    assert texts(restored(tmp_path).messages)[4] == "and on"
    assert names(tmp_path)[-1] == "session_s/session.json"


def test_only_what_is_visible_is_there_and_numbered_without_gaps(tmp_path: Path) -> None:
    sessions = memory()
    chat = sessions.open("s")
    for number in range(4):
        chat.append(user(f"old {number}"))
    chat.append_many([user("one"), {"role": "user", "content": "two"}, {"type": "checkpoint"}])
    chat.append(user("three"))
    chat.summarize("They said old things.", keep_last=4)
    report = export_strands(sessions, tmp_path.as_uri())
    assert texts(restored(tmp_path).messages) == ["one", "two", "three"]
    messages = "session_s/agents/agent_default/messages"
    assert [name for name in names(tmp_path) if "messages" in name] == [
        f"{messages}/message_{number}.json" for number in range(3)
    ]
    document = json.loads((tmp_path / f"{messages}/message_1.json").read_bytes())
    assert document.keys() == {
        *("message", "message_id", "redact_message", "created_at", "updated_at")
    }
    assert report.dropped == {"message of no known shape": 1, "summary": 1}


def test_what_a_conversation_manager_had_dropped_is_there_again(tmp_path: Path) -> None:
    sessions = memory()

    def manager() -> Any:
        return SummarizingConversationManager(summary_ratio=0.5, preserve_recent_messages=1)

    agent = agent_in(sessions)
    agent.conversation_manager = manager()
    for text in ("a", "b", "c"):
        agent(text)
    agent.conversation_manager.reduce_context(agent)
    agent("d")
    export_strands(sessions, tmp_path.as_uri())
    theirs = restored(tmp_path, conversation_manager=manager())
    stored = sessions.open("s").restore().payloads
    assert texts(theirs.messages) == texts(stored)
    assert len(stored) >= 8
    assert theirs.conversation_manager.removed_message_count == 0


def test_strands_reads_an_export_on_s3(peers: Peers) -> None:
    sessions = memory()
    sessions.open("s", "one").append(user("é\u2028"))
    image = {"image": {"format": "png", "source": {"bytes": bytes(range(256))}}}
    sessions.open("s", "two").append({"role": "user", "content": [image]})
    settings = Settings(
        url=f"s3://{peers.bucket}/{peers.prefix}",
        endpoint_url=peers.endpoint_url,
        region="us-east-1",
    )
    export_strands(sessions, settings=settings)
    manager = peers.manager("theirs")
    assert texts(agent_of(manager, agent_id="one").messages) == ["é\u2028"]
    assert agent_of(manager, agent_id="two").messages[0]["content"] == [image]


def test_real_conversations_are_restored_by_strands(tmp_path: Path) -> None:
    sessions = memory()
    rows = {str(number): row["messages"] for number, row in enumerate(sample())}
    for session_id, messages in rows.items():
        sessions.open(session_id).append_many(messages)
    report = export_strands(sessions, tmp_path.as_uri(), width=4)
    # Two are in shapes of their own: the one has no roles, the other blocks of nobody else.
    assert (report.sessions, report.refused) == (len(rows) - 2, ())
    assert report.dropped["agent without messages"] == 2
    for session_id, messages in rows.items():
        if (tmp_path / f"session_{session_id}").exists():
            said = [message for message in messages if message["role"] != "system"]
            theirs = restored(tmp_path, session_id).messages
            assert 0 < len(theirs) <= len(said)
            assert all(isinstance(message["content"], list) for message in theirs)


@pytest.mark.parametrize("session_id", ["a/b", "a\\b", "a\nb"])
def test_an_id_that_strands_does_not_take_is_refused_by_name(session_id: str) -> None:
    sessions, there = memory(), MemoryStore()
    sessions.open(session_id).append(user("x"))
    sessions.open("good").append(user("x"))
    report = export_strands(sessions, store=there)
    assert [repr(session_id) in each.reason for each in report.refused] == [True]
    assert (report.sessions, len(objects(there))) == (1, 3)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_nothing_at_the_destination_is_overwritten(tmp_path: Path, count: int) -> None:
    sessions = memory()
    sessions.open("s").append_many([user("ours")] * count)
    sessions.open("t").append(user("ours"))
    restored(tmp_path, "s")("theirs")
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    report = export_strands(sessions, tmp_path.as_uri())
    assert [each.key.split("/")[0] for each in report.refused] == ["session_s"]
    assert report.sessions == 1
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert texts(restored(tmp_path, "t").messages) == ["ours"]


def test_an_export_that_was_cut_off_goes_on_and_a_second_one_changes_nothing() -> None:
    sessions = memory()
    for session_id in "st":
        for text in "abc":
            sessions.open(session_id).append(user(text))
    whole = MemoryStore()
    export_strands(sessions, store=whole)
    for last in range(12):
        there = MemoryStore()
        left = [last]

        def dying(verb: str, key: str, call: Callable[[], Any], left: list[int] = left) -> Any:
            if verb == "put":
                left[0] -= 1
                if left[0] < 0:
                    raise StoreUnavailable("no answer", key=key)
            return call()

        try:
            export_strands(sessions, store=Interposed(there, dying), width=1)
        except S3SessionsError:
            found = objects(there)
            for session_id in "st":
                of_it = [key for key in found if key.startswith(f"session_{session_id}/")]
                assert f"session_{session_id}/session.json" not in of_it or len(of_it) == 5
        again = export_strands(sessions, store=there)
        assert (again.sessions, again.refused) == (2, ())
        assert objects(there) == objects(whole)


def test_an_export_without_a_destination_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="no destination"):
        export_strands(memory())


def test_an_agent_without_messages_is_none_of_strands(tmp_path: Path) -> None:
    sessions = Sessions(store=LocalStore(tmp_path / "here"))
    sessions.open("s", "empty").save_state({"step": 1})
    sessions.open("s", "spoken").append(user("x"))
    sessions.open("t").save_state({"step": 1})
    report = export_strands(sessions, (tmp_path / "there").as_uri())
    assert (report.sessions, report.conversations) == (1, 1)
    assert not (tmp_path / "there" / "session_t").exists()
