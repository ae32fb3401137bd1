"""What a chat asks of a model, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

__all__ = ["Model", "Piece", "Said"]


@dataclass(frozen=True, slots=True)
class Said:
    """A whole message of the model's turn as it is to be stored, and what it has used."""

    payload: Mapping[str, Any]
    usage: Mapping[str, Any] | None = None


Piece: TypeAlias = str | Said
"""Text, as it comes; or the whole message that the text before it belongs to."""


class Model(Protocol):
    """Something that answers."""

    @property
    def name(self) -> str:
        """What the session remembers it by."""

    @property
    def note(self) -> str | None:
        """What its user has to know before anything is said."""

    def message(self, role: str, text: str) -> dict[str, Any]:
        """Write a text in the shape of message that this model reads."""

    def ask(self, history: Sequence[Mapping[str, Any]]) -> Iterator[Piece]:
        """Answer the last message of a history; whatever goes wrong is raised as it is."""

    def close(self) -> None:
        """End what it has begun."""
