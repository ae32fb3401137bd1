"""Models that `chat --model module:name` takes, and what it says of those that it does not."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

from s3sessions import Sessions
from s3sessions.chat.folder import name_of_folder
from tests.cli.chatting import Typing
from tests.cli.commands import Run

_MODULES = itertools.count()

FUNCTIONS = """
import asyncio

def text(messages):
    return f"{len(messages)} {messages[-1]['content']}"

def parts(messages):
    yield f"{len(messages)} "
    yield messages[-1]["content"]
    yield {"inputTokens": 7, "cost": 0.5}

async def coroutine(messages):
    await asyncio.sleep(0)
    return text(messages)

async def stream(messages):
    for piece in parts(messages):
        await asyncio.sleep(0)
        yield piece

class Late:
    def __call__(self, messages):
        return text(messages)

def make():
    return Late()

def nothing(messages):
    return []

def number(messages):
    return 42

def changes(messages):
    first, messages[0]["content"] = messages[0]["content"], "changed"
    return first

mapping = {}

def two(first, second):
    return ""
"""

AGENT = """
from strands import Agent
from tests.integrations.strands.agents import Scripted, calls, clock, says

heard = Scripted(calls("clock"), says("It is noon."), says("Still noon."))
agent = Agent(model=heard, tools=[clock])

def make():
    return agent

def kept():
    from s3sessions import Sessions
    from s3sessions.integrations.strands import S3SessionManager
    return Agent(model=heard, session_manager=S3SessionManager("x", sessions=Sessions("memory://")))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    monkeypatch.chdir(path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return path


@pytest.fixture
def chat(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Typing:
    return Typing(run, monkeypatch)


@pytest.fixture
def stored(sessions: Sessions, folder: Path) -> Sessions:
    return sessions.under(name_of_folder(folder))


def module(folder: Path, source: str) -> str:
    """Write a module that no test has imported."""
    name = f"chat_model_{next(_MODULES)}"
    (folder / f"{name}.py").write_text(source)
    return name


@pytest.mark.parametrize("name", ["text", "parts", "coroutine", "stream", "Late", "make"])
def test_a_model_is_a_function_of_the_messages_whatever_it_gives_text_as(
    chat: Typing, folder: Path, stored: Sessions, name: str
) -> None:
    spec = f"{module(folder, FUNCTIONS)}:{name}"
    ended = chat("hello", "again", options=["--session", "one", "--model", spec])
    assert (ended.code, ended.out) == (0, "1 hello\n3 again\n")
    assert f"--model {spec}" in ended.err
    history = stored.open("one").restore()
    used = {"inputTokens": 14, "cost": 1.0} if name in ("parts", "stream") else {}
    assert (history.usage, stored.info("one").model) == (used, spec)


def test_what_a_model_changes_in_the_messages_is_neither_stored_nor_given_to_it_again(
    chat: Typing, folder: Path, stored: Sessions
) -> None:
    spec = f"{module(folder, FUNCTIONS)}:changes"
    ended = chat("hello", "again", options=["--session", "one", "--model", spec])
    assert ended.out == "hello\nhello\n"
    texts = [payload["content"] for payload in stored.open("one").restore().payloads]
    assert texts == ["hello", "hello", "again", "hello"]


@pytest.mark.parametrize(
    ("name", "said"), [("nothing", "(no answer)"), ("number", "an answer is text")]
)
def test_a_model_that_says_nothing_or_no_text_leaves_the_prompt_stored(
    chat: Typing, folder: Path, stored: Sessions, name: str, said: str
) -> None:
    spec = f"{module(folder, FUNCTIONS)}:{name}"
    ended = chat("hello", options=["--session", "one", "--model", spec])
    assert said in ended.err
    assert len(stored.open("one").restore().messages) == 1


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("no_such_module:f", "neither in"),
        ("{}:missing", "has no attribute 'missing'"),
        ("{}", "give it as module:name"),
        ("{}:mapping", "neither a function of the messages nor a Strands agent"),
        ("{}:two", "neither a function of the messages nor a Strands agent"),
    ],
)
def test_a_model_that_cannot_be_had_is_refused_before_anything_is_asked(
    chat: Typing, folder: Path, sessions: Sessions, spec: str, said: str
) -> None:
    ended = chat("hello", options=["--model", spec.format(module(folder, FUNCTIONS))])
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert sessions.stats().sessions == 0


def test_a_module_that_fails_says_how(chat: Typing, folder: Path) -> None:
    ended = chat("hello", options=["--model", f"{module(folder, 'raise OSError(5)')}:f"])
    assert ended.code == 1
    assert "it failed with OSError: 5" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("name", ["agent", "make"])
def test_a_strands_agent_answers_with_its_tools_and_each_message_is_stored_once(
    chat: Typing, folder: Path, stored: Sessions, name: str
) -> None:
    spec = f"{module(folder, AGENT)}:{name}"
    ended = chat("what time is it?", options=["--session", "one", "--model", spec])
    assert (ended.code, ended.out) == (0, "It is noon.\n")
    assert "→ clock" in ended.err
    assert "← clock" in ended.err or "← result" in ended.err
    messages = stored.open("one").restore().payloads
    assert [message["role"] for message in messages] == ["user", "assistant", "user", "assistant"]
    assert messages[1]["content"][0]["toolUse"]["name"] == "clock"
    assert messages[2]["content"][0]["toolResult"]["content"] == [{"text": "noon"}]

    again = chat("and now?", options=["--resume", "--model", spec])
    assert again.out == "Still noon.\n"
    heard = sys.modules[spec.partition(":")[0]].heard.heard[-1]
    assert [message["role"] for message in heard] == [*("user", "assistant") * 2, "user"]
    assert len(stored.open("one").restore().messages) == 6


def test_a_strands_agent_goes_on_after_a_model_that_was_a_function(
    chat: Typing, folder: Path, stored: Sessions
) -> None:
    name = module(folder, FUNCTIONS + AGENT)
    chat("hello", options=["--session", "one", "--model", f"{name}:text"])
    ended = chat("what time is it?", options=["--resume", "--model", f"{name}:agent"])
    assert ended.out == "It is noon.\n"
    heard = sys.modules[name].heard.heard[0]
    assert [message["content"] for message in heard] == [
        [{"text": "hello"}],
        [{"text": "1 hello"}],
        [{"text": "what time is it?"}],
    ]


def test_an_agent_that_stores_by_itself_is_refused(chat: Typing, folder: Path) -> None:
    ended = chat("hello", options=["--model", f"{module(folder, AGENT)}:kept"])
    assert ended.code == 2
    assert "leave one of them away" in ended.err
