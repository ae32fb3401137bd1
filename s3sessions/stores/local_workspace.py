"""The reserved folder of a local store: files that are not finished yet, and the locks."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
import zlib
from collections.abc import Iterator
from typing import Final

from s3sessions.errors import InvalidSettings
from s3sessions.stores.local_paths import RESERVED, refuse_no_folder

if os.name == "posix":
    import fcntl  # elsewhere there is none, and LocalStore itself says so

__all__ = ["Workspace", "etag_of", "make_folders"]

LOCKS: Final = 64
"""Lock files: processes must agree on the number, or they would not exclude each other."""

LEFT_BEHIND: Final = 24 * 3600
"""Seconds after which a temporary file belongs to no living writer."""


def etag_of(state: os.stat_result) -> str:
    """Give the etag of a file; two versions of a file never share it."""
    return f"{state.st_ino:x}-{state.st_mtime_ns:x}-{state.st_size:x}"


class Workspace:
    """Makes finished files and holds locks; makes the store's folder at the first use."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._temporary = os.path.join(root, RESERVED, b"tmp")
        self._locks = os.path.join(root, RESERVED, b"locks")
        self._proven = False

    @contextlib.contextmanager
    def finished(self, data: bytes) -> Iterator[tuple[bytes, str]]:
        """Give the path and the etag of a file that holds the data, on the disk; removed after."""
        path = os.path.join(self._temporary, _unique())
        descriptor = self._open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            try:
                _write(descriptor, data)
                # A time that the kernel sets may be as coarse as its tick, and a freed inode is
                # given out again: only a fine time keeps two versions from sharing an etag.
                now = time.time_ns()
                os.utime(descriptor, ns=(now, now))
                os.fsync(descriptor)
                etag = etag_of(os.fstat(descriptor))
            finally:
                os.close(descriptor)
            yield path, etag
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    @contextlib.contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Exclude all other threads and processes that change this key under the lock."""
        name = b"%02x" % (zlib.crc32(key.encode("utf-8")) % LOCKS)
        descriptor = self._open(os.path.join(self._locks, name), os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            try:
                yield
            finally:
                # Closing would not do: a child forked meanwhile shares the open file, and the lock.
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            os.close(descriptor)

    def _open(self, path: bytes, flags: int) -> int:
        if not self._proven:
            self._prepare()
        try:
            return os.open(path, flags, 0o666)
        except FileNotFoundError:
            # Somebody removed the folder since: begin again, as with a new one.
            self._prepare()
            return os.open(path, flags, 0o666)

    def _prepare(self) -> None:
        _make_root(self._root)
        for folder in (self._temporary, self._locks):
            make_folders(folder)
        self._sweep()
        self._prove()
        self._proven = True

    def _sweep(self) -> None:
        oldest = time.time() - LEFT_BEHIND
        with os.scandir(self._temporary) as entries:
            for entry in entries:
                # Gone meanwhile, or another user's: not ours to remove.
                with contextlib.suppress(FileNotFoundError, PermissionError):
                    if entry.stat(follow_symlinks=False).st_mtime < oldest:
                        os.unlink(entry.path)

    def _prove(self) -> None:
        base = os.path.join(self._temporary, _unique())
        probe = base + "-a\u00e9".encode()
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        try:
            for spelling in ("-A\u00e9", "-a\u00c9", "-ae\u0301"):
                if os.path.lexists(base + spelling.encode()):
                    raise InvalidSettings(
                        f"the file system of {os.fsdecode(self._root)} does not tell upper from "
                        "lower case, or spellings of an accent: different ids would share a file; "
                        "use a folder on another one"
                    )
            _prove_links(probe, base)
        finally:
            os.unlink(probe)


def _prove_links(probe: bytes, name: bytes) -> None:
    try:
        os.link(probe, name)
    except OSError as error:
        raise InvalidSettings(
            "this file system makes no hard links, without which two writers could create the "
            "same object: use a folder on another one",
            cause=error,
        ) from error
    os.unlink(name)


def _unique() -> bytes:
    return f"{os.getpid()}-{secrets.token_hex(8)}".encode()


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _make_root(root: bytes) -> None:
    """Make the store's folder and the missing ones above it, on the disk."""
    try:
        for folder in make_folders(root):
            above = os.open(os.path.dirname(folder), os.O_RDONLY)
            try:
                os.fsync(above)
            finally:
                os.close(above)
    except (NotADirectoryError, FileNotFoundError) as error:
        raise InvalidSettings(
            f"the folder {os.fsdecode(root)} cannot be made: name another", cause=error
        ) from error
    refuse_no_folder(root)


def make_folders(folder: bytes) -> list[bytes]:
    """Make a folder and the missing ones above it; returns those it made, the highest first.

    Raises FileNotFoundError where another process removes them meanwhile. What already stands
    there is not looked at: os.makedirs would, and fail when that vanishes in between.
    """
    made: list[bytes] = []
    missing: list[bytes] = []
    while not _make_folder(folder, made):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for folder in reversed(missing):
        if not _make_folder(folder, made):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
    return made


def _make_folder(folder: bytes, made: list[bytes]) -> bool:
    try:
        os.mkdir(folder)
    except FileExistsError:
        return True
    except FileNotFoundError:
        return False
    made.append(folder)
    return True
