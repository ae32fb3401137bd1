"""What the actors did and saw, as they know it: what the invariants are checked against.

Every message carries a token of its own, so that it is known again wherever it turns up. Moments
are ticks of the scheduler: of two events one always comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from s3sessions.models import Message

Place: TypeAlias = tuple[int, int]
"""Where a message is read: the index (of its batch's commit), then the position in its batch."""


@dataclass(frozen=True)
class Known:
    """The last message that a handle has seen: its place and token; None where it saw none."""

    place: Place = (-1, 0)
    token: str | None = None

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Known:
        return cls(place_of(messages[-1]), token_of(messages[-1])) if messages else cls()


ReadKind: TypeAlias = Literal["restore", "last", "iterate", "follow"]


@dataclass
class Spoken:
    """One message that somebody tried to append.

    Attributes:
        token: of the message.
        batch: tokens of all messages that are to become visible with it, in order.
        began: when it was first asked for.
        known_since: how old the knowledge of the handle that asked was.
        acknowledged: when it was first acknowledged; None if never.
        refused: whether the last word on it was that it is not written.
        known: for a strict handle what it had seen, each time it asked.
        writers: who asked.
    """

    token: str
    batch: tuple[str, ...]
    began: int
    known_since: int
    acknowledged: int | None = None
    refused: bool = False
    known: list[Known] = field(default_factory=list)
    writers: set[str] = field(default_factory=set)


@dataclass
class Change:
    """One change of a message in place: to a version of its own, or its removal.

    Attributes:
        version: what it writes; empty for a removal.
        ended: when it was acknowledged; None if never.
        refused: whether it was refused, and so not done.
    """

    token: str
    version: str
    began: int
    ended: int | None = None
    refused: bool = False


@dataclass(frozen=True)
class Sighting:
    """One message as somebody read it."""

    token: str
    place: Place
    version: str
    write_id: str | None


@dataclass(frozen=True)
class Reading:
    """What one read gave.

    Attributes:
        kind: how it was read; `last` gives the end alone, `follow` is a restore and what
            `refresh` added to it.
        asked: how many messages `last` was to give.
        began, ended: when.
    """

    reader: str
    kind: ReadKind
    asked: int
    began: int
    ended: int
    sightings: tuple[Sighting, ...]

    @property
    def tokens(self) -> list[str]:
        return [sighting.token for sighting in self.sightings]


@dataclass
class Demolition:
    """One deletion, however often it was run again; `ended` is None until it succeeded."""

    began: int
    ended: int | None = None


class Ledger:
    """The book that all actors of a simulation keep.

    Attributes:
        spoken: messages by token.
        readings: in the order in which they ended.
        changes: in the order in which they began.
        demolitions: likewise.
        surprises: errors that no verb documents.
    """

    def __init__(self, tick: Callable[[], int]) -> None:
        self._tick = tick
        self.spoken: dict[str, Spoken] = {}
        self.readings: list[Reading] = []
        self.changes: list[Change] = []
        self.demolitions: list[Demolition] = []
        self.surprises: list[str] = []

    def now(self) -> int:
        return self._tick()

    def plant(self, tokens: Iterable[str]) -> None:
        """Note messages that are there from the beginning."""
        for token in tokens:
            self.spoken[token] = Spoken(token, (token,), 0, 0, acknowledged=0)

    def begin(
        self, writer: str, tokens: Sequence[str], *, known_since: int, known: Known | None
    ) -> None:
        """Note that messages are about to be appended, several as one batch."""
        for token in tokens:
            there = self.spoken.get(token)
            if there is None:
                there = Spoken(token, tuple(tokens), self.now(), known_since)
                self.spoken[token] = there
            there.refused = False
            if known is not None:
                there.known.append(known)
            there.known_since = min(there.known_since, known_since)
            there.writers.add(writer)

    def acknowledge(self, tokens: Sequence[str], messages: Sequence[Message]) -> None:
        """Note that messages were appended, and whether these are what came back."""
        for token in tokens:
            spoken = self.spoken[token]
            if spoken.acknowledged is None:
                spoken.acknowledged = self.now()
        given = [token_of(message) for message in messages]
        changed = {change.token for change in self.changes}
        if given != list(tokens) and not changed & set(tokens):
            self.surprises.append(f"an append of {', '.join(tokens)} gave back {', '.join(given)}")

    def refuse(self, tokens: Sequence[str]) -> None:
        """Note that messages are not written, and never will be."""
        for token in tokens:
            self.spoken[token].refused = True

    def read(
        self,
        reader: str,
        kind: ReadKind,
        began: int,
        messages: Iterable[Message],
        *,
        asked: int = 0,
    ) -> None:
        """Note what was read."""
        sightings = tuple(
            Sighting(token_of(m), place_of(m), str(m.payload.get("version", "")), m.write_id)
            for m in messages
        )
        self.readings.append(Reading(reader, kind, asked, began, self.now(), sightings))

    def change(self, token: str, version: str) -> Change:
        """Note that a message is about to be changed in place, or removed."""
        change = Change(token, version, self.now())
        self.changes.append(change)
        return change

    def demolish(self) -> Demolition:
        """Note that a deletion begins."""
        demolition = Demolition(self.now())
        self.demolitions.append(demolition)
        return demolition


def token_of(message: Message) -> str:
    """Give the token of a message."""
    return str(message.payload.get("token", f"nobody's, at index {message.index}"))


def place_of(message: Message) -> Place:
    """Give the place at which a message is read."""
    if message.batch is None:
        return (message.index, 0)
    return (message.batch.commit, message.batch.position)
