"""Chats in this process: what is typed is given, what is shown is kept, and nothing waits."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest

from s3sessions import SessionDetails, Sessions
from s3sessions.chat.conversation import Conversation
from s3sessions.chat.function_model import FunctionModel
from s3sessions.chat.screen import Screen
from s3sessions.chat.talk import Talk
from s3sessions.cli.output import Output
from tests.cli.commands import Ended, Run

SESSION = "s"

Line: TypeAlias = str | Callable[[], object]
"""What is typed, or what happens before the next line is."""


class Typed:
    """Standard input without a terminal."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)

    def isatty(self) -> bool:
        return False

    def readline(self) -> str:
        for line in self._lines:
            if isinstance(line, str):
                return f"{line}\n"
            line()
        return ""


@dataclass(frozen=True)
class Chatted:
    """How a chat ended: its exit code, what it printed, and the seconds between its tries."""

    code: int
    out: str
    err: str
    waited: Sequence[float]


@dataclass(frozen=True)
class Chatting:
    """Chats in one session, each as a new process would."""

    sessions: Sessions
    monkeypatch: pytest.MonkeyPatch

    def talk(self, answer: Callable[[list[dict[str, Any]]], Any], *lines: Line) -> Chatted:
        """Say these lines to a model that is a function."""
        self.monkeypatch.setattr(sys, "stdin", Typed(lines))
        out, err, waited = io.StringIO(), io.StringIO(), list[float]()
        with closing(FunctionModel("test", answer)) as model:
            talk = Talk(
                Conversation(self.sessions, SessionDetails()),
                model,
                Screen(Output(out, err)),
                place="memory",
                how_to_resume=lambda session_id, agent_id: f"{session_id} {agent_id}",
                sleep=waited.append,
            )
            code = talk.run(SESSION, "default")
        return Chatted(code, out.getvalue(), err.getvalue(), waited)

    def stored(self) -> list[tuple[str, str, str | None]]:
        """Role, text and status of each message, as another process restores them."""
        messages = self.sessions.open(SESSION).restore().messages
        return [(m.payload["role"], m.payload["content"], m.status) for m in messages]


@dataclass(frozen=True)
class Typing:
    """Runs the command `chat` on lines that are typed, or come through a pipe."""

    run: Run
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *lines: Line, options: Iterable[str] = ()) -> Ended:
        self.monkeypatch.setattr(sys, "stdin", Typed(lines))
        return self.run("chat", *options)
