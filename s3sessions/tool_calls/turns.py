"""Which result belongs to which call: a history of one shape, turn by turn.

A turn is an assistant message, and its answer is what stands directly behind it: user messages (of
OpenAI, tool messages) up to the next message of another role. Where a provider joins neighbours of
one role, a turn is all assistant messages in a row.

What is not of the shape stands in nobody's way: a payload without a role, and a message that holds
nothing but results of another shape.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from s3sessions.tool_calls.shapes import NOTATIONS, Mention, Notation, is_result

__all__ = ["Place", "Turn", "turns"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call or a result stands: position of its message, and place among its parts."""

    position: int
    at: int
    call_id: str


@dataclass(slots=True)
class Turn:
    """Calls and what answers them; also what stands before the first assistant message.

    Attributes:
        asking: positions of its assistant messages.
        answering: positions of the messages of its answer.
        is_last: whether nothing stands behind the calls.
        is_unclear: whether the answer has results that do not say whose they are.
        calls: in their order.
        results: for each call, its result; None where there is none.
        misplaced: numbers of the calls whose results stand behind what they should stand before.
        strays: results that are no call's of this turn, or not the first of their call.
    """

    asking: list[int]
    answering: list[int]
    is_last: bool = False
    is_unclear: bool = False
    calls: list[Place] = field(default_factory=list)
    results: list[Place | None] = field(default_factory=list)
    misplaced: list[int] = field(default_factory=list)
    strays: list[Place] = field(default_factory=list)

    @property
    def pending(self) -> list[int]:
        """Numbers of the calls whose results may be still to come."""
        return list(range(len(self.calls))) if self.is_last else []

    @property
    def missing(self) -> list[int]:
        """Numbers of the calls that should have a result and have none."""
        if self.is_last or self.is_unclear:
            return []
        return [number for number, result in enumerate(self.results) if result is None]

    @property
    def repeated(self) -> list[int]:
        """Numbers of the calls with the id of a call before them in the turn."""
        seen: set[str] = set()
        found = []
        for number, call in enumerate(self.calls):
            if call.call_id in seen:
                found.append(number)
            seen.add(call.call_id)
        return found


def turns(messages: Sequence[Any], notation: Notation) -> list[Turn]:
    """Split a history into its turns: every call and every result of the shape is in one."""
    # Most histories hold calls of one shape or none; this is the quick way through for the others.
    if not any(_is_written_in(notation, message) for message in messages):
        return []
    stretches = list(_stretches(messages, notation))
    return [
        _turn(messages, notation, asking, rest, is_last=number == len(stretches) and not rest)
        for number, (asking, rest) in enumerate(stretches, 1)
    ]


def _is_written_in(notation: Notation, message: Any) -> bool:
    return isinstance(message, Mapping) and bool(
        notation.calls(message) or notation.results(message)
    )


def _stretches(
    messages: Sequence[Any], notation: Notation
) -> Iterator[tuple[list[int], list[int]]]:
    """Give the positions of assistant messages, and those of what follows up to the next ones."""
    asking: list[int] = []
    rest: list[int] = []
    for position, message in enumerate(messages):
        if not _is_heard(message, notation):
            continue
        if message["role"] != "assistant":
            rest.append(position)
        elif notation.joins and not rest:
            asking.append(position)
        else:
            yield asking, rest
            asking, rest = [position], []
    yield asking, rest


def _is_heard(message: Any, notation: Notation) -> bool:
    if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
        return False
    if notation.results(message):
        return True
    return not any(
        other.results(message) and all(map(is_result, other.parts(message) or ()))
        for other in NOTATIONS
    )


def _turn(
    messages: Sequence[Any],
    notation: Notation,
    asking: list[int],
    rest: list[int],
    *,
    is_last: bool,
) -> Turn:
    calls = _places(messages, asking, notation.calls)
    answering = list(takewhile(lambda at: messages[at]["role"] == notation.answering, rest))
    is_unclear = notation.is_whole and not all(
        notation.results(messages[position]) for position in answering
    )
    turn = Turn(asking, answering, is_last, is_unclear, calls, [None] * len(calls))
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for number, call in enumerate(calls):
        waiting[call.call_id].append(number)
    for place in _places(messages, answering, notation.results):
        if waiting[place.call_id]:
            turn.results[waiting[place.call_id].popleft()] = place
        else:
            turn.strays.append(place)
    turn.strays += _places(messages, rest[len(answering) :], notation.results)
    late = _late(messages, notation, answering)
    turn.misplaced = [number for number, place in enumerate(turn.results) if place in late]
    return turn


def _places(
    messages: Sequence[Any],
    positions: list[int],
    read: Callable[[Mapping[str, Any]], list[Mention]],
) -> list[Place]:
    return [
        Place(position, mention.at, mention.call_id)
        for position in positions
        for mention in read(messages[position])
    ]


def _late(messages: Sequence[Any], notation: Notation, answering: list[int]) -> set[Place | None]:
    """Give the results that do not come first in the answer."""
    found: set[Place | None] = set()
    is_late = False
    for position in () if notation.is_whole else answering:
        results = {mention.at: mention.call_id for mention in notation.results(messages[position])}
        parts = notation.parts(messages[position])
        for at, part in enumerate(parts or ()):
            is_late = is_late or not is_result(part)
            if is_late and at in results:
                found.add(Place(position, at, results[at]))
        # Where neighbours are not joined, all results have to be in the first message.
        is_late = is_late or parts is None or not notation.joins
    return found
