"""The objects behind a storage, in blocking code: written as they come, or only as they were read.

`GuardedObjects` is one reader. It knows of each key which version it read or wrote last; what it
has not read it takes to be absent. A write replaces exactly what is known, so whoever writes what
builds on an old version is told. Three things would make it see a rival where there is none, and
are told apart by reading what is there:

- The client sent its own write twice, because the first answer was lost: the bytes are the same.
- An earlier write ended without an answer and has taken effect: its digest was kept.
- An earlier deletion ended so: nothing is there.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakValueDictionary

from s3sessions.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    S3SessionsError,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.ports import (
    ABSENT,
    Blob,
    Condition,
    Entropy,
    SyncStore,
    system_entropy,
)

__all__ = ["GuardedObjects", "Objects"]

_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 1.0


class Objects:
    """Objects that are written as they come: the last writer wins. For any thread.

    Args:
        store: that holds them.
        attempts: most tries of one write.
        entropy: random bytes; for tests.
    """

    def __init__(
        self, store: SyncStore, attempts: int, *, entropy: Entropy = system_entropy
    ) -> None:
        self._store = store
        self._attempts = attempts
        self._entropy = entropy

    def read(self, key: str) -> bytes | None:
        """Read one object; None where there is none. Requests: 1 GET."""
        blob = self._look(key)
        return None if blob is None else blob.data

    def write(self, key: str, data: bytes) -> None:
        """Write one object, whatever is there. Requests: 1 PUT."""
        self._put(key, data, None)

    def delete(self, key: str) -> None:
        """Delete one object; one that is not there is deleted. Requests: 1 DELETE."""
        self._store.delete(key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Give the keys that begin with `prefix`, in no order. Requests: 1 LIST for each 1,000."""
        token: str | None = None
        while True:
            page = self._store.list(prefix, token=token)
            yield from (entry.key for entry in page.entries)
            token = page.token
            if token is None:
                return

    def _look(self, key: str) -> Blob | None:
        try:
            return self._store.get(key)
        except NotFound:
            return None

    def _put(self, key: str, data: bytes, only_if: Condition) -> str:
        """Write, again where the store refused because of a race; nothing was written then."""
        for attempt in range(self._attempts - 1):
            try:
                return self._store.put(key, data, only_if=only_if)
            except WriteRace:
                self._pause(attempt)
        return self._store.put(key, data, only_if=only_if)

    def _pause(self, attempt: int) -> None:
        bound = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempt, 10))
        self._store.sleep(bound * int.from_bytes(self._entropy(4), "big") / 2**32)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one key.

    Attributes:
        version: its etag; `ABSENT` where nothing is there, or nobody has looked.
        open: digests of writes of ours that may have taken effect; None for a deletion.
    """

    version: Condition = ABSENT
    open: frozenset[bytes | None] = frozenset()

    def unanswered(self, data: bytes | None) -> _Known:
        return replace(self, open=self.open | {_digest(data)})

    def explains(self, found: Blob | None) -> bool:
        """Tell whether what was found is no rival's: what is known, or an open write of ours."""
        if _version(found) == self.version:
            return True
        return bool(self.open) and _digest(None if found is None else found.data) in self.open


class GuardedObjects(Objects):
    """Objects as one reader knows them; see above. Any threads may use it, at one key in turn."""

    def __init__(
        self, store: SyncStore, attempts: int, *, entropy: Entropy = system_entropy
    ) -> None:
        super().__init__(store, attempts, entropy=entropy)
        self._known: dict[str, _Known] = {}
        self._locks = _KeyLocks()

    def read(self, key: str) -> bytes | None:
        """Read one object and know this version; None where there is none. Requests: 1 GET."""
        with self._locks.of(key):
            blob = self._look(key)
            known = self._recall(key)
            if _version(blob) != known.version:
                # Whatever is still on its way asks for a version that is no more.
                self._learn(key, _Known(_version(blob)))
            return None if blob is None else blob.data

    def write(self, key: str, data: bytes) -> None:
        """Replace the version that is known.

        Requests: 1 PUT; 1 GET where the store says that another version is there, and 1 PUT more
        where that one is an earlier write of ours.

        Raises:
            Conflict: another writer's version is there, or it was deleted.
            StoreUnavailable: the write may have taken effect or not; write again.
        """
        with self._locks.of(key):
            for _ in range(self._attempts):
                known = self._recall(key)
                try:
                    etag = self._put(key, data, known.version)
                except PreconditionFailed as refusal:
                    if self._is_written(key, data, refusal):
                        return
                except StoreUnavailable:
                    self._learn(key, known.unanswered(data))
                    raise
                else:
                    self._learn(key, _Known(etag))
                    return
            raise Conflict("other writers were faster each time: read it again", key=key)

    def delete(self, key: str) -> None:
        """Delete one object and know it absent. Requests: 1 DELETE."""
        with self._locks.of(key):
            known = self._recall(key)
            try:
                self._store.delete(key)
            except StoreUnavailable:
                self._learn(key, known.unanswered(None))
                raise
            self._learn(key, replace(known, version=ABSENT))

    def _is_written(self, key: str, data: bytes, refusal: PreconditionFailed) -> bool:
        """Tell whether a refused write is there; if not, whether it can be made on what is there.

        Raises:
            Conflict: it cannot.
        """
        known = self._recall(key)
        try:
            found = self._look(key)
        except S3SessionsError:
            self._learn(key, known.unanswered(data))
            raise
        is_written = found is not None and found.data == data
        if not is_written and not known.explains(found):
            raise _conflict(key, known, found, refusal) from refusal
        self._learn(key, _Known(_version(found)))
        return is_written

    def _recall(self, key: str) -> _Known:
        return self._known.get(key, _NOTHING)

    def _learn(self, key: str, known: _Known) -> None:
        # A key that is absent takes no room: nothing else is believed of one that is unknown.
        if known == _NOTHING:
            self._known.pop(key, None)
        else:
            self._known[key] = known


_NOTHING: Final = _Known()


class _KeyLocks:
    """One lock for each key that somebody is at."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._guard = threading.Lock()

    def of(self, key: str) -> threading.Lock:
        with self._guard:
            lock = self._locks.get(key)
            if lock is None:
                lock = self._locks[key] = threading.Lock()
            return lock


def _version(blob: Blob | None) -> Condition:
    return ABSENT if blob is None else blob.etag


def _digest(data: bytes | None) -> bytes | None:
    return None if data is None else hashlib.sha256(data).digest()


def _conflict(key: str, known: _Known, found: Blob | None, refusal: PreconditionFailed) -> Conflict:
    if known.version is ABSENT:
        text = (
            "an object is there that this storage has not read: read it first, or open the "
            "storage with on_conflict='overwrite'"
        )
    elif found is None:
        text = "the object was deleted since it was read: read it again, then write"
    else:
        text = (
            "another writer changed the object since it was read: read it again (restore the "
            "agent), then write"
        )
    return Conflict(text, key=key, cause=refusal.cause)
