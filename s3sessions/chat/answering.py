"""One turn of a chat: the prompt is stored, the model asked, what it says stored as it comes."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Any, Final

from s3sessions import SessionBusy, StoreUnavailable
from s3sessions.chat.backoff import Backoff, Failure
from s3sessions.chat.conversation import Conversation, Unsaved
from s3sessions.chat.keeping import Keeper
from s3sessions.chat.model import Model, Piece, Said
from s3sessions.chat.screen import Screen
from s3sessions.chat.signals import Interruptions
from s3sessions.chat.transient import is_transient
from s3sessions.cli.text import shorten

__all__ = ["Answering"]

_LONGEST_REASON: Final = 300


class ModelFailed(Exception):
    """The model raised an error, which is the cause."""


class Answering:
    """Takes turns: a line of the user, and the model's answer to it.

    Args:
        wait: seconds to wait for another terminal's turn in the same session.
    """

    def __init__(
        self,
        conversation: Conversation,
        model: Model,
        keeper: Keeper,
        screen: Screen,
        interruptions: Interruptions,
        backoff: Backoff,
        *,
        wait: float,
    ) -> None:
        self._conversation = conversation
        self._model = model
        self._keeper = keeper
        self._screen = screen
        self._interruptions = interruptions
        self._backoff = backoff
        self._wait = wait

    def take_turn(self, text: str) -> bool:
        """Store what the user says, then the answer; False where there was no whole answer.

        Raises:
            KeyboardInterrupt: before anything was said.
            Terminated: after what was said so far was stored.
        """
        with ExitStack() as stack:
            try:
                with self._interruptions.allowed():
                    stack.enter_context(self._conversation.chat.turn(wait=self._wait))
            except SessionBusy as busy:
                self._screen.error(
                    "another terminal is answering in this session, for at most "
                    f"{busy.seconds_left:.0f} s more: say it again then"
                )
                return False
            except StoreUnavailable:
                pass  # The claim saves a model's work, no message: storing the prompt has patience.
            turn_id = self._conversation.sessions.new_id()
            prompt = self._model.message("user", text)
            if not self._keeper.keep(Unsaved(prompt, f"{turn_id}/0")):
                return False
            return self._answer(turn_id)

    def _answer(self, turn_id: str) -> bool:
        try:
            Recording(self._keeper, self._screen, self._model, turn_id).record(self._pieces())
        except KeyboardInterrupt:
            self._screen.note("[interrupted]")
            return False
        except ModelFailed as failed:
            self._screen.error(f"the model failed: {_reason(failed.__cause__)}")
            return False
        return True

    def _pieces(self) -> Generator[Piece]:
        """Give what the model says, with a signal's chance to come while it is waited for."""
        with closing(self._asked(self._history())) as pieces:
            while True:
                with self._interruptions.allowed():
                    piece = next(pieces, None)
                if piece is None:
                    return
                yield piece

    def _history(self) -> Sequence[Mapping[str, Any]]:
        history = self._conversation.as_the_model_reads_it()
        if self._conversation.summary is None:
            return history
        text = f"Summary of what was said before: {self._conversation.summary}"
        return [self._model.message("user", text), *history]

    def _asked(self, history: Sequence[Mapping[str, Any]]) -> Generator[Piece]:
        """Ask until something comes, within bounds; what breaks after that is not asked again."""

        def begin() -> tuple[Piece | None, Iterator[Piece]]:
            pieces = iter(self._model.ask(history))
            return next(pieces, None), pieces

        try:
            first, rest = self._backoff.run(
                begin, is_transient=is_transient, tell=self._tell_of_failure
            )
            if first is not None:
                yield first
                yield from rest
        except Exception as error:
            raise ModelFailed from error

    def _tell_of_failure(self, failure: Failure) -> None:
        self._screen.note(
            f"the model failed, try {failure.attempt} of {failure.attempts}: "
            f"{_reason(failure.error)}; again in {failure.seconds:.1f} s"
        )


class Recording:
    """What the model says in one turn: shown as it comes, stored message by message.

    However it ends, what was said of a message that did not end is stored as a partial one.
    """

    def __init__(self, keeper: Keeper, screen: Screen, model: Model, turn_id: str) -> None:
        self._keeper = keeper
        self._screen = screen
        self._model = model
        self._turn_id = turn_id
        self._place = 0
        self._said: list[str] = []

    def record(self, pieces: Generator[Piece]) -> None:
        """Take all that comes; whatever ends it early is raised once the rest is stored."""
        try:
            with closing(pieces):
                for piece in pieces:
                    self._take(piece)
            if not self._place:
                self._screen.note("(no answer)")
        finally:
            if self._said:
                self._keep_partial()
        self._screen.end_line()

    def _take(self, piece: Piece) -> None:
        if isinstance(piece, Said):
            self._said.clear()
            self._keeper.keep(Unsaved(piece.payload, self._write_id(), usage=piece.usage))
            self._screen.tools(piece.payload)
        else:
            self._said.append(piece)
            self._screen.piece(piece)

    def _keep_partial(self) -> None:
        payload = self._model.message("assistant", "".join(self._said))
        if self._keeper.keep(Unsaved(payload, self._write_id(), status="partial")):
            self._screen.note("what was said so far is kept, as a partial message")

    def _write_id(self) -> str:
        self._place += 1
        return f"{self._turn_id}/{self._place}"


def _reason(error: BaseException | None) -> str:
    return shorten(f"{type(error).__name__}: {error}", _LONGEST_REASON)
