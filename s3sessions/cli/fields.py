"""What is said of a session, as lines of names and values and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from s3sessions.cli.output import Output
from s3sessions.cli.text import one_line, when
from s3sessions.descriptions import SessionDescription, SessionInfo
from s3sessions.values import encode_value

__all__ = ["described", "iso", "metadata_fields", "named_fields", "print_fields"]

_NAMED: Final = ("title", "user", "model", "source", "parent")


def print_fields(output: Output, fields: Sequence[tuple[str, str]]) -> None:
    """Print one field a line, the values below each other."""
    width = max(len(name) for name, _ in fields)
    for name, value in fields:
        output.spans((f"{one_line(name):<{width}}  ", "dim"), (one_line(value), ""))


def named_fields(said: SessionDescription | SessionInfo) -> list[tuple[str, str]]:
    """Give the id and what is said of the session; what is not said is left out."""
    fields = [("session", said.id)]
    fields += [(name, value) for name in _NAMED if (value := getattr(said, name))]
    if said.tags:
        fields.append(("tags", ", ".join(said.tags)))
    fields.append(("created", when(said.created_at)))
    if said.ended_at is not None:
        reason = f", {said.end_reason}" if said.end_reason else ""
        fields.append(("ended", f"{when(said.ended_at)}{reason}"))
    return fields


def metadata_fields(said: SessionDescription | SessionInfo) -> list[tuple[str, str]]:
    """Give the caller's own fields."""
    return [(str(name), str(value)) for name, value in said.metadata.items()]


def described(said: SessionDescription | SessionInfo) -> dict[str, Any]:
    """Give what is said of a session as JSON holds it."""
    return {
        "id": said.id,
        "created_at": iso(said.created_at),
        **{name: getattr(said, name) for name in _NAMED},
        "tags": list(said.tags),
        "metadata": encode_value(dict(said.metadata)),
        "ended_at": iso(said.ended_at),
        "end_reason": said.end_reason,
    }


def iso(moment: datetime | None) -> str | None:
    """Write a time for programs."""
    return None if moment is None else moment.isoformat()
