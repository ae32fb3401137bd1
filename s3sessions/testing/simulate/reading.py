"""What one read gave, message by message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from s3sessions.models import Message, Summary

Place: TypeAlias = tuple[int, int]
"""Where a message is read: the index (of its batch's commit), then the position in its batch."""

ReadKind: TypeAlias = Literal["restore", "last", "iterate", "follow"]


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
        summary: that was read along; empty where there was none.
    """

    reader: str
    kind: ReadKind
    asked: int
    began: int
    ended: int
    sightings: tuple[Sighting, ...]
    summary: str = ""

    @property
    def tokens(self) -> list[str]:
        return [sighting.token for sighting in self.sightings]

    @classmethod
    def of(
        cls,
        reader: str,
        kind: ReadKind,
        began: int,
        ended: int,
        messages: Iterable[Message],
        *,
        asked: int = 0,
        summary: Summary | None = None,
    ) -> Reading:
        sightings = tuple(
            Sighting(token_of(m), place_of(m), str(m.payload.get("version", "")), m.write_id)
            for m in messages
        )
        return cls(reader, kind, asked, began, ended, sightings, summary.text if summary else "")


def token_of(message: Message) -> str:
    """Give the token of a message."""
    return str(message.payload.get("token", f"nobody's, at index {message.index}"))


def place_of(message: Message) -> Place:
    """Give the place at which a message is read."""
    if message.batch is None:
        return (message.index, 0)
    return (message.batch.commit, message.batch.position)
