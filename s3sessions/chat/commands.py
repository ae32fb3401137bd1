"""The slash commands of a chat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from s3sessions import SessionNotFound
from s3sessions.chat.conversation import Conversation
from s3sessions.chat.keeping import Keeper
from s3sessions.chat.screen import Screen
from s3sessions.cli.text import counted, one_line, when

__all__ = ["Commands"]

_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Command:
    """What a command does with the text behind its name; `usage` and `help` are for people."""

    run: Callable[[str], None]
    usage: str
    help: str


class Commands:
    """Obeys lines that begin with a slash.

    Args:
        place: where the sessions are, in words.
    """

    def __init__(
        self, conversation: Conversation, keeper: Keeper, screen: Screen, place: str
    ) -> None:
        self._conversation = conversation
        self._keeper = keeper
        self._screen = screen
        self._place = place
        self.has_quit = False
        self._commands: Mapping[str, Command] = {
            "save": Command(self._save, "/save", "say where the messages are, and how many"),
            "session": Command(self._session, "/session", "describe this session"),
            "history": Command(
                self._history, "/history [N]", f"show the last N messages ({_SHOWN})"
            ),
            "fork": Command(
                self._fork, "/fork [TITLE]", "go on in a copy, and leave this as it is"
            ),
            "help": Command(self._help, "/help", "this"),
            "quit": Command(self._quit, "/quit", "end; so do Ctrl-D, and Ctrl-C twice"),
        }

    def obey(self, line: str) -> None:
        """Run the command of a line.

        Raises:
            S3SessionsError: the store could not be asked.
        """
        name, _, rest = line.removeprefix("/").partition(" ")
        command = self._commands.get(name)
        if command is None:
            known = ", ".join(f"/{name}" for name in self._commands)
            self._screen.error(
                f"there is no command /{name}: there are {known} (a line that begins with a space "
                "is said as it is)"
            )
            return
        command.run(rest.strip())

    def _save(self, rest: str) -> None:
        is_saved = self._keeper.store()
        conversation = self._conversation
        stored = counted(len(conversation.messages), "message")
        waiting = "nothing is pending" if is_saved else f"{len(conversation.unsaved)} pending"
        self._screen.result(
            f"{stored} stored in session {conversation.session_id} at {self._place}: {waiting}"
        )

    def _session(self, rest: str) -> None:
        conversation = self._conversation
        rows = {
            "session": conversation.session_id,
            "agent": conversation.agent_id,
            "place": self._place,
            **self._stored(),
            "tokens": _in_words(conversation.usage) or "not told by the model",
            "requests": _in_words(conversation.sessions.requests.by_verb),
        }
        width = max(map(len, rows))
        for name, value in rows.items():
            self._screen.result(f"{name:<{width}}  {one_line(value)}")

    def _stored(self) -> dict[str, str]:
        conversation = self._conversation
        try:
            info = conversation.sessions.info(conversation.session_id)
        except SessionNotFound:
            return {"messages": "none, so that there is no session yet"}
        rows = {"title": info.title, "forked from": info.parent}
        return {
            **{name: value for name, value in rows.items() if value},
            "created": when(info.created_at),
            "updated": when(info.updated_at),
            "messages": f"{len(conversation.messages):,}",
        }

    def _history(self, rest: str) -> None:
        if rest and not (rest.isascii() and rest.isdigit() and int(rest)):
            self._screen.error(f"/history {rest}: give a number from 1 on, or none")
            return
        self._screen.transcript(self._conversation.messages[-int(rest or _SHOWN) :])

    def _fork(self, rest: str) -> None:
        conversation = self._conversation
        if not self._keeper.store():
            return
        if not conversation.messages:
            self._screen.error("/fork: nothing is stored yet that could be copied")
            return
        details: dict[str, Any] = {"title": rest} if rest else {}
        parent_id = conversation.session_id
        child_id = conversation.sessions.fork(parent_id, **details)
        conversation.open(child_id, conversation.agent_id)
        self._screen.note(
            f"from here on this is session {child_id}, forked from {parent_id} with "
            f"{counted(len(conversation.messages), 'message')}"
        )

    def _help(self, rest: str) -> None:
        width = max(len(command.usage) for command in self._commands.values())
        for command in self._commands.values():
            self._screen.result(f"{command.usage:<{width}}  {command.help}")

    def _quit(self, rest: str) -> None:
        self.has_quit = True


def _in_words(counts: Mapping[str, Any]) -> str:
    """Write numbers by name: `12 input, 5 output`; groups of them are passed over."""
    return ", ".join(
        f"{value:,} {name}" for name, value in counts.items() if isinstance(value, int | float)
    )
