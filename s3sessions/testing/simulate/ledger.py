"""What the actors did and saw, as they know it: what the invariants are checked against.

Every message carries a token of its own, so that it is known again wherever it turns up. Moments
are ticks of the scheduler: of two events one always comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from s3sessions.models import Message, Summary
from s3sessions.testing.simulate.reading import Place, Reading, ReadKind, place_of, token_of

SESSION: Final = "s"
"""Id of the session whose history everybody works on."""

CHILD: Final = "c"
"""Id of the one that is forked off it."""

AGENT: Final = "a"


@dataclass(frozen=True)
class Known:
    """The last message that a handle has seen: its place and token; None where it saw none.

    It looked from `since` to `at`.
    """

    place: Place = (-1, 0)
    token: str | None = None
    since: int = 0
    at: int = 0

    @classmethod
    def of(cls, messages: Sequence[Message], since: int = 0, at: int = 0) -> Known:
        if not messages:
            return cls(since=since, at=at)
        return cls(place_of(messages[-1]), token_of(messages[-1]), since, at)


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


@dataclass
class Cut:
    """One change of where the history begins.

    Attributes:
        hidden: tokens that it hides, if it is done.
        shown: tokens that it puts in their place.
        summary: text that it sets; empty where it drops the summary, None where it keeps it.
        known_at: when the history that it states was read.
        ended: when it was acknowledged; None if never.
        refused: whether it was refused, and so not done.
    """

    hidden: frozenset[str]
    shown: tuple[str, ...]
    summary: str | None
    known_at: int
    began: int
    ended: int | None = None
    refused: bool = False


@dataclass
class Demolition:
    """One deletion, however often it was run again; `ended` is None until it succeeded.

    Attributes:
        is_wanted: whether it is to end whatever happens; a prune may find that it is not to be.
    """

    began: int
    ended: int | None = None
    is_wanted: bool = True


@dataclass
class Fork:
    """One call that forks the child off; `ended` is None where it did not succeed."""

    began: int
    ended: int | None = None


class Ledger:
    """The book that all actors of a simulation keep.

    Attributes:
        spoken: messages by token.
        readings: in the order in which they ended.
        changes: in the order in which they began.
        cuts: likewise.
        demolitions: likewise; of the session.
        discards: deletions of the child, likewise.
        forks: likewise.
        offspring: what was read of the child.
        older_than: seconds of silence after which a prune deletes.
        surprises: errors that no verb documents.
    """

    def __init__(self, tick: Callable[[], int]) -> None:
        self._tick = tick
        self.spoken: dict[str, Spoken] = {}
        self.readings: list[Reading] = []
        self.changes: list[Change] = []
        self.cuts: list[Cut] = []
        self.demolitions: list[Demolition] = []
        self.discards: list[Demolition] = []
        self.forks: list[Fork] = []
        self.offspring: list[Reading] = []
        self.older_than = 0.0
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
        summary: Summary | None = None,
    ) -> None:
        """Note what was read."""
        reading = Reading.of(
            reader, kind, began, self.now(), messages, asked=asked, summary=summary
        )
        self.readings.append(reading)

    def read_child(
        self,
        reader: str,
        kind: ReadKind,
        began: int,
        messages: Iterable[Message],
        summary: Summary | None = None,
    ) -> None:
        """Note what was read of the child."""
        reading = Reading.of(reader, kind, began, self.now(), messages, summary=summary)
        self.offspring.append(reading)

    def change(self, token: str, version: str) -> Change:
        """Note that a message is about to be changed in place, or removed."""
        change = Change(token, version, self.now())
        self.changes.append(change)
        return change

    def cut(
        self,
        hidden: Iterable[str],
        *,
        known_at: int,
        shown: Iterable[str] = (),
        summary: str | None = None,
    ) -> Cut:
        """Note that the history is about to begin elsewhere."""
        cut = Cut(frozenset(hidden), tuple(shown), summary, known_at, self.now())
        self.cuts.append(cut)
        return cut

    def demolish(self, session_id: str = SESSION, *, is_wanted: bool = True) -> Demolition:
        """Note that a deletion begins."""
        demolition = Demolition(self.now(), is_wanted=is_wanted)
        (self.demolitions if session_id == SESSION else self.discards).append(demolition)
        return demolition

    def call_off(self, demolition: Demolition) -> None:
        """Note that a deletion has not been made, and will not be."""
        self.demolitions.remove(demolition)

    def fork(self) -> Fork:
        """Note that the child is about to be forked off."""
        fork = Fork(self.now())
        self.forks.append(fork)
        return fork
