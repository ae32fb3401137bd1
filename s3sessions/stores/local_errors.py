"""What the operating system's errors mean to a caller of the local store: the one edge for them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from s3sessions.errors import (
    AccessDenied,
    InvalidId,
    InvalidSettings,
    S3SessionsError,
    StoreUnavailable,
)
from s3sessions.stores.observation import DISK_FULL

__all__ = ["mapped"]

_DENIED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_MEANINGS: Final = {
    errno.ENAMETOOLONG: (InvalidId, "the key is longer than this file system can hold: shorten it"),
    errno.EILSEQ: (InvalidId, "this file system cannot hold the characters of the key"),
    errno.EXDEV: (
        InvalidSettings,
        "another file system is mounted inside the folder: give that one a store of its own",
    ),
} | dict.fromkeys(
    (errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY),
    (
        InvalidId,
        "a folder cannot hold an object and, below its key, others: choose another key",
    ),
)
_LACKING: Final = dict.fromkeys(
    (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP),
    (InvalidSettings, "this file system lacks file locks: use a folder on another one"),
)


@contextmanager
def mapped(action: str, key: str, folder: bytes) -> Iterator[None]:
    """Turn an OSError of what runs inside into the error that says what to do.

    `action` is the permission that the request needs: read or write.
    """
    try:
        yield
    except OSError as error:
        raise _error(error, action, key, os.fsdecode(folder)) from error


def _error(error: OSError, action: str, key: str, folder: str) -> S3SessionsError:
    number = error.errno or 0
    if number in _DENIED:
        where = os.fsdecode(error.filename) if error.filename is not None else folder
        message = f"no permission to {action} at {where}: allow this user to, or use another folder"
        return AccessDenied(message, key=key, cause=error, action=action)
    if number in DISK_FULL:
        message = f"no space left on the disk: free some for {folder}, then try again"
        return StoreUnavailable(message, key=key, cause=error)
    kind, message = (_MEANINGS | _LACKING).get(
        number, (StoreUnavailable, f"the folder {folder} cannot be used now: try again later")
    )
    return kind(message, key=key, cause=error)
