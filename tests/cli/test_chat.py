"""The command `chat` in this process: what is typed, shown and stored."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.chat.folder import name_of_folder
from s3sessions.ports import Request
from s3sessions.stores.memory import MemoryStore
from tests.cli.chatting import SESSION, Chatting, Typing
from tests.cli.commands import Run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the chat, with no module imported from it."""
    path = tmp_path / "my project"
    path.mkdir()
    monkeypatch.chdir(path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return path


@pytest.fixture
def stored(sessions: Sessions, folder: Path) -> Sessions:
    """The sessions of the folder."""
    return sessions.under(name_of_folder(folder))


@pytest.fixture
def chat(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Typing:
    return Typing(run, monkeypatch)


@pytest.fixture
def chatting(monkeypatch: pytest.MonkeyPatch) -> Chatting:
    return Chatting(Sessions(store=MemoryStore()), monkeypatch)


def echo(messages: list[dict[str, Any]]) -> str:
    return f"heard {messages[-1]['content']}"


def test_what_is_said_is_stored_and_the_next_chat_goes_on_with_it(
    chat: Typing, stored: Sessions
) -> None:
    first = chat("hello", "my name is Ada")
    assert first.code == 0
    assert first.out.splitlines() == [
        "Hello. What is your name?",
        "Nice to meet you, Ada. Ask me for your name later, or in another process.",
    ]
    assert "a stand-in answers" in first.err
    (ref,) = stored.list()
    assert f"to go on: s3sessions chat --session {ref.id}" in first.err

    second = chat("what is my name?", options=["--resume"])
    assert second.out == "Your name is Ada.\n"
    assert "restored with 4 messages" in second.err
    assert "my name is Ada" in second.err
    history = stored.open(ref.id).restore()
    assert [m["role"] for m in history.payloads] == ["user", "assistant"] * 3
    assert history.usage == {"inputTokens": 1 + 5 + 9, "outputTokens": 5 + 15 + 4}
    info = stored.info(ref.id)
    assert (info.source, info.model) == ("chat", "stand-in")


def test_a_chat_in_which_nobody_speaks_stores_nothing(chat: Typing, sessions: Sessions) -> None:
    ended = chat("", "/session", "/quit", "never read")
    assert (ended.code, "none, so that there is no session yet" in ended.out) == (0, True)
    assert sessions.stats().sessions == 0
    assert "to go on" not in ended.err


def test_a_session_is_named_by_the_beginning_of_its_id_or_begun_under_a_new_one(
    chat: Typing, stored: Sessions
) -> None:
    for session_id in ("order-1", "order-20"):
        assert chat("hello", options=["--session", session_id]).code == 0
    assert chat("again", options=["--session", "order-2"]).code == 0
    assert {size.id: size.messages for size in stored.sizes()} == {"order-1": 2, "order-20": 4}
    ambiguous = chat("hello", options=["--session", "order"])
    assert (ambiguous.code, ambiguous.out) == (2, "")
    assert chat("hello", options=["--session", "order-1", "--resume"]).code == 2


def test_each_folder_has_conversations_of_its_own(
    chat: Typing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat("hello", options=["--session", "one"])
    other = tmp_path / "other" / "my project"
    other.mkdir(parents=True)
    monkeypatch.chdir(other)
    nothing = chat("hello", options=["--resume"])
    assert (nothing.code, nothing.out) == (3, "")
    assert "nobody has spoken in this folder yet" in nothing.err
    names = {name_of_folder(path) for path in (other, tmp_path / "my project", Path("/"))}
    assert len(names) == 3
    assert name_of_folder(other).endswith("-my-project")


def test_the_only_agent_of_a_session_goes_on_and_of_several_one_is_to_be_named(
    chat: Typing, stored: Sessions
) -> None:
    stored.open("one", "support").append({"role": "user", "content": "hello"})
    assert chat("again", options=["--session", "one"]).code == 0
    assert list(stored.agents("one")) == ["support"]
    stored.open("one", "sales").append({"role": "user", "content": "hello"})
    refused = chat("again", options=["--resume"])
    assert (refused.code, "sales, support" in refused.err) == (2, True)
    assert chat("again", options=["--resume", "--agent", "sales"]).code == 0
    assert len(stored.open("one", "sales").restore().messages) == 3


def test_slash_commands_describe_what_is_stored(chat: Typing) -> None:
    chat("hello", "count to 3", options=["--session", "one"])
    ended = chat("/session", "/save", "/history 1", "/help", options=["--resume"])
    rows = dict(line.split("  ", 1) for line in ended.out.splitlines() if "  " in line[:12])
    assert rows["session"].strip() == "one"
    assert rows["messages"].strip() == "4"
    assert rows["tokens"].strip() == "5 inputTokens, 8 outputTokens"
    assert "put" not in rows["requests"]
    assert "4 messages stored in session one at file://" in ended.out
    assert ended.out.count("1 2 3.") == 1
    assert "count to 3" not in ended.out
    commands = ("/save", "/session", "/history [N]", "/fork [TITLE]", "/help", "/quit")
    assert all(f"\n{command} " in ended.out for command in commands)


def test_an_unknown_command_says_what_there_is_and_a_space_says_the_line_as_it_is(
    chatting: Chatting,
) -> None:
    chatted = chatting.talk(echo, "/etc", "/history none", " /etc")
    assert "there is no command /etc: there are /save, /session, /history" in chatted.err
    assert "/history none: give a number" in chatted.err
    assert chatted.out == "heard /etc\n"


def test_a_fork_goes_on_alone(chat: Typing, stored: Sessions) -> None:
    ended = chat("hello", "/fork Another way", "count to 2", options=["--session", "one"])
    assert ended.out.splitlines() == ["Hello. What is your name?", "1 2."]
    (child_id,) = {ref.id for ref in stored.list()} - {"one"}
    assert f"from here on this is session {child_id}, forked from one" in ended.err
    assert f"chat --session {child_id}" in ended.err
    assert len(stored.open("one").restore().messages) == 2
    texts = [payload["content"] for payload in stored.open(child_id).restore().payloads]
    assert texts == ["hello", "Hello. What is your name?", "count to 2", "1 2."]
    assert stored.info(child_id).title == "Another way"


def test_an_answer_that_is_interrupted_is_kept_as_partial_and_sent_as_it_is(
    chatting: Chatting,
) -> None:
    heard = []

    def interrupted_once(messages: list[dict[str, Any]]) -> Iterator[str]:
        heard.append([message["content"] for message in messages])
        yield "one "
        yield "two "
        if len(messages) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        yield "three"

    chatted = chatting.talk(interrupted_once, "count", "go on")
    assert chatted.out == "one two \none two three\n"
    assert "[interrupted]" in chatted.err
    assert heard == [["count"], ["count", "one two ", "go on"]]
    assert chatting.stored() == [
        ("user", "count", None),
        ("assistant", "one two ", "partial"),
        ("user", "go on", None),
        ("assistant", "one two three", None),
    ]


def test_an_interruption_before_the_first_word_leaves_the_prompt_alone(chatting: Chatting) -> None:
    def silent(messages: list[dict[str, Any]]) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return "never said"

    chatted = chatting.talk(silent, "hello")
    assert (chatted.out, chatting.stored()) == ("", [("user", "hello", None)])


def test_an_interruption_of_a_second_try_is_as_good_as_one_of_the_first(
    chatting: Chatting,
) -> None:
    calls = []

    def fails_then_interrupted(messages: list[dict[str, Any]]) -> str:
        calls.append(messages)
        if len(calls) == 1:
            raise ConnectionError
        os.kill(os.getpid(), signal.SIGINT)
        return "never said"

    chatted = chatting.talk(fails_then_interrupted, "hello")
    assert (len(calls), chatted.out) == (2, "")
    assert chatting.stored() == [("user", "hello", None)]


def test_an_async_answer_that_is_interrupted_while_it_waits_is_ended_and_the_next_one_works(
    chatting: Chatting,
) -> None:
    ended = []

    async def waits_once(messages: list[dict[str, Any]]) -> AsyncIterator[str]:
        try:
            yield "one "
            if len(messages) == 1:
                asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
                await asyncio.Event().wait()
            yield "two"
        finally:
            ended.append(len(messages))

    chatted = chatting.talk(waits_once, "hello", "again")
    assert chatted.out == "one \none two\n"
    assert ended == [1, 3]
    assert [status for *_, status in chatting.stored()] == [None, "partial", None, None]


def test_sigterm_in_an_answer_stores_what_was_said_and_ends_with_code_0(
    chatting: Chatting,
) -> None:
    def terminated(messages: list[dict[str, Any]]) -> Iterator[str]:
        yield "so far"
        os.kill(os.getpid(), signal.SIGTERM)
        yield "never said"

    chatted = chatting.talk(terminated, "hello", "never read")
    assert (chatted.code, chatted.out) == (0, "so far\n")
    assert chatting.stored() == [("user", "hello", None), ("assistant", "so far", "partial")]
    assert "to go on: s default" in chatted.err


class Signalling:
    """An observer that sends this process signals while the first put of message 1 is under way.

    Attributes:
        left: signals that are still to come.
        went_on: whether the put went on after the last one.
    """

    def __init__(self, number: signal.Signals, times: int) -> None:
        self.left = times
        self.went_on = False
        self._number = number

    def __call__(self, request: Request) -> None:
        if request.verb != "put" or "message_1" not in request.key or not self.left:
            return
        while self.left:
            self.left -= 1
            os.kill(os.getpid(), self._number)
        self.went_on = True


def test_sigterm_while_an_answer_is_being_stored_waits_for_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observer = Signalling(signal.SIGTERM, times=2)
    chatting = Chatting(Sessions(store=MemoryStore(), on_request=observer), monkeypatch)
    chatted = chatting.talk(echo, "hello", "never read")
    assert observer.went_on
    assert (chatted.code, chatted.out) == (0, "heard hello\n")
    assert chatting.stored() == [("user", "hello", None), ("assistant", "heard hello", None)]


def test_a_second_ctrl_c_waits_for_nothing_and_the_answer_is_stored_once_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observer = Signalling(signal.SIGINT, times=2)
    chatting = Chatting(Sessions(store=MemoryStore(), on_request=observer), monkeypatch)
    chatted = chatting.talk(echo, "hello", "again")
    assert not observer.went_on
    assert "[interrupted]" in chatted.err
    assert chatted.out == "heard hello\nheard again\n"
    texts = [text for _, text, _ in chatting.stored()]
    assert texts == ["hello", "heard hello", "again", "heard again"]


def test_what_another_terminal_said_meanwhile_is_shown_and_the_chat_goes_on_after_it(
    chatting: Chatting,
) -> None:
    def other_speaks() -> None:
        chatting.sessions.open(SESSION).append({"role": "user", "content": "from elsewhere"})

    def overtaken(messages: list[dict[str, Any]]) -> str:
        other_speaks()
        return f"heard {len(messages)}"

    chatted = chatting.talk(overtaken, "hello", other_speaks, "again")
    assert chatted.out == "heard 1\nheard 5\n"
    assert chatted.err.count("somebody else spoke in this session") == 3
    texts = [text for _, text, _ in chatting.stored()]
    elsewhere = "from elsewhere"
    assert texts == ["hello", elsewhere, "heard 1", elsewhere, "again", elsewhere, "heard 5"]


def test_while_another_terminal_is_answering_nothing_is_said(
    chatting: Chatting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s3sessions.chat.talk._PATIENCE_OF_PIPES", 0.0)
    with chatting.sessions.open(SESSION).turn():
        chatted = chatting.talk(echo, "hello")
    assert (chatted.code, chatted.out, chatting.stored()) == (1, "", [])
    assert "another terminal is answering in this session" in chatted.err
    assert chatting.talk(echo, "hello").out == "heard hello\n"


def test_nothing_that_a_model_says_reaches_the_terminal_as_a_command(chatting: Chatting) -> None:
    chatted = chatting.talk(lambda messages: ["\x1b", "[2J", "a\nb\r"], "hello")
    assert chatted.out == "\\x1b[2Ja\nb\\x0d\n"
    assert chatting.stored()[1][1] == "\x1b[2Ja\nb\r"


def test_a_line_that_cannot_be_stored_is_refused_and_the_next_one_is_said(
    chatting: Chatting,
) -> None:
    chatted = chatting.talk(echo, "a lone \udcff surrogate", "hello")
    assert (chatted.out, chatted.code) == ("heard hello\n", 1)
    assert [text for _, text, _ in chatting.stored()] == ["hello", "heard hello"]


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(
    chat: Typing, sessions: Sessions, stored: Sessions, tmp_path: Path
) -> None:
    chat("hello", "again", options=["--session", "one"])
    (torn,) = (tmp_path / "store").rglob("message_1.json")
    torn.write_bytes(b'{"message": ')
    ended = chat("count to 2", options=["--resume"])
    assert (ended.out, ended.code) == ("1 2.\n", 4)
    assert "message_1.json" in ended.err
    assert len(stored.open("one").restore(on_corrupt="report").messages) == 5


def test_a_tool_call_that_was_cut_off_does_not_reach_the_model(chatting: Chatting) -> None:
    chatting.sessions.open(SESSION).append(
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1"}]}
    )
    heard: list[dict[str, Any]] = []

    def listens(messages: list[dict[str, Any]]) -> str:
        heard.extend(messages)
        return "yes"

    chatting.talk(listens, "are you there?")
    assert [message["role"] for message in heard] == ["assistant", "tool", "user"]


def test_a_summary_stands_for_what_is_not_read_any_more(chatting: Chatting) -> None:
    handle = chatting.sessions.open(SESSION)
    for number in range(4):
        handle.append({"role": "user", "content": str(number)})
    handle.summarize("three numbers", keep_last=1)
    heard: list[str] = []

    def listens(messages: list[dict[str, Any]]) -> str:
        heard.extend(message["content"] for message in messages)
        return "yes"

    chatting.talk(listens, "go on")
    assert heard == ["Summary of what was said before: three numbers", "3", "go on"]


def test_of_a_conversation_that_is_very_long_the_newest_are_read(
    chatting: Chatting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s3sessions.chat.conversation.MOST_MESSAGES", 5)
    monkeypatch.setattr("s3sessions.chat.conversation.NEWEST", 2)
    handle = chatting.sessions.open(SESSION)
    for number in range(6):
        handle.append({"role": "user", "content": str(number)})
    heard: list[str] = []

    def listens(messages: list[dict[str, Any]]) -> str:
        heard.extend(message["content"] for message in messages)
        return "yes"

    chatting.talk(listens, "go on")
    assert heard == ["4", "5", "go on"]
    assert len(chatting.stored()) == 8


def test_a_session_that_was_compressed_goes_on_where_it_goes_on_today(
    chat: Typing, stored: Sessions
) -> None:
    stored.open("one").append({"role": "user", "content": "my name is Ada"})
    kept = [{"role": "user", "content": "my name is Ada"}]
    stored.fork("one", "two", kind="compression", messages=kept)
    for options in (["--session", "one"], ["--resume"]):
        assert chat("what is my name?", options=options).out == "Your name is Ada.\n"
    assert len(stored.open("one").restore().messages) == 1
    assert len(stored.open("two").restore().messages) == 5
