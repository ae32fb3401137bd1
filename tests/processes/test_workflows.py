"""What people do with an agent's sessions, from end to end, with processes as they run them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from s3sessions import Sessions
from s3sessions.stores.memory import MemoryStore
from s3sessions.tool_calls import validate
from tests.processes.chats import PATIENCE, Room
from tests.processes.scenes import Place
from tests.servers.wire import Answer, ResetAfter, Rule, WireProxy


@pytest.fixture
def on_local_room(tmp_path: Path, on_local: Place) -> Room:
    return Room.make(tmp_path / "project", on_local)


@pytest.fixture
def on_weed_room(tmp_path: Path, on_weed: Place) -> Room:
    return Room.make(tmp_path / "project", on_weed)


@pytest.fixture(params=["local", "weed"])
def room(request: pytest.FixtureRequest) -> Room:
    found: Room = request.getfixturevalue(f"on_{request.param}_room")
    return found


def test_what_one_process_saved_another_one_restores_and_continues(room: Room) -> None:
    with room.chat("--session", "one") as chat:
        chat.say("my name is Ada")
        assert chat.end().code == 0
    with room.chat("--resume") as chat:
        chat.say("what is my name?")
        ended = chat.end()
    assert (ended.code, ended.out) == (0, "Your name is Ada.\n")
    assert "restored with 2 messages" in ended.err
    messages = room.restore("one").messages
    assert [message.index for message in messages] == [0, 1, 2, 3]


def test_failures_of_the_model_that_pass_leave_each_message_once(on_local_room: Room) -> None:
    with on_local_room.chat("--session", "one", "--model", "models:fails_twice") as chat:
        chat.say("hello")
        ended = chat.end()
    assert (ended.code, ended.out) == (0, "heard 1\n")
    assert "try 2 of 5: ConnectionError: call 2" in ended.err
    assert on_local_room.said("one") == [("user", "hello", None), ("assistant", "heard 1", None)]


def test_failures_of_model_and_store_that_pass_leave_each_message_once(
    on_weed_room: Room,
) -> None:
    room = on_weed_room
    with WireProxy(str(room.place.options["endpoint_url"])) as wire:
        wire.rules(
            [
                Rule(ResetAfter(), operation="PutObject", key="*/message_0.json", count=1),
                Rule(
                    Answer(503, "SlowDown"), operation="PutObject", key="*/message_1.json", count=1
                ),
                Rule(ResetAfter(), operation="PutObject", key="*/message_1.json", count=1),
            ]
        )
        with room.at(wire.url).chat("--session", "one", "--model", "models:fails_twice") as chat:
            chat.say("hello")
            ended = chat.end()
        assert sum(wire.struck.values()) == 3
    assert (ended.code, ended.out) == (0, "heard 1\n")
    assert room.said("one") == [("user", "hello", None), ("assistant", "heard 1", None)]


def test_a_truncated_history_is_restored_as_a_valid_conversation(room: Room) -> None:
    with room.sessions() as sessions:
        handle = sessions.open("one")
        handle.append({"role": "user", "content": "what is 6 times 7?"})
        handle.append({"role": "assistant", "content": None, "tool_calls": [{"id": "c1"}]})
        handle.append({"role": "tool", "tool_call_id": "c1", "content": "42"})
        handle.append({"role": "assistant", "content": "It is 42."})
        handle.truncate(2)
    cut = room.restore("one").payloads
    assert [found.call_id for found in validate(cut)] == ["c1"]
    with room.chat("--resume", "--model", "models:checks") as chat:
        chat.say("thank you")
        ended = chat.end()
    assert (ended.code, ended.out) == (0, "2 messages, 0 problems\n")
    assert [payload["content"] for payload in room.restore("one").payloads] == [
        *("42", "It is 42.", "thank you", "2 messages, 0 problems")
    ]


def test_sigterm_in_an_answer_keeps_what_was_said_and_the_next_process_goes_on(
    room: Room,
) -> None:
    with room.chat("--session", "one", "--model", "models:blocks") as chat:
        chat.say("hello")
        chat.hear("so far ")
        chat.signal(signal.SIGTERM)
        ended = chat.end()
    assert ended.code == 0
    assert "what was said so far is kept, as a partial message" in ended.err
    assert room.said("one") == [("user", "hello", None), ("assistant", "so far ", "partial")]
    with room.chat("--resume", "--model", "models:counts") as chat:
        chat.say("go on")
        ended = chat.end()
    assert (ended.code, ended.out) == (0, "heard 3\n")
    assert "1  assistant  partial" in ended.err
    assert room.said("one")[2:] == [("user", "go on", None), ("assistant", "heard 3", None)]


def test_ctrl_c_in_an_answer_keeps_what_was_said_and_the_same_process_goes_on(
    on_local_room: Room,
) -> None:
    with on_local_room.chat("--session", "one", "--model", "models:blocks") as chat:
        chat.say("hello")
        chat.hear("so far ")
        chat.signal(signal.SIGINT)
        chat.hear("\n")
        chat.say("again")
        chat.hear("so far ")
        chat.signal(signal.SIGINT)
        chat.end()
    partial = ("assistant", "so far ", "partial")
    assert on_local_room.said("one") == [
        ("user", "hello", None),
        partial,
        ("user", "again", None),
        partial,
    ]


def test_a_prompt_is_there_when_its_process_is_killed_before_the_answer_ends(room: Room) -> None:
    with room.chat("--session", "one", "--model", "models:blocks") as chat:
        chat.say("hello")
        chat.hear("so far ")
        chat.signal(signal.SIGKILL)
        assert chat.end().code == -signal.SIGKILL
    assert room.said("one") == [("user", "hello", None)]


def test_what_was_appended_before_an_exception_is_there(on_local: Place) -> None:
    def fail() -> None:
        with Sessions(on_local.url) as sessions:
            sessions.open("one").append({"role": "user", "content": "hello"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with Sessions(on_local.url) as sessions:
        assert sessions.open("one").restore().payloads == [{"role": "user", "content": "hello"}]


BUFFERED = """
import signal, sys
from s3sessions import Sessions
from s3sessions.chat import install_sigterm

install_sigterm()
with Sessions(sys.argv[1]) as sessions:
    chat = sessions.open("one")
    waiting = [{"role": "user", "content": str(number)} for number in range(5)]
    try:
        print("ready", flush=True)
        signal.pause()
    finally:
        for payload in waiting:
            chat.append(payload)
"""


def test_a_program_that_asked_for_it_stores_what_waits_when_sigterm_comes(on_local: Place) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BUFFERED, on_local.url], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    with Sessions(on_local.url) as sessions:
        texts = [payload["content"] for payload in sessions.open("one").restore().payloads]
    assert texts == ["0", "1", "2", "3", "4"]


def test_a_thousand_messages_of_1_kb_are_1_put_each_and_under_1_5_mb_written() -> None:
    sessions = Sessions(store=MemoryStore())
    chat = sessions.open("one")
    chat.append({"role": "user", "content": "x" * 1000})
    first = sessions.requests
    for number in range(1, 1000):
        role = "assistant" if number % 2 else "user"
        chat.append({"role": role, "content": "x" * 1000})
    assert sessions.requests.by_verb["put"] - first.by_verb["put"] == 999
    assert sessions.requests.total - first.total == 999
    assert sessions.requests.sent < 1_500_000
    assert len(chat.restore().messages) == 1000
