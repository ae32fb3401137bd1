"""A chat from its first line to its last."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from s3sessions import History, S3SessionsError
from s3sessions.chat.answering import Answering
from s3sessions.chat.backoff import Backoff
from s3sessions.chat.commands import Commands
from s3sessions.chat.conversation import Conversation
from s3sessions.chat.keeping import Keeper
from s3sessions.chat.model import Model
from s3sessions.chat.screen import Screen
from s3sessions.chat.signals import Interruptions, Terminated
from s3sessions.cli.exits import Exit
from s3sessions.cli.text import counted

__all__ = ["Talk"]

_RECALLED: Final = 6
_PATIENCE_OF_PEOPLE: Final = 2.0
_PATIENCE_OF_PIPES: Final = 90.0
"""Seconds to wait for another terminal's turn: no one is there to say it again, and the claim of a
terminal that was killed is over then."""


class Talk:
    """Reads lines until there are no more, and answers each.

    Args:
        place: where the sessions are, in words.
        how_to_resume: writes the command line that goes on in a session.
        sleep: waits so many seconds between two tries.
    """

    def __init__(
        self,
        conversation: Conversation,
        model: Model,
        screen: Screen,
        *,
        place: str,
        how_to_resume: Callable[[str, str], str],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._conversation = conversation
        self._model = model
        self._screen = screen
        self._place = place
        self._how_to_resume = how_to_resume
        self._interruptions = Interruptions()

        def wait(seconds: float) -> None:
            with self._interruptions.allowed():
                sleep(seconds)

        backoff = Backoff(sleep=wait)
        self._keeper = Keeper(conversation, screen, backoff)
        self._answering = Answering(
            conversation,
            model,
            self._keeper,
            screen,
            self._interruptions,
            backoff,
            wait=_PATIENCE_OF_PEOPLE if screen.is_terminal else _PATIENCE_OF_PIPES,
        )
        self._commands = Commands(conversation, self._keeper, screen, place)
        self._is_answered = True
        self._is_whole = True

    def run(self, session_id: str, agent_id: str) -> Exit:
        """Restore, talk, and leave with everything stored.

        Raises:
            S3SessionsError: it cannot be restored.
            BrokenPipeError: nobody reads the answers any more; what was said is stored.
        """
        with self._interruptions:
            try:
                with self._interruptions.allowed():
                    history = self._conversation.open(session_id, agent_id)
                self._greet(history)
                code = self._talk()
            except Terminated:
                code = Exit.DONE
            return self._leave(code)

    def _greet(self, history: History) -> None:
        screen = self._screen
        if self._model.note:
            screen.note(self._model.note)
        if not history.messages:
            screen.note(f"session {history.session_id} at {self._place}, from its first message on")
        else:
            screen.note(
                f"session {history.session_id} at {self._place}, restored with "
                f"{counted(len(history.messages), 'message')}; the last of them:"
            )
            screen.recall(history.messages[-_RECALLED:])
        for error in history.corrupt:
            screen.error(str(error))
        for hole in history.holes:
            screen.note(f"nothing is stored as message {hole[0]} to {hole[-1]}")
        self._is_whole = not history.corrupt
        if screen.is_terminal:
            screen.note("/help tells the commands; Ctrl-C ends an answer, Ctrl-D the chat")

    def _talk(self) -> Exit:
        was_warned = False
        while not self._commands.has_quit:
            try:
                with self._interruptions.allowed():
                    line = self._screen.read()
            except KeyboardInterrupt:
                if was_warned or not self._screen.is_terminal:
                    return Exit.INTERRUPTED
                was_warned = True
                self._screen.note("Ctrl-C once more ends the chat; so do Ctrl-D and /quit")
                continue
            if line is None:
                break
            was_warned = False
            self._hear(line)
        return self._code()

    def _hear(self, line: str) -> None:
        try:
            if line.startswith("/"):
                self._commands.obey(line)
            elif line.strip():
                self._is_answered = self._answering.take_turn(line.strip()) and self._is_answered
        except KeyboardInterrupt:
            self._screen.note("[interrupted]")
        except S3SessionsError as error:
            self._is_answered = False
            self._screen.error(str(error))

    def _code(self) -> Exit:
        if not (self._is_answered or self._screen.is_terminal):
            return Exit.ERROR
        return Exit.DONE if self._is_whole else Exit.PARTIAL

    def _leave(self, code: Exit) -> Exit:
        conversation = self._conversation
        if conversation.unsaved and not self._keeper.store_once():
            code = Exit.ERROR
        if conversation.messages:
            hint = self._how_to_resume(conversation.session_id, conversation.agent_id)
            self._screen.note(f"to go on: {hint}")
        return code
