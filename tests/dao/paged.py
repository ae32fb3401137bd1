"""Stores whose pages are short, so that a few keys make a long list; in any order of theirs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any

from s3sessions.ports import PAGE_LIMIT, Entry, Observer, Page, SyncStore
from s3sessions.stores.memory import MemoryStore
from tests.interposed import Hook, Interposed

Order = Callable[[str], Any]
"""What keys are sorted by."""


def in_bytes(key: str) -> bytes:
    return key.encode()


def in_a_tree(key: str) -> list[str]:
    """As SeaweedFS lists: a folder comes at its own name, before what only begins with that."""
    return key.split("/")


def let_through(verb: str, key: str, call: Callable[[], Any]) -> Any:
    return call()


class ShortPages(Interposed):
    """A store that lists a few keys at a time; in parts, if told so."""

    def __init__(
        self, store: SyncStore, page: int, *, in_parts: bool = True, hook: Hook = let_through
    ) -> None:
        super().__init__(store, hook)
        self._page = page
        self._in_parts = in_parts

    @property
    def lists_in_parts(self) -> bool:
        return self._in_parts

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        return super().list(
            prefix,
            delimiter=delimiter,
            token=token,
            start_after=start_after,
            limit=min(limit, self._page),
        )

    def observed(self, observer: Observer) -> ShortPages:
        store = self._store.observed(observer)
        return ShortPages(store, self._page, in_parts=self._in_parts, hook=self._hook)


class Ordered(MemoryStore):
    """Lists in an order of its own, whatever it promises; `start_after` is where a key would be."""

    def __init__(self, keys: Iterable[str], order: Order) -> None:
        super().__init__()
        for key in keys:
            self.put(key, b"x")
        self._order = order
        self._keys = sorted(keys, key=order)
        self._places = [order(key) for key in self._keys]

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        after = start_after if token is None else token
        begin = 0 if after is None else bisect_right(self._places, self._order(after))
        keys = [key for key in self._keys[begin:] if key.startswith(prefix)]
        entries = [self._entry(key) for key in keys[:limit]]
        return Page(entries, (), keys[limit - 1] if keys[limit:] else None)

    def _entry(self, key: str) -> Entry:
        blob = self.get(key)
        return Entry(key, len(blob.data), blob.etag, blob.modified)
