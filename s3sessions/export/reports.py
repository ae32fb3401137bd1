"""What an export says of itself, while it runs and at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["ExportProgress", "ExportReport", "PassedOver"]


class PassedOver(NamedTuple):
    """A stored object that is not in the export, and why."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote.

    Attributes:
        sessions: sessions of which at least one conversation was written.
        conversations: of one agent each: lines or files.
        messages: messages in them.
        bytes: that were written.
        gone: sessions that were listed and deleted before they were read.
        corrupt: objects that could not be read, passed over.
        holes: indexes that no object holds.
        foreign: objects under the agents' prefixes that are not ours, passed over.
        dropped: what the shape that was asked for has no place for, and how often: names of
            fields, types of blocks.
        refused: sessions that the destination does not take, with the key there.
    """

    sessions: int
    conversations: int
    messages: int
    bytes: int
    gone: int
    corrupt: tuple[PassedOver, ...]
    holes: int
    foreign: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    refused: tuple[PassedOver, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """How far an export has come: what was written, and the session that was written last."""

    sessions: int
    conversations: int
    messages: int
    bytes: int
    session_id: str
