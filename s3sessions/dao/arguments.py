"""What callers give the verbs of a handle, checked before anything is asked or written."""

from __future__ import annotations

from typing import Any, Final

from s3sessions.errors import InvalidId, InvalidSettings

_LONGEST_WRITE_ID: Final = 512


def check_write_id(write_id: object) -> None:
    """Raise InvalidId for what is no name of a write."""
    if not isinstance(write_id, str) or not 0 < len(write_id) <= _LONGEST_WRITE_ID:
        shown = repr(write_id)[:60]
        raise InvalidId(f"write_id is {shown}: give 1 to {_LONGEST_WRITE_ID} characters")


def check_count(name: str, value: object) -> None:
    """Raise InvalidSettings for what is no whole number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidSettings(f"{name}={value!r}: must be a whole number, 0 or more")


def check_limit(name: str, value: object) -> None:
    """Raise InvalidSettings for what is neither None nor a whole number, 0 or more."""
    if value is not None:
        check_count(name, value)


def check_seconds(name: str, value: Any) -> None:
    """Raise InvalidSettings for what is no span of time."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and value >= 0):
        raise InvalidSettings(f"{name}={value!r}: must be a number of seconds, 0 or more")


def check_text(name: str, value: object) -> None:
    """Raise InvalidSettings for what is no text, or an empty one."""
    if not isinstance(value, str) or not value:
        raise InvalidSettings(f"{name}={value!r}: must be a text")


def check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Raise InvalidSettings for what is none of the choices."""
    if value not in choices:
        known = " or ".join(map(repr, choices))
        raise InvalidSettings(f"{name}={value!r}: must be {known}")
