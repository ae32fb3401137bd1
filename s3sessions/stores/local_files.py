"""How the local store reads, creates, replaces and removes one file, each as a whole or not at all.

A write finishes a temporary file first, syncs it, and gives it its name in one step: link(2),
which fails where the name is taken, or rename(2) under a lock. Then the folder is synced, so that
the name too survives a power cut.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from s3sessions.errors import NotFound, PreconditionFailed
from s3sessions.ports import Blob
from s3sessions.stores.local_paths import link_in, refuse_link, refuse_no_folder
from s3sessions.stores.local_workspace import Workspace, etag_of, make_folders

__all__ = ["Files", "modified_of"]

MOST_TRIES: Final = 100
"""Tries of one write while others remove the empty folders that it makes."""

MOST_SETTLED: Final = 10_000
"""Folders remembered as settled; forgetting one costs a few syncs and nothing else."""


def modified_of(state: os.stat_result) -> datetime:
    """Give the time of a file's last write, in UTC."""
    return datetime.fromtimestamp(state.st_mtime, UTC)


class Files:
    """The files of one store; paths are those of `path_of`. Raises OSError as it comes."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._workspace = Workspace(root)
        self._settled: dict[bytes, int] = {}

    def read(self, path: bytes, key: str) -> Blob:
        """Read a file; raises NotFound."""
        if link_in(self._root, path) is None:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                return _read(path)
        refuse_no_folder(self._root)
        raise NotFound("there is no such object", key=key)

    def create(self, path: bytes, key: str, data: bytes) -> str:
        """Write a file that is not there and return its etag; raises PreconditionFailed."""
        refuse_link(self._root, path, key)
        with self._workspace.finished(data) as (temporary, etag):
            try:
                _place(lambda: os.link(temporary, path), path)
            except FileExistsError as error:
                _refuse_folder(path)
                raise PreconditionFailed("there is an object already", key=key) from error
        self.settle(os.path.dirname(path))
        return etag

    def replace(self, path: bytes, key: str, data: bytes, current: str | None) -> str:
        """Write a file, with `current` only over that version, and return its etag."""
        refuse_link(self._root, path, key)
        with self._workspace.finished(data) as (temporary, etag), self._workspace.lock(key):
            if current is not None:
                _check(_state(path), current, key)
            _place(lambda: os.rename(temporary, path), path)
        self.settle(os.path.dirname(path))
        return etag

    def remove(self, path: bytes, key: str, current: str | None) -> bool:
        """Remove a file, with `current` only that version, and tell whether there was one.

        Its folder is left to be settled, so that many removals need one sync.
        """
        # Asked without the lock first: in a folder not yet made, a deletion makes nothing.
        if link_in(self._root, path) is not None or _state(path) is None:
            refuse_no_folder(self._root)
            return False
        with self._workspace.lock(key):
            state = _state(path)
            if state is None:
                return False
            if current is not None:
                _check(state, current, key)
            os.unlink(path)
        self._remove_empty(os.path.dirname(path))
        return True

    def settle(self, folder: bytes) -> None:
        """Sync a folder, so that what was named and removed in it survives a power cut.

        At its first sight the folders above it too: whoever made them may not have synced them.
        """
        fresh = {}
        while True:
            with contextlib.suppress(FileNotFoundError):  # removed: what counts is above it
                inode = _sync_folder(folder)
                if self._settled.get(folder) == inode:
                    break
                fresh[folder] = inode
            if folder == self._root:
                break
            folder = os.path.dirname(folder)
        if len(self._settled) > MOST_SETTLED:
            self._settled.clear()
        self._settled.update(fresh)

    def _remove_empty(self, folder: bytes) -> None:
        while folder != self._root:
            try:
                os.rmdir(folder)
            except OSError:
                # Not empty, gone, or not ours to remove: an empty folder shows in no list.
                return
            self._settled.pop(folder, None)
            folder = os.path.dirname(folder)


def _read(path: bytes) -> Blob:
    # Without O_NONBLOCK, opening a pipe that lies in the folder would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise FileNotFoundError(errno.ENOENT, "not a regular file", path)
        with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
            return Blob(file.readall(), etag_of(state), modified_of(state))
    finally:
        os.close(descriptor)


def _state(path: bytes) -> os.stat_result | None:
    """Look a file up; None where there is no regular one."""
    try:
        state = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return state if stat.S_ISREG(state.st_mode) else None


def _check(state: os.stat_result | None, current: str, key: str) -> None:
    if state is None or etag_of(state) != current:
        raise PreconditionFailed("the object is not the version that was read", key=key)


def _refuse_folder(path: bytes) -> None:
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)


def _place(act: Callable[[], None], path: bytes) -> None:
    """Do what gives a file its name, and make the folders that it lacks."""
    for _ in range(MOST_TRIES):
        try:
            return act()
        except FileNotFoundError:
            # Another process may be removing the very folders, empty so far: then once more.
            with contextlib.suppress(FileNotFoundError):
                make_folders(os.path.dirname(path))
    return act()


def _sync_folder(folder: bytes) -> int:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
        return os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)
