"""A store of files: the same keys as on S3, below one folder of this machine."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from s3sessions.errors import InvalidSettings, S3SessionsError
from s3sessions.ports import (
    ABSENT,
    DELETE_LIMIT,
    PAGE_LIMIT,
    Blob,
    Condition,
    DeleteOutcome,
    Observer,
    Page,
    Target,
)
from s3sessions.stores.local_errors import mapped
from s3sessions.stores.local_files import Files
from s3sessions.stores.local_listing import list_page
from s3sessions.stores.local_paths import path_of
from s3sessions.stores.observation import Exchange, reported
from s3sessions.stores.threads import ThreadFanOut

__all__ = ["LocalStore"]

T = TypeVar("T")


class LocalStore:
    """A `SyncStore` on a POSIX file system that tells upper from lower case.

    Threads and processes may share a folder, of one machine: what one has written the others see,
    whole. A write that was acknowledged survives a crash of the process and of the machine.
    Every file in the folder is an object, whoever wrote it, but for those whose names are not
    UTF-8 and those in `.s3sessions/` at the top, where the store keeps what is unfinished and its
    locks; leave that folder alone while a store is in use. The folder is made at the first write.

    The folder itself may be a symbolic link; inside it none is followed. A link is no object and
    no folder: reads and lists pass over it, and a write that would go through it or over it is
    InvalidSettings.

    A key is InvalidId where a part between slashes is empty, `.`, `..` or over 255 bytes, where it
    lies below `.s3sessions/`, or where a part of it is an object already (`a` and `a/b`).
    """

    def __init__(self, folder: Path | str, *, width: int = 32) -> None:
        """Name the folder; nothing on the disk is touched.

        Raises:
            InvalidSettings: this is no POSIX system.
        """
        if os.name != "posix":
            raise InvalidSettings("the local store needs a POSIX system: use an S3 url")
        self._root = os.fsencode(Path(folder).absolute())
        self._files = Files(self._root)
        self._threads = ThreadFanOut(width)
        self._observers: tuple[Observer, ...] = ()

    @property
    def versions(self) -> None:
        """Nothing: an object has one version, and what is deleted is gone."""
        return None

    @property
    def lists_in_parts(self) -> bool:
        """No: each page costs a look at the whole folder."""
        return False

    @property
    def deletes_if_match(self) -> bool:
        """Yes, under a lock."""
        return True

    def get(self, key: str) -> Blob:
        """Read one object.

        Raises:
            NotFound, InvalidId, AccessDenied, StoreUnavailable.
        """
        path = path_of(self._root, key)
        with self._request("get", key, "read") as exchange:
            blob = self._files.read(path, key)
            exchange.received = len(blob.data)
            return blob

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        """Write one object and return its etag; on the disk when it returns.

        Raises:
            PreconditionFailed: the condition does not hold.
            InvalidId, InvalidSettings, AccessDenied: nothing was written.
            StoreUnavailable: no space is left, or the disk fails.
        """
        path = path_of(self._root, key)
        with self._request("put", key, "write", sent=len(data)):
            if only_if is ABSENT:
                return self._files.create(path, key, data)
            return self._files.replace(path, key, data, only_if)

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        """Delete one object, and the folders that it leaves empty.

        Raises:
            PreconditionFailed: there is another version.
            InvalidId, InvalidSettings, AccessDenied, StoreUnavailable.
        """
        path = path_of(self._root, key)
        with self._request("delete", key, "write"):
            if self._files.remove(path, key, only_if):
                self._files.settle(os.path.dirname(path))

    def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        """Delete objects one after the other; an error is the outcome of its own key alone.

        Raises:
            InvalidSettings: more than `DELETE_LIMIT` targets; nothing was deleted.
            StoreUnavailable: the disk fails once they are deleted.
        """
        if len(targets) > DELETE_LIMIT:
            raise InvalidSettings(f"{len(targets)} keys to delete: give at most {DELETE_LIMIT}")
        if not targets:
            return []
        folders: set[bytes] = set()
        with self._request("delete_many", targets[0].key, "write"):
            outcomes = [self._outcome(target, folders) for target in targets]
            for folder in folders:
                self._files.settle(folder)
        return outcomes

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        """List one page in byte order; the token is the last key or common prefix shown.

        Raises:
            InvalidSettings: a delimiter other than `/`, a limit below 1, or no folder.
            AccessDenied, StoreUnavailable.
        """
        with self._request("list", prefix, "read"):
            return list_page(
                self._root,
                prefix,
                delimiter=delimiter,
                token=start_after if token is None else token,
                limit=min(limit, PAGE_LIMIT),
            )

    def copy(self, source: str, target: str) -> str:
        """Copy an object, create-only, and return the new etag.

        Raises:
            NotFound: there is no source.
            PreconditionFailed: there is a target.
            InvalidId, InvalidSettings, AccessDenied, StoreUnavailable: as in `put`.
        """
        path, new_path = path_of(self._root, source), path_of(self._root, target)
        with self._request("copy", target, "write"):
            # No hard link: it would share the source's etag and time, and a program that edits
            # one of the two files in place would change both.
            with mapped("read", source, self._root):
                data = self._files.read(path, source).data
            return self._files.create(new_path, target, data)

    def fan_out(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Run the calls in threads; a call may fan out itself."""
        return self._threads.run(calls)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def observed(self, observer: Observer) -> LocalStore:
        """Give the same store, of which `observer` too is told each request, in its thread."""
        twin = copy.copy(self)
        twin._observers = (*self._observers, observer)
        return twin

    def close(self) -> None:
        """End the threads; a store that is used again makes new ones."""
        self._threads.close()

    @contextmanager
    def _request(self, verb: str, key: str, action: str, sent: int = 0) -> Iterator[Exchange]:
        with (
            reported(self._observers, verb, key, sent=sent) as exchange,
            mapped(action, key, self._root),
        ):
            yield exchange

    def _outcome(self, target: Target, folders: set[bytes]) -> DeleteOutcome:
        try:
            path = path_of(self._root, target.key)
            with mapped("write", target.key, self._root):
                if self._files.remove(path, target.key, target.etag):
                    folders.add(os.path.dirname(path))
        except S3SessionsError as error:
            return DeleteOutcome(target.key, error)
        return DeleteOutcome(target.key)
