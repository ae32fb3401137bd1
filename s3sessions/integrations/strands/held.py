"""Messages that an agent holds and that are stored: which object is which."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Any, cast

from strands.types.content import Message as StrandsMessage

from s3sessions.integrations.strands.window import Place
from s3sessions.models import Message


@dataclass(frozen=True)
class Held:
    """A message of the agent, and the stored one."""

    message: StrandsMessage
    stored: Message


class HeldMessages:
    """Finds what is stored of a message: by the object that it is, or by its tracking id.

    Attributes:
        newest: the last of the history, though the agent may have dropped it.
    """

    def __init__(self) -> None:
        self._by_index: dict[int, Held] = {}
        self._names: dict[str, int] = {}
        self.newest: Held | None = None

    def add(self, pairs: Iterable[tuple[StrandsMessage, Message]]) -> None:
        """Take over messages as they are stored now."""
        for message, stored in pairs:
            held = self._by_index[stored.index] = Held(message, stored)
            if self.newest is None or _place(stored) >= _place(self.newest.stored):
                self.newest = held
            if name := name_of(message):
                self._names[name] = stored.index

    def redacted(self, stored: Message) -> None:
        """Take over that a message was redacted; the agent's own may say what it said."""
        if stored.index in self._by_index:
            self.add([(self._by_index[stored.index].message, stored)])
        elif self.newest is not None and self.newest.stored.index == stored.index:
            self.newest = Held(self.newest.message, stored)

    def replaced_by(self, message: StrandsMessage, live: Sequence[StrandsMessage]) -> Held | None:
        """Give the one in whose place a message stands now: of its name, and itself gone.

        A message that is given twice, or a copy of one that is still there, is another one.
        """
        index = self._names.get(name_of(message))
        held = None if index is None else self._by_index[index]
        if held is None or held.message is message:
            return None
        return None if any(other is held.message for other in live) else held

    def same_as(self, message: StrandsMessage) -> list[Held]:
        """Give all that are this very object."""
        return [held for held in self._by_index.values() if held.message is message]

    def named(self, name: str) -> list[Held]:
        """Give those that were stored as `<name>/0`, `<name>/1` …, in this order."""
        found = {held.stored.write_id: held for held in self._by_index.values()}
        names = (f"{name}/{at}" for at in count())
        return [found[name] for name in takewhile(found.__contains__, names)]

    def stored(self) -> list[Message]:
        """Give all of them as they are stored, in the order of the history."""
        return sorted((held.stored for held in self._by_index.values()), key=_place)

    def pinned(self) -> tuple[int, ...]:
        """Give the indexes of those that no conversation manager is to drop."""
        return tuple(index for index, held in self._by_index.items() if _is_pinned(held.message))

    def prune(self, live: Sequence[StrandsMessage]) -> tuple[list[Place], list[Place]]:
        """Forget what the agent does not hold any more.

        Returns:
            The places of what it still holds, and of what it has dropped.
        """
        objects = {id(message) for message in live}
        names = {name_of(message) for message in live} - {""}
        before = self._by_index
        self._by_index = {
            index: held
            for index, held in before.items()
            if id(held.message) in objects or name_of(held.message) in names
        }
        self._names = {n: i for n, i in self._names.items() if i in self._by_index}
        kept = [_place(held.stored) for held in self._by_index.values()]
        return kept, [_place(held.stored) for i, held in before.items() if i not in self._by_index]


def pin(message: StrandsMessage) -> None:
    """Pin a message as Strands' `pin_message` does: in memory."""
    custom = message.setdefault("metadata", {}).setdefault("custom", {})
    custom["pinned"] = True


def _is_pinned(message: StrandsMessage) -> bool:
    metadata: Any = message.get("metadata") or {}
    return bool((metadata.get("custom") or {}).get("pinned") is True)


def _place(stored: Message) -> Place:
    return Place(stored.index if stored.batch is None else stored.batch.commit, stored.index)


def name_of(message: StrandsMessage) -> str:
    """Give the tracking id of a message; empty where it has none."""
    return message.get("tracking_id") or ""


def track(stored: Message | dict[str, Any] | StrandsMessage) -> StrandsMessage:
    """Give a message that has a tracking id; one that was stored without gets one in memory."""
    payload: Any = stored.payload if isinstance(stored, Message) else stored
    if not name_of(payload):
        payload["tracking_id"] = str(uuid.uuid4())
    return cast(StrandsMessage, payload)
