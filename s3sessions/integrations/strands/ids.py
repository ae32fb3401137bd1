"""Ids as Strands takes them."""

from __future__ import annotations

from s3sessions.errors import InvalidId


def checked_id(name: str, value: object) -> str:
    """Give an id that Strands takes too. Raises InvalidId, a ValueError, as Strands does."""
    if not isinstance(value, str) or not value:
        raise InvalidId(f"{name}={value!r}: must be a text that is not empty")
    if "/" in value:
        raise InvalidId(f"{name}={value} | id cannot contain path separators")
    return value
