"""What restoring, iterating and reading promise, on every store and in both colours."""

from __future__ import annotations

import json

import pytest

from s3sessions import (
    CorruptObject,
    InvalidId,
    InvalidSettings,
    TooManyMessages,
    UnsupportedVersion,
)
from tests.rig import Rig

MESSAGES = "session_s/agents/agent_default/messages"


def fill(rig: Rig, count: int, session: str = "s") -> list[dict[str, int]]:
    chat = rig.sessions().open(session)
    payloads = [{"n": n} for n in range(count)]
    for payload in payloads:
        chat.append(payload)
    return payloads


def test_a_session_that_nobody_spoke_in_restores_empty(rig: Rig) -> None:
    history = rig.sessions().open("never").restore()
    assert history.messages == []
    assert history.state == {}
    assert history.next_index == 0
    assert rig.keys() == []


def test_the_last_messages_are_restored_without_reading_the_others(rig: Rig) -> None:
    payloads = fill(rig, 25)
    chat = rig.sessions().open("s")
    assert chat.restore(last=20).payloads == payloads[5:]
    assert chat.requests.by_verb == {"list": 1, "get": 22}
    assert chat.append({"n": 25}).index == 25
    assert rig.sessions().open("s").restore(last=99).payloads == [*payloads, {"n": 25}]
    assert rig.sessions().open("s").restore(last=0).payloads == []


def test_a_history_over_the_limit_is_refused_before_any_message_is_read(rig: Rig) -> None:
    fill(rig, 5)
    chat = rig.sessions().open("s")
    with pytest.raises(TooManyMessages, match="history has 5 messages") as caught:
        chat.restore(max_messages=4)
    assert (caught.value.count, caught.value.limit) == (5, 4)
    assert chat.requests.by_verb == {"list": 1}
    assert len(chat.restore(max_messages=5).messages) == 5
    assert len(chat.restore(last=2, max_messages=4).messages) == 2


def test_a_history_of_twenty_thousand_is_refused_for_its_lists_and_its_end_is_offered(
    memory_rig: Rig,
) -> None:
    for n in range(20_001):
        memory_rig.plant(f"{MESSAGES}/message_{n}.json", b'{"message":{"n":%d}}' % n)
    chat = memory_rig.sessions().open("s")
    with pytest.raises(TooManyMessages, match="last=") as caught:
        chat.restore(max_messages=20_000)
    assert (caught.value.count, caught.value.limit) == (20_001, 20_000)
    # One for each 1,000 keys, and three of what was listed at once.
    assert chat.requests.by_verb == {"list": 24}
    assert [payload["n"] for payload in chat.restore(last=2).payloads] == [19_999, 20_000]


def test_iterating_gives_every_message_a_window_at_a_time(rig: Rig) -> None:
    payloads = fill(rig, 10)
    chat = rig.sessions(width=3).open("s")
    messages = chat.iterate()
    assert next(messages).payload == {"n": 0}
    assert chat.requests.by_verb == {"list": 1, "get": 1 + 3}
    assert [m.payload for m in messages] == payloads[1:]
    assert [m.index for m in chat.iterate(start=4, stop=7)] == [4, 5, 6]


def test_iterating_over_nothing_gives_nothing(rig: Rig) -> None:
    assert list(rig.sessions().open("never").iterate()) == []


def test_an_agent_sees_only_its_own_messages(rig: Rig) -> None:
    sessions = rig.sessions()
    for agent in ("a", "b", "a/b"):
        for n in range(5):
            sessions.open("s", agent=agent).append({"agent": agent, "n": n})
    for agent in ("a", "b", "a/b"):
        restored = rig.sessions().open("s", agent=agent).restore()
        assert restored.payloads == [{"agent": agent, "n": n} for n in range(5)]


def test_a_removed_message_is_a_hole_and_its_index_is_not_used_again(rig: Rig) -> None:
    fill(rig, 5)
    rig.remove(f"{MESSAGES}/message_2.json")
    chat = rig.sessions().open("s")
    history = chat.restore()
    assert [m.index for m in history.messages] == [0, 1, 3, 4]
    assert history.holes == (range(2, 3),)
    assert chat.append({"n": 5}).index == 5
    assert rig.sessions().open("s").append({"n": 6}).index == 6
    stream = rig.sessions().open("s").iterate()
    assert [m.index for m in stream] == [0, 1, 3, 4, 5, 6]
    assert list(stream.holes) == [range(2, 3)]


DAMAGED = {
    "empty": b"",
    "truncated": b'{"message": {"role": "us',
    "not UTF-8": b"\xff\xfe{",
    "another kind of JSON": b'["a", "list"]',
    "no message": b'{"message_id": 50}',
    "another message's": b'{"message": {"n": 1}, "message_id": 7}',
    "a stamp of another kind": b'{"message": {"n": 1}, "message_id": 50, "s3sessions": 3}',
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_one_damaged_message_is_named_and_costs_no_other(memory_rig: Rig, data: bytes) -> None:
    fill(memory_rig, 100)
    key = f"{MESSAGES}/message_50.json"
    memory_rig.plant(key, data)
    with pytest.raises(CorruptObject) as caught:
        memory_rig.sessions().open("s").restore()
    assert caught.value.key == key
    chat = memory_rig.sessions().open("s")
    history = chat.restore(on_corrupt="report")
    assert [m.index for m in history.messages] == [n for n in range(100) if n != 50]
    assert [error.key for error in history.corrupt] == [key]
    stream = memory_rig.sessions().open("s").iterate()
    assert len(list(stream)) == 99
    assert [error.key for error in stream.corrupt] == [key]
    assert chat.append({"n": 100}).index == 100
    assert memory_rig.body(key) == data


def test_a_damaged_newest_message_does_not_swallow_the_next_one(rig: Rig) -> None:
    fill(rig, 3)
    rig.plant(f"{MESSAGES}/message_2.json", b'{"torn')
    assert rig.sessions().open("s").append({"n": 3}).index == 3
    history = rig.sessions().open("s").restore(on_corrupt="report")
    assert [m.index for m in history.messages] == [0, 1, 3]
    assert len(history.corrupt) == 1


def test_foreign_objects_are_passed_over_and_counted(rig: Rig) -> None:
    payloads = fill(rig, 2)
    for name in ("message_old.json", "message_01.json", "message_-1.json", ".DS_Store"):
        rig.plant(f"{MESSAGES}/{name}", b"not ours")
    rig.plant("session_s/notes.txt", b"not ours")
    rig.plant("readme.txt", b"not ours")
    chat = rig.sessions().open("s")
    history = chat.restore()
    assert history.payloads == payloads
    assert history.foreign == 4
    assert chat.append({"n": 2}).index == 2
    sessions = rig.sessions()
    assert [ref.id for ref in sessions.list()] == ["s"]
    assert sessions.info("s").foreign == 5


def test_an_index_behind_which_none_is_left_takes_no_message_that_nobody_would_read(
    memory_rig: Rig,
) -> None:
    fill(memory_rig, 1)
    data = memory_rig.body(f"{MESSAGES}/message_0.json")
    memory_rig.plant(f"{MESSAGES}/message_{10**18}.json", data)
    assert memory_rig.sessions().open("s").append({"n": 1}).index == 1
    memory_rig.plant(f"{MESSAGES}/message_{10**18 - 1}.json", data)
    with pytest.raises(InvalidId, match="no index is left"):
        memory_rig.sessions().open("s").append({"n": 2})


def test_a_message_of_a_newer_format_is_never_guessed_at(memory_rig: Rig) -> None:
    fill(memory_rig, 2)
    document = json.loads(memory_rig.body(f"{MESSAGES}/message_1.json"))
    document["s3sessions"]["v"] = 99
    memory_rig.plant(f"{MESSAGES}/message_1.json", json.dumps(document).encode())
    with pytest.raises(UnsupportedVersion, match="format version 99"):
        memory_rig.sessions().open("s").restore()
    history = memory_rig.sessions().open("s").restore(on_corrupt="report")
    assert [m.index for m in history.messages] == [0]
    assert isinstance(history.corrupt[0], UnsupportedVersion)


def test_an_unreadable_agent_document_costs_a_warning_not_the_history(rig: Rig) -> None:
    payloads = fill(rig, 3)
    rig.plant("session_s/agents/agent_default/agent.json", b"garbage")
    chat = rig.sessions().open("s")
    history = chat.restore()
    assert history.payloads == payloads
    assert history.state == {}
    assert [error.key for error in history.corrupt] == [
        f"{rig.prefix}session_s/agents/agent_default/agent.json"
    ]
    assert chat.append({"n": 3}).index == 3
    with pytest.raises(CorruptObject):
        chat.save_state({"x": 1})
    assert rig.body("session_s/agents/agent_default/agent.json") == b"garbage"


def test_missing_documents_are_done_without_and_come_back_with_the_next_append(rig: Rig) -> None:
    payloads = fill(rig, 3)
    rig.remove("session_s/agents/agent_default/agent.json")
    rig.remove("session_s/session.json")
    assert rig.sessions().open("s").restore().payloads == payloads
    assert rig.sessions().open("s").append({"n": 3}).index == 3
    assert "session_s/session.json" in rig.keys()
    assert "session_s/agents/agent_default/agent.json" in rig.keys()


@pytest.mark.parametrize(
    "arguments",
    [{"last": -1}, {"last": True}, {"max_messages": 1.5}, {"on_corrupt": "skip"}],
    ids=str,
)
def test_arguments_without_sense_are_refused_before_any_request(
    memory_rig: Rig, arguments: dict[str, object]
) -> None:
    sessions = memory_rig.sessions()
    with pytest.raises(InvalidSettings):
        sessions.open("s").restore(**arguments)
    assert sessions.requests.total == 0


ODD_DOCUMENTS = {
    "empty": b"",
    "garbage": b"\x00\xff",
    "a list": b"[1]",
    "a text": b'"x"',
    "null": b"null",
    "a stamp of another kind": b'{"s3sessions": [1]}',
    "fields of other kinds": (
        b'{"state": 5, "created_at": 5, "session_id": 5, "s3sessions": {"v": 1, "metadata": 5,'
        b' "deleted_agents": 5, "title": 5, "life": 5}}'
    ),
    "a damaged marker": (
        b'{"state": {"x": {"__bytes_encoded__": true, "data": "!"}}, "s3sessions": {"v": 1,'
        b' "metadata": {"x": {"__bytes_encoded__": true, "data": "!"}}}}'
    ),
    "a version of another kind": b'{"s3sessions": {"v": "one"}}',
}


@pytest.mark.parametrize("data", ODD_DOCUMENTS.values(), ids=ODD_DOCUMENTS)
@pytest.mark.parametrize("name", ["session.json", "agents/agent_default/agent.json"])
def test_whatever_stands_in_a_document_costs_no_message(
    memory_rig: Rig, name: str, data: bytes
) -> None:
    payloads = fill(memory_rig, 3)
    memory_rig.plant(f"session_s/{name}", data)
    assert memory_rig.sessions().open("s").restore().payloads == payloads
    assert [m.payload for m in memory_rig.sessions().open("s").iterate()] == payloads
    assert memory_rig.sessions().open("s").append({"n": 3}).index == 3
    restored = memory_rig.sessions().open("s")
    restored.restore()
    assert restored.append({"n": 4}).index == 4
    sessions = memory_rig.sessions()
    assert [ref.id for ref in sessions.list()] == ["s"]
    assert sessions.info("s").messages == 5
    assert sessions.stats().messages == 5
    assert sessions.latest().id == "s"
    assert memory_rig.body(f"session_s/{name}") == data
    sessions.delete("s")
    assert memory_rig.keys() == []


@pytest.mark.parametrize(
    "data", [b"garbage", b'{"s3sessions": {"v": 99}}'], ids=["corrupt", "newer"]
)
def test_an_agent_is_not_deleted_over_a_session_document_that_cannot_be_read(
    memory_rig: Rig, data: bytes
) -> None:
    fill(memory_rig, 2)
    memory_rig.plant("session_s/session.json", data)
    with pytest.raises((CorruptObject, UnsupportedVersion)):
        memory_rig.sessions().delete("s", agent="default")
    assert memory_rig.body("session_s/session.json") == data
    assert len(list(memory_rig.sessions().open("s").iterate())) == 2


@pytest.mark.parametrize("name", ["session.json", "agents/agent_default/agent.json"])
def test_what_a_newer_version_began_is_read_on_request_and_not_continued(
    memory_rig: Rig, name: str
) -> None:
    payloads = fill(memory_rig, 2)
    memory_rig.plant(f"session_s/{name}", b'{"s3sessions": {"v": 99}}')
    with pytest.raises(UnsupportedVersion, match="upgrade s3sessions"):
        memory_rig.sessions().open("s").restore()
    history = memory_rig.sessions().open("s").restore(on_corrupt="report")
    assert history.payloads == payloads
    assert [error.kind for error in history.corrupt] == ["unsupported_version"]
    if name == "session.json":
        with pytest.raises(UnsupportedVersion):
            memory_rig.sessions().open("s").append({"n": 2})
    with pytest.raises(UnsupportedVersion):
        memory_rig.sessions().open("s").save_state({"x": 1})
