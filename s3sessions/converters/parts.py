"""What a message says, whoever's notation it is written in: what every reader gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = [
    "Call",
    "Content",
    "Media",
    "Other",
    "Part",
    "Reasoning",
    "Result",
    "Role",
    "Text",
    "Turn",
]

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Text:
    """What was said."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thought.

    Attributes:
        signature: by which its provider knows it again; None where it signs nothing.
        sealed: the thought as the provider keeps it to itself; None where it can be read.
    """

    text: str
    signature: str | None = None
    sealed: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that is to be run; `arguments` are an object, or what stands in its place."""

    call_id: str
    name: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class Media:
    """An image, a document, audio or video: `data`, or an address `where` it is.

    Attributes:
        kind: `image`, `document`, `audio` or `video`.
        media_type: such as `image/png`; None where nobody says.
    """

    kind: str
    media_type: str | None = None
    data: bytes | None = None
    where: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Other:
    """What only the provider itself understands; `label` names it in a report."""

    label: str
    value: Any


Content: TypeAlias = Text | Media | Other
"""What a user says and a tool gives back."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave back."""

    call_id: str
    content: tuple[Content, ...]
    failed: bool = False


Part: TypeAlias = Content | Reasoning | Call | Result


@dataclass(frozen=True, slots=True)
class Turn:
    """One message, read.

    Attributes:
        role: `tool` for a message that is nothing but results.
        parts: in their order.
        unread: names of the fields that hold something beside the parts.
    """

    role: Role
    parts: tuple[Part, ...]
    unread: tuple[str, ...] = ()
