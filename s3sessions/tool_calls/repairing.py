"""A history that a model takes: every call has one result directly behind it.

Turn by turn, and no more than a turn needs: a turn without a fault is left as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from operator import is_not
from typing import Any, Final

from s3sessions.tool_calls.shapes import Notation, Shape, notations
from s3sessions.tool_calls.turns import Place, Turn, turns

__all__ = ["repair"]

_LONGEST_ID: Final = 40
"""OpenAI takes no longer ids; Bedrock takes 64 characters."""


def repair(
    messages: Iterable[Mapping[str, Any]], *, shape: Shape | str | None = None
) -> list[dict[str, Any]]:
    """Give the history as a model takes it; what `validate` finds in it is pending at most.

    - A call without a result gets one that says "Tool was interrupted.", as an error.
    - A result of no call, of an earlier turn's call, or of a call that has one, is dropped, and so
      is a message that it leaves empty. All other content stays.
    - A result behind other content of the answer is moved before it.
    - A call with the id of another call of its turn gets an id of its own, and so does its result.
    - Calls at the end of the history are left as they are: their results may be still to come.

    A result that is missing goes into the message behind the call if that has results, otherwise
    into a message between the two, as Strands Agents does it. So neighbours can have the same role,
    before and after.

    Args:
        messages: payloads; they are not changed. Those that need no repair are in the new list
            as they are, not as copies.
        shape: only calls and results that are written like this; None for all shapes, each on
            its own.

    Raises:
        ValueError: there is no such shape.
    """
    history: list[Any] = [_as_dict(message) for message in messages]
    for notation in notations(shape):
        history = _Repair(history, notation).run()
    return history


def _as_dict(message: Any) -> Any:
    is_other_mapping = isinstance(message, Mapping) and not isinstance(message, dict)
    return dict(message) if is_other_mapping else message


@dataclass(slots=True)
class _Repair:
    """What becomes of each message of a history: what stands in its place, and what behind it."""

    history: list[Any]
    notation: Notation
    _instead: dict[int, list[Any]] = field(default_factory=dict)
    _behind: dict[int, list[Any]] = field(default_factory=dict)

    def run(self) -> list[Any]:
        found = turns(self.history, self.notation)
        names = _Names.of(found)
        for turn in found:
            if turn.repeated or turn.missing or turn.misplaced or turn.strays:
                self._mend(turn, names)
        return [
            message
            for position, old in enumerate(self.history)
            for message in (*self._instead.get(position, [old]), *self._behind.get(position, ()))
        ]

    def _mend(self, turn: Turn, names: _Names) -> None:
        ids = [call.call_id for call in turn.calls]
        for number in turn.repeated:
            ids[number] = names.new(ids[number])
        self._rename(turn.calls, ids)
        if turn.is_last:
            return
        front = self._front(turn)
        moved, kept = [], {}
        for number, place in enumerate(turn.results):
            result = self._result(place, ids[number])
            if place is None and turn.is_unclear:
                continue
            if place is None or place.position == front or number in turn.misplaced:
                moved.append(result)
            else:
                kept[place] = result
        for position in {*turn.answering, *(stray.position for stray in turn.strays)}:
            self._rebuild(position, moved if position == front else [], kept)
        if moved and front is None:
            behind = turn.answering if self.notation.is_whole and turn.answering else turn.asking
            self._behind[behind[-1]] = self.notation.answer(moved)

    def _rename(self, calls: Sequence[Place], ids: Sequence[str]) -> None:
        renamed: defaultdict[int, dict[int, str]] = defaultdict(dict)
        for call, call_id in zip(calls, ids, strict=True):
            if call.call_id != call_id:
                renamed[call.position][call.at] = call_id
        for position, names in renamed.items():
            message = self.history[position]
            self._instead[position] = [self.notation.renamed_calls(message, names)]

    def _front(self, turn: Turn) -> int | None:
        """Give the message of the answer that takes results; None where a new one has to."""
        if self.notation.is_whole or not turn.answering:
            return None
        first = self.history[turn.answering[0]]
        takes = self.notation.results(first) or self.notation.parts(first) == []
        return turn.answering[0] if takes else None

    def _result(self, place: Place | None, call_id: str) -> Any:
        if place is None:
            return self.notation.interrupted(call_id)
        part = (self.notation.parts(self.history[place.position]) or [])[place.at]
        return part if place.call_id == call_id else self.notation.renamed_result(part, call_id)

    def _rebuild(self, position: int, first: list[Any], kept: Mapping[Place, Any]) -> None:
        """Make a message anew: of these results, what it keeps of its own, and all else in it."""
        message = self.history[position]
        parts = dict(enumerate(self.notation.parts(message) or ()))
        before = list(parts.values())
        for mention in self.notation.results(message):
            place = Place(position, mention.at, mention.call_id)
            if place in kept:
                parts[mention.at] = kept[place]
            else:
                del parts[mention.at]
        after = [*first, *parts.values()]
        if len(after) != len(before) or any(map(is_not, after, before)):
            self._instead[position] = self.notation.with_parts(message, after)


class _Names:
    """Ids that no call and no result of a history has."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken

    @classmethod
    def of(cls, found: Iterable[Turn]) -> _Names:
        """Know the ids of these turns."""
        return cls({place.call_id for turn in found for place in (*turn.calls, *turn.strays)})

    def new(self, call_id: str) -> str:
        """Make an id out of one that is taken, by a number at its end."""
        suffixes = (f"-{number}" for number in count(2))
        names = (call_id[: _LONGEST_ID - len(suffix)] + suffix for suffix in suffixes)
        name = next(name for name in names if name not in self._taken)
        self._taken.add(name)
        return name
