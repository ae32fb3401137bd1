"""A session of another program, read: what all formats have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from s3sessions.export.conversation import Conversation
from s3sessions.values import parse_time

__all__ = ["Damage", "ForeignSession", "begun_at", "moment", "text_of", "without"]


class Damage(NamedTuple):
    """A part of a source that could not be read; line 0 where it is no line of a file."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ForeignSession:
    """One session as its source holds it.

    Attributes:
        agents: what each said, in the order in which they are stored; two may have one id.
        multi_agents: bodies of graphs and swarms, by id.
        created_at: of the session; None where nothing tells it.
        details: fields of the session document: title, model, metadata …
        damaged: what could not be read and is not in it.
    """

    session_id: str
    agents: Sequence[Conversation] = ()
    multi_agents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    created_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    damaged: Sequence[Damage] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nobody spoke in it, and nothing else is in it that could be kept."""
        return not self.multi_agents and not any(
            agent.messages or agent.summary or agent.state for agent in self.agents
        )


def moment(value: object) -> datetime | None:
    """Read a time; None for one that was never set, as Go writes it, and for what is none."""
    found = parse_time(value)
    return None if found is None or found.year == 1 else found


def begun_at(times: Iterable[datetime | None]) -> datetime | None:
    """Give the earliest time."""
    return min((time for time in times if time is not None), default=None)


def text_of(value: object) -> str | None:
    """Give a text that can be stored; None for what is none."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value.encode("utf-8", "ignore").decode("utf-8")


def without(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Give what else is in a record, for the session's metadata: nothing that says nothing."""
    return {
        name: value
        for name, value in fields.items()
        if name not in names and value not in (None, "", [], {})
    }
