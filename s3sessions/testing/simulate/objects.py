"""What the simulated store holds: single objects are atomic, and nothing else is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from s3sessions.errors import NotFound, PreconditionFailed
from s3sessions.ports import ABSENT, Blob, Condition, Entry, Page
from s3sessions.testing.simulate.marks import Marks, MarkSpan

_DOCUMENT: Final = "/session.json"


class Objects:
    """Objects by key, each verb done in one instant; `clock` is the store's own.

    Attributes:
        created: when an object was created where none was, its key and its bytes.
        written: when an object was written or deleted, its key, and its bytes or None.
        marks: of each session, by the key of its session.json.
    """

    def __init__(self, clock: Callable[[], float], tick: Callable[[], int]) -> None:
        self._clock = clock
        self._tick = tick
        self._blobs: dict[str, Blob] = {}
        self._writes = 0
        self.created: list[tuple[int, str, bytes]] = []
        self.written: list[tuple[int, str, bytes | None]] = []
        self.marks: defaultdict[str, Marks] = defaultdict(lambda: Marks(tick))

    def keys(self) -> list[str]:
        return sorted(self._blobs)

    def get(self, key: str) -> Blob:
        blob = self._blobs.get(key)
        if blob is None:
            raise NotFound("there is no such object", key=key)
        return blob

    def put(self, key: str, data: bytes, only_if: Condition) -> str:
        there = self._blobs.get(key)
        if only_if is ABSENT:
            if there is not None:
                raise PreconditionFailed("there is an object already", key=key)
        elif only_if is not None and (there is None or there.etag != only_if):
            raise PreconditionFailed("the object is not the version that was read", key=key)
        self._writes += 1
        etag = f"e{self._writes}"
        if there is None:
            self.created.append((self._tick(), key, data))
        self.written.append((self._tick(), key, data))
        self._blobs[key] = Blob(data, etag, datetime.fromtimestamp(self._clock(), UTC))
        if key.endswith(_DOCUMENT):
            self.marks[key].written(data, partial(self._silence, key))
        return etag

    def delete(self, key: str, only_if: str | None) -> None:
        there = self._blobs.get(key)
        if there is None:
            return
        if only_if is not None and there.etag != only_if:
            raise PreconditionFailed("the object is not the version that was read", key=key)
        del self._blobs[key]
        self.written.append((self._tick(), key, None))
        if key.endswith(_DOCUMENT):
            self.marks[key].gone()

    def history(self, root: str) -> tuple[list[tuple[int, str, bytes]], list[MarkSpan]]:
        """Give what was created below the prefix of a session, and when that was marked."""
        created = [made for made in self.created if made[1].startswith(root)]
        return created, self.marks[f"{root.rstrip('/')}{_DOCUMENT}"].spans

    def _silence(self, document: str) -> float | None:
        """Tell how long ago the newest message of a session was stored."""
        root = document.removesuffix(_DOCUMENT)
        stored = [
            blob.modified.timestamp()
            for key, blob in self._blobs.items()
            if key.startswith(f"{root}/") and "/messages/" in key
        ]
        return self._clock() - max(stored) if stored else None

    def page(self, prefix: str, delimiter: str | None, after: str, limit: int) -> Page:
        """Give what stands behind `after` in byte order, `limit` keys and prefixes at most."""
        entries: list[Entry] = []
        prefixes: list[str] = []
        last = ""
        for key in self.keys():
            if not key.startswith(prefix) or key <= after or _is_below(after, key, delimiter):
                continue
            if len(entries) + len(prefixes) == limit:
                return Page(entries, prefixes, last)
            end = -1 if delimiter is None else key.find(delimiter, len(prefix))
            if end < 0:
                entries.append(self._entry(key))
                last = key
            elif not prefixes or not key.startswith(prefixes[-1]):
                last = key[: end + 1]
                prefixes.append(last)
        return Page(entries, prefixes, None)

    def between(self, prefix: str, after: str, up_to: str | None) -> list[Entry]:
        """Give what stands behind `after` up to and with `up_to`, None for the end."""
        return [
            self._entry(key)
            for key in self.keys()
            if key.startswith(prefix) and key > after and (up_to is None or key <= up_to)
        ]

    def _entry(self, key: str) -> Entry:
        blob = self._blobs[key]
        return Entry(key, len(blob.data), blob.etag, blob.modified)


def _is_below(after: str, key: str, delimiter: str | None) -> bool:
    """Tell whether `after` is a common prefix that was given already, and the key is in it."""
    return delimiter is not None and after.endswith(delimiter) and key.startswith(after)
