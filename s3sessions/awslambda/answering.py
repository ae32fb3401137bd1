"""How a turn comes to its answer: by a function of the turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from s3sessions.awslambda.delivery import Answer, Delivery
from s3sessions.awslambda.turn import LambdaTurn
from s3sessions.errors import InvalidMessage, InvalidSettings, S3SessionsError
from s3sessions.models import Message

__all__ = ["Answerer", "FunctionAnswerer", "InvalidAnswer", "TurnFunction", "answerer_of"]

TurnFunction: TypeAlias = Callable[[LambdaTurn], Mapping[str, Any] | Message]
"""Answers a turn: gives the message to store, or that which `LambdaTurn.answer` has stored."""


class InvalidAnswer(S3SessionsError, ValueError):
    """What a turn function returned is no message that can be stored: correct the function.

    What it had stored before stays stored.
    """

    kind = "invalid_answer"


class Answerer:
    """Answers turns; each has one of its own way."""

    def check(self, delivery: Delivery) -> None:
        """Refuse what it cannot answer, before any request. Raises S3SessionsError."""

    def answer(self, turn: LambdaTurn) -> Answer:
        """Answer a turn, or say again what was answered; may be called again after a conflict."""
        raise NotImplementedError


class FunctionAnswerer(Answerer):
    """Answers with what a turn function returns."""

    def __init__(self, turn_function: TurnFunction) -> None:
        self._turn_function = turn_function

    def answer(self, turn: LambdaTurn) -> Answer:
        stored = turn.stored_answer
        if stored is not None:
            return Answer(turn.session_id, turn.agent_id, stored, is_redelivery=True)
        given = self._turn_function(turn)
        message = _known(turn, given) if isinstance(given, Message) else _store(turn, given)
        turn.confirm()
        return Answer(turn.session_id, turn.agent_id, message, is_redelivery=False)


def answerer_of(given: TurnFunction | Answerer) -> Answerer:
    """Give what answers turns. Raises InvalidSettings for what cannot."""
    if isinstance(given, Answerer):
        return given
    if callable(given):
        return FunctionAnswerer(given)
    raise InvalidSettings(f"a {type(given).__name__} answers no turn: give a function of the turn")


def _known(turn: LambdaTurn, given: Message) -> Message:
    if turn.is_answer(given):
        return given
    raise InvalidAnswer(
        "the turn function returned a message that a redelivery would not know for the answer: "
        "return the payload, or what turn.answer(…) gives"
    )


def _store(turn: LambdaTurn, given: Any) -> Message:
    if not isinstance(given, Mapping):
        if hasattr(given, "__await__"):
            given.close()
            raise InvalidAnswer("the turn function is a coroutine function: make it a plain one")
        raise InvalidAnswer(
            f"the turn function returned a {type(given).__name__}: return the answer, a message "
            'such as {"role": "assistant", "content": …}'
        )
    try:
        return turn.answer(given)
    except InvalidMessage as error:
        raise InvalidAnswer(
            f"the turn function returned what cannot be stored: {error.message}", key=error.key
        ) from error
