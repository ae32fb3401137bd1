"""The outline of a history: its visible messages without what they say, as a handle knows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from s3sessions.codec import VOID
from s3sessions.dao.visible import place_of
from s3sessions.models import Message
from s3sessions.record import Record


class Line(Record):
    """One visible message; `place` is the index at which readers see it."""

    place: int
    index: int
    etag: str | None
    write_id: str | None
    usage: Mapping[str, Any] | None
    usage_total: Mapping[str, Any] | None

    @classmethod
    def of(cls, message: Message) -> Line:
        return cls(
            place_of(message),
            message.index,
            message.etag,
            message.write_id,
            message.usage,
            message.usage_total,
        )


class Outline:
    """All visible messages below an index, in order; or nothing, where not all are known.

    Attributes:
        lines: one for each message.
        read_to: everything visible below this index is in it; None where nothing is known.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.read_to: int | None = None

    def learn(self, messages: Iterable[Message], *, read_to: int) -> None:
        """Take over a whole history."""
        self.lines = [Line.of(message) for message in messages]
        self.read_to = read_to

    def forget(self) -> None:
        """Know nothing any more."""
        self.lines, self.read_to = [], None

    def extend(self, messages: Sequence[Message], *, start: int, read_to: int) -> None:
        """Take over what stands from `start` on; nothing is known any more if that leaves a gap."""
        if self.read_to != start:
            self.forget()
            return
        self.lines += map(Line.of, messages)
        self.read_to = read_to

    def changed(self, message: Message) -> None:
        """Take over another version of one message; a void is none."""
        for at, line in enumerate(self.lines):
            if line.index == message.index:
                self.lines[at : at + 1] = [] if message.status == VOID else [Line.of(message)]
                return

    def begin_at(self, first: int) -> None:
        """Drop what is hidden now."""
        self.lines = [line for line in self.lines if line.place >= first]
