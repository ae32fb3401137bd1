"""A store in this process's memory: for tests and for trying things out."""

from __future__ import annotations

import bisect
import copy
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

from s3sessions.errors import InvalidId, InvalidSettings, NotFound, PreconditionFailed
from s3sessions.ports import (
    ABSENT,
    DELETE_LIMIT,
    PAGE_LIMIT,
    Blob,
    Clock,
    Condition,
    DeleteOutcome,
    Entry,
    Observer,
    Page,
    Target,
    system_clock,
)
from s3sessions.stores.observation import reported

__all__ = ["MemoryStore"]

T = TypeVar("T")

LONGEST_KEY: Final = 1024
"""Bytes in UTF-8: S3's limit, so that what works here works there."""


class _Objects:
    """What all copies of one store share: the objects, their keys in byte order, and a lock."""

    def __init__(self, clock: Clock) -> None:
        self.lock = threading.Lock()
        self.blobs: dict[str, Blob] = {}
        self.keys: list[str] = []
        self._clock = clock
        self._writes = 0

    def write(self, key: str, data: bytes) -> str:
        self._writes += 1
        if key not in self.blobs:
            # The order of code points is the order of their UTF-8 bytes.
            bisect.insort(self.keys, key)
        etag = f"write-{self._writes}"
        self.blobs[key] = Blob(data, etag, datetime.fromtimestamp(self._clock(), UTC))
        return etag

    def remove(self, key: str) -> None:
        if self.blobs.pop(key, None) is not None:
            del self.keys[bisect.bisect_left(self.keys, key)]

    def read(self, key: str) -> Blob:
        if key not in self.blobs:
            raise NotFound("there is no such object", key=key)
        return self.blobs[key]

    def check(self, key: str, only_if: Condition) -> None:
        blob = self.blobs.get(key)
        if only_if is None:
            return
        if only_if is ABSENT:
            if blob is not None:
                raise PreconditionFailed("there is an object already", key=key)
        elif blob is None or blob.etag != only_if:
            raise PreconditionFailed("the object is not the version that was read", key=key)

    def page(self, prefix: str, delimiter: str | None, after: str | None, limit: int) -> Page:
        entries: list[Entry] = []
        prefixes: list[str] = []
        place = self._first(prefix, delimiter, after)
        last: str | None = None
        while place < len(self.keys) and self.keys[place].startswith(prefix):
            if len(entries) + len(prefixes) == limit:
                return Page(entries, prefixes, last)
            last = self.keys[place]
            common = _common_prefix(last, prefix, delimiter)
            if common is None:
                entries.append(_entry(last, self.blobs[last]))
                place += 1
            else:
                prefixes.append(common)
                last = common
                place = self._after(common)
        return Page(entries, prefixes, None)

    def _first(self, prefix: str, delimiter: str | None, after: str | None) -> int:
        if after is None or after < prefix:
            return bisect.bisect_left(self.keys, prefix)
        if _common_prefix(after, prefix, delimiter) == after:
            return self._after(after)
        return bisect.bisect_right(self.keys, after)

    def _after(self, prefix: str) -> int:
        return bisect.bisect_right(self.keys, prefix, key=lambda key: key[: len(prefix)])


class MemoryStore:
    """A `SyncStore` that forgets everything when it is gone.

    Every verb may be called from any thread, and a fan-out runs its calls one after the other in
    the thread that asks. Lists are in byte order. A key is any text of at most 1,024 bytes.
    """

    def __init__(self, *, clock: Clock = system_clock) -> None:
        self._objects = _Objects(clock)
        self._observers: tuple[Observer, ...] = ()

    @property
    def versions(self) -> None:
        """Nothing: an object has one version, and what is deleted is gone."""
        return None

    @property
    def lists_in_parts(self) -> bool:
        """Yes, as S3 does, though nothing is gained here."""
        return True

    @property
    def deletes_if_match(self) -> bool:
        """Yes, in one step."""
        return True

    def get(self, key: str) -> Blob:
        """Read one object; raises NotFound, InvalidId."""
        _check_key(key)
        with reported(self._observers, "get", key) as exchange, self._objects.lock:
            blob = self._objects.read(key)
            exchange.received = len(blob.data)
            return blob

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        """Write one object and return its etag; raises PreconditionFailed, InvalidId."""
        _check_key(key)
        with reported(self._observers, "put", key, sent=len(data)), self._objects.lock:
            self._objects.check(key, only_if)
            return self._objects.write(key, bytes(data))

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        """Delete one object, if it is there; raises PreconditionFailed, InvalidId."""
        _check_key(key)
        with reported(self._observers, "delete", key), self._objects.lock:
            self._delete(key, only_if)

    def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        """Delete objects; raises InvalidSettings for more than `DELETE_LIMIT`."""
        if len(targets) > DELETE_LIMIT:
            raise InvalidSettings(f"{len(targets)} keys to delete: give at most {DELETE_LIMIT}")
        if not targets:
            return []
        with reported(self._observers, "delete_many", targets[0].key), self._objects.lock:
            return [self._outcome(target) for target in targets]

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        """List one page in byte order; raises InvalidSettings where it could show nothing."""
        if delimiter == "" or limit < 1:
            raise InvalidSettings("a list needs a delimiter of some text or None, and a limit")
        with reported(self._observers, "list", prefix), self._objects.lock:
            after = start_after if token is None else token
            return self._objects.page(prefix, delimiter, after, min(limit, PAGE_LIMIT))

    def copy(self, source: str, target: str) -> str:
        """Copy an object, create-only; raises NotFound, PreconditionFailed, InvalidId."""
        _check_key(target)
        with reported(self._observers, "copy", target), self._objects.lock:
            data = self._objects.read(source).data
            self._objects.check(target, ABSENT)
            return self._objects.write(target, data)

    def fan_out(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Run the calls one after the other."""
        return [call() for call in calls]

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def observed(self, observer: Observer) -> MemoryStore:
        """Give the same store, of which `observer` too is told each request."""
        twin = copy.copy(self)
        twin._observers = (*self._observers, observer)
        return twin

    def close(self) -> None:
        """Do nothing: the objects live as long as the store does."""

    def _delete(self, key: str, etag: str | None) -> None:
        if key in self._objects.blobs:
            self._objects.check(key, etag)
            self._objects.remove(key)

    def _outcome(self, target: Target) -> DeleteOutcome:
        try:
            self._delete(target.key, target.etag)
        except PreconditionFailed as error:
            return DeleteOutcome(target.key, error)
        return DeleteOutcome(target.key)


def _common_prefix(key: str, prefix: str, delimiter: str | None) -> str | None:
    if delimiter is None:
        return None
    end = key.find(delimiter, len(prefix))
    return None if end < 0 else key[: end + len(delimiter)]


def _entry(key: str, blob: Blob) -> Entry:
    return Entry(key, len(blob.data), blob.etag, blob.modified)


def _check_key(key: str) -> None:
    try:
        size = len(key.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise InvalidId("a key must be valid Unicode", key=repr(key), cause=error) from error
    if not 0 < size <= LONGEST_KEY:
        raise InvalidId(f"a key must have 1 to {LONGEST_KEY} bytes, not {size}", key=key)
