"""Which stored messages an agent still has in memory, by index.

Conversation managers drop messages from an agent, not from the store. Strands keeps how many were
dropped and takes that for a position among what is stored, which is wrong as soon as a message was
repaired, pinned or never stored. Here the index behind the last that was dropped is kept in that
number's place, so that Strands itself reads on from there; what else is left, pinned messages and
the rest of a batch, stands in a field beside it, and so do the pins, which Strands sets in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

WINDOW: Final = "s3sessions_window"
"""Field of agent.json, an object: `start`, `kept` and `pinned` of a `Window`; empty where it says
no more than the number of Strands does."""

_MANAGER: Final = "conversation_manager_state"
_REMOVED: Final = "removed_message_count"


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """Where a message is read (a batch at its first message), and its own index."""

    read_at: int
    index: int


@dataclass(frozen=True, slots=True)
class Window:
    """What an agent has in memory.

    Attributes:
        start: messages that are read there or behind it.
        kept: indexes of those before it, in order.
        removed: the index behind the last message that was dropped.
        pinned: indexes of messages that are not to be dropped.
    """

    start: int = 0
    kept: tuple[int, ...] = ()
    removed: int = 0
    pinned: tuple[int, ...] = ()

    @classmethod
    def stored(cls, fields: Mapping[str, Any]) -> Window:
        """Read it from the fields of agent.json; whatever is no index counts as none."""
        removed = _index(_object(fields, _MANAGER).get(_REMOVED))
        ours = _object(fields, WINDOW)
        start = _index(ours["start"]) if "start" in ours else removed
        return cls(start, _indexes(ours, "kept"), removed, _indexes(ours, "pinned"))

    def within(self, next_index: int) -> Window:
        """Begin no later than what is said next, though more was dropped than was ever stored."""
        start, removed = min(self.start, next_index), min(self.removed, next_index)
        return replace(self, start=start, removed=removed)

    def without(self, dropped: Iterable[Place], live: Iterable[Place]) -> Window:
        """What is left once some were dropped and others are live."""
        gone = list(dropped)
        start = max([self.start, *(place.read_at + 1 for place in gone)])
        removed = max([self.removed, *(place.index + 1 for place in gone)])
        kept = (place.index for place in sorted(live) if place.read_at < start)
        return Window(start, tuple(kept), removed, self.pinned)

    def fields(self, manager_state: Mapping[str, Any]) -> dict[str, Any]:
        """Give the fields of agent.json: what the conversation manager keeps, and this."""
        state = dict(manager_state)
        if _REMOVED in state:
            state[_REMOVED] = self.removed
        if self == Window(self.removed, removed=self.removed):
            return {_MANAGER: state}
        ours = {"start": self.start, "kept": list(self.kept), "pinned": list(self.pinned)}
        return {_MANAGER: state, WINDOW: ours}


def _object(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, Mapping) else {}


def _indexes(ours: Mapping[str, Any], name: str) -> tuple[int, ...]:
    given = ours.get(name)
    return tuple(i for i in given if _index(i) == i) if isinstance(given, list) else ()


def _index(value: object) -> int:
    """Give an index as it is, and 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
