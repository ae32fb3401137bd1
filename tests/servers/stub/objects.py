"""What a bucket holds: objects by key, and their keys in order."""

from __future__ import annotations

import hashlib
import time
from bisect import insort
from typing import Final

FEW: Final = 32
"""So many new keys are put into their places one by one; more are sorted in."""


class StoredObject:
    """One object, which is never changed, only replaced.

    Attributes:
        body: its bytes.
        etag: without quotes.
        modified: seconds since the epoch.
        headers: lines that a reader gets back as they were sent, each ended.
        head: the header lines of a GET, once it was read.
        rows: how it stands in a listing, plain and in URL encoding, once it was in one.
    """

    __slots__ = ("body", "etag", "head", "headers", "modified", "rows")

    def __init__(self, body: bytes, headers: bytes = b"", age: float = 0.0) -> None:
        self.body = body
        self.etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self.modified = time.time() - age
        self.headers = headers
        self.head: bytes | None = None
        self.rows: list[bytes | None] = [None, None]


class Bucket:
    """Objects by key.

    The list of keys is kept in order (that of code points is that of UTF-8), and mended only when
    somebody lists: the keys of deleted objects stay in it until they are many.
    """

    def __init__(self) -> None:
        self.objects: dict[str, StoredObject] = {}
        self._order: list[str] = []
        self._added: list[str] = []
        self._gone: set[str] = set()

    def put(self, key: str, stored: StoredObject) -> None:
        """Create or replace the object."""
        if key not in self.objects:
            if key in self._gone:
                self._gone.discard(key)
            else:
                self._added.append(key)
        self.objects[key] = stored

    def remove(self, key: str) -> None:
        """Delete the object, if there is one."""
        if self.objects.pop(key, None) is not None:
            self._gone.add(key)

    def order(self) -> list[str]:
        """Give the keys in order; some may have no object any more."""
        if len(self._added) <= FEW:
            for key in self._added:
                insort(self._order, key)
        else:
            self._order += self._added
            self._order.sort()
        self._added.clear()
        if len(self._gone) > len(self.objects):
            self._order = [key for key in self._order if key in self.objects]
            self._gone.clear()
        return self._order
