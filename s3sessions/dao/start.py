"""Where a restore begins: at an index, or at the one that the fields of agent.json tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from s3sessions.errors import InvalidSettings

Tell: TypeAlias = Callable[[Mapping[str, Any]], int]
"""Gives the index for the fields of agent.json."""

Start: TypeAlias = int | Tell


def check_start(start: Start, last: int | None) -> None:
    """Raise InvalidSettings for what is no beginning, or one beside another."""
    if not callable(start):
        _check_index("start", start)
    if last is not None and start != 0:
        raise InvalidSettings("start and last are both given: the newest begin where they begin")


def told_index(tell: Tell, fields: Mapping[str, Any]) -> int:
    """Ask for the index. Raises InvalidSettings for an answer that is none."""
    index = tell(fields)
    _check_index("what start gives", index)
    return index


def _check_index(what: str, index: object) -> None:
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise InvalidSettings(f"{what} is {index!r}: must be a whole number, 0 or more")
