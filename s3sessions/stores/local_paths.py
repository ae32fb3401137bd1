"""Which file stands for a key. Paths are bytes, names are UTF-8 whatever the locale says."""

from __future__ import annotations

import os
import stat
from typing import Final

from s3sessions.errors import InvalidId, InvalidSettings

__all__ = ["RESERVED", "is_name", "link_in", "path_of", "refuse_link", "refuse_no_folder"]

RESERVED: Final = b".s3sessions"
"""The folder at the root of a store that holds its temporary and lock files, and no object."""

LONGEST_NAME: Final = 255
"""Bytes of a file name on every POSIX file system in use."""


def path_of(root: bytes, key: str) -> bytes:
    """Give the path of a key's file.

    Raises:
        InvalidId: no file below the root can stand for the key.
    """
    try:
        name = key.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidId("a key must be valid Unicode", key=repr(key), cause=error) from error
    for segment in name.split(b"/"):
        if not is_name(segment):
            raise InvalidId(
                "each part of a key between slashes must be a file name of at most "
                f"{LONGEST_NAME} bytes, neither '.' nor '..', without NUL",
                key=key,
            )
    if name.partition(b"/")[0] == RESERVED:
        raise InvalidId(f"keys below {RESERVED.decode()}/ are the store's own", key=key)
    return os.path.join(root, name)


def is_name(segment: bytes) -> bool:
    """Tell whether a key's segment can be a file name."""
    if segment in (b"", b".", b".."):
        return False
    return len(segment) <= LONGEST_NAME and b"\x00" not in segment


def link_in(root: bytes, path: bytes) -> bytes | None:
    """Find the first symbolic link on the way from the root to a path, the path itself included."""
    end = len(root)
    while end < len(path):
        end = path.find(b"/", end + 1)
        if end < 0:
            end = len(path)
        try:
            mode = os.lstat(path[:end]).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        if stat.S_ISLNK(mode):
            return path[:end]
    return None


def refuse_link(root: bytes, path: bytes, key: str) -> None:
    """Raises InvalidSettings where a write would go through or over a symbolic link."""
    if link := link_in(root, path):
        raise InvalidSettings(
            f"{os.fsdecode(link)} is a symbolic link, which the store does not follow: "
            "put a folder in its place",
            key=key,
        )


def refuse_no_folder(root: bytes) -> None:
    """Raises InvalidSettings where something else than a folder stands at the root."""
    if os.path.lexists(root) and not os.path.isdir(root):
        raise InvalidSettings(f"{os.fsdecode(root)} is not a folder: name one")
