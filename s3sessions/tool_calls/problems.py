"""What a model refuses in a history: calls and results that do not belong together."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from s3sessions.tool_calls.shapes import Notation, Shape, notations
from s3sessions.tool_calls.turns import Place, turns

__all__ = ["Problem", "ProblemKind", "validate"]


class ProblemKind(enum.StrEnum):
    """What can be wrong with a tool call; a value never changes once released."""

    CALL_WITHOUT_RESULT = "call_without_result"
    """Nothing directly behind the call answers it, and the history goes on."""
    RESULT_WITHOUT_CALL = "result_without_call"
    """No call before the result has its id."""
    STALE_RESULT = "stale_result"
    """The call stands before the result, but not directly."""
    DUPLICATE_RESULT = "duplicate_result"
    """The call has a result already."""
    DUPLICATE_CALL = "duplicate_call"
    """A call of the same turn has the same id."""
    MISPLACED_RESULT = "misplaced_result"
    """The result is in the answer, but behind other content; results come first."""
    PENDING = "pending"
    """The history ends with the call: its result may be still to come. No fault."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One call or one result that is not as it should be.

    Attributes:
        kind: what it is, for programs.
        position: of the message in the list.
        call_id: of the call.
        shape: in which the call or the result is written.
    """

    kind: ProblemKind
    position: int
    call_id: str
    shape: Shape


def validate(
    messages: Iterable[Mapping[str, Any]], *, shape: Shape | str | None = None
) -> list[Problem]:
    """Find the calls and results that a model refuses, in the order of their messages.

    Ids count within a turn: providers take one that was used in an earlier turn again. What is not
    of the shape (no role, content that is text or missing, unknown blocks) is passed over.

    Args:
        messages: payloads, as they are sent to the model.
        shape: only calls and results that are written like this; None for all shapes, each on
            its own.

    Raises:
        ValueError: there is no such shape.
    """
    history = list(messages)
    found = [
        Problem(kind, place.position, place.call_id, notation.shape)
        for notation in notations(shape)
        for kind, place in _problems(history, notation)
    ]
    return sorted(found, key=lambda problem: problem.position)


def _problems(history: Sequence[Any], notation: Notation) -> Iterator[tuple[ProblemKind, Place]]:
    answered: dict[str, bool] = {}
    for turn in turns(history, notation):
        for number in turn.repeated:
            yield ProblemKind.DUPLICATE_CALL, turn.calls[number]
        for number in turn.missing:
            yield ProblemKind.CALL_WITHOUT_RESULT, turn.calls[number]
        for number in turn.pending:
            yield ProblemKind.PENDING, turn.calls[number]
        for number in turn.misplaced:
            yield ProblemKind.MISPLACED_RESULT, turn.results[number] or turn.calls[number]
        for call, result in zip(turn.calls, turn.results, strict=True):
            answered[call.call_id] = result is not None
        for stray in turn.strays:
            yield _kind(answered.get(stray.call_id)), stray


def _kind(was_answered: bool | None) -> ProblemKind:
    """Say what a result is that no call takes: of the last call with its id, was it answered?"""
    if was_answered is None:
        return ProblemKind.RESULT_WITHOUT_CALL
    return ProblemKind.DUPLICATE_RESULT if was_answered else ProblemKind.STALE_RESULT
