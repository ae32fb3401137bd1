"""Which key of the store stands for a key of Strands: the same, under a prefix.

A key that would leave the prefix, or that another backend would fold into a different one, is
refused, so no two keys share an object and what works here works on every store.
"""

from __future__ import annotations

from dataclasses import dataclass

from s3sessions.errors import InvalidId
from s3sessions.keys import MAX_KEY_BYTES

__all__ = ["KeySpace"]


@dataclass(frozen=True, slots=True)
class KeySpace:
    """All keys below one prefix, which is empty or ends in `/`."""

    prefix: str

    def full(self, key: str) -> str:
        """Give the store's key. Raises InvalidId for one that cannot stand there."""
        text = _text(key, "key")
        _check(text, "key", text.split("/"))
        return self._fitting(text)

    def full_prefix(self, prefix: str) -> str:
        """Give the store's prefix for what keys begin with, empty for all. Raises InvalidId."""
        text = _text(prefix, "prefix")
        *folders, name = text.split("/")
        # What is behind the last slash may be the beginning of a name.
        _check(text, "prefix", folders if name in ("", ".") else [*folders, name])
        return self._fitting(text)

    def relative(self, key: str) -> str:
        """Give Strands' key for one of the store."""
        return key.removeprefix(self.prefix)

    def under(self, prefix: str) -> KeySpace:
        """Give the keys below a prefix, with or without a slash at its end. Raises InvalidId."""
        text = _text(prefix, "prefix").removesuffix("/")
        return KeySpace(self.full(text) + "/") if text else self

    def _fitting(self, key: str) -> str:
        full = self.prefix + key
        try:
            size = len(full.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise InvalidId(f"key {key!r} is not valid Unicode", cause=error) from error
        if size > MAX_KEY_BYTES:
            raise InvalidId(
                f"key has {size} bytes with its prefix, the limit is {MAX_KEY_BYTES}: shorten it",
                key=full,
            )
        return full


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise InvalidId(f"{what} must be a string, not {type(value).__name__}")
    return value


def _check(text: str, what: str, segments: list[str]) -> None:
    if "\\" in text:
        raise InvalidId(
            f"{what} {text!r} has a backslash, which Strands' own storages refuse: use a slash"
        )
    if any(segment in ("", ".", "..") for segment in segments):
        raise InvalidId(
            f"{what} {text!r} is empty or has an empty, '.' or '..' part between slashes, "
            "which some stores fold: leave it out"
        )
