"""Searching a storage: by default by keyword, or as a strategy does it."""

from __future__ import annotations

from typing import Any

import pytest
from strands.storage.storage import StorageSearchResult
from strands.types.exceptions import StorageError

from s3sessions import (
    Conflict,
    S3SessionsError,
)
from s3sessions.integrations.strands import S3SessionsStorage
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.storages import StoragePlace, run


def test_a_search_passes_over_what_cannot_be_read() -> None:
    store = FaultyStore(MemoryStore(), Rule(Fault.DENIED, verb="get", key="secret*"))
    with S3SessionsStorage(store=store) as storage:
        run(storage.write("secret.md", b"dark mode"))
        run(storage.write("open.md", b"dark mode"))
        assert [result.key for result in run(storage.search("dark"))] == ["open.md"]


def test_what_a_search_comes_across_is_not_read_to_be_written(storage_place: StoragePlace) -> None:
    mine, other = storage_place.storage(), storage_place.storage()
    run(mine.write("a", b"dark mode"))
    run(other.read("a"))
    run(other.write("a", b"dark mode, theirs"))
    assert [result.data for result in run(mine.search("dark"))] == [b"dark mode, theirs"]
    with pytest.raises(Conflict):
        run(mine.write("a", b"mine"))


class Index:
    """A search strategy that remembers what it is told of, and may fail."""

    def __init__(self, error: Exception | None = None) -> None:
        self.told: list[tuple[Any, str, bytes]] = []
        self._error = error

    async def index(self, storage: Any, key: str, data: bytes, **_: Any) -> None:
        self.told.append((storage, key, data))
        if self._error is not None:
            raise self._error

    async def search(self, storage: Any, query: str, **_: Any) -> list[StorageSearchResult]:
        return [StorageSearchResult(f"{storage.prefix}{query}", 1.0)]


def test_a_search_strategy_is_told_of_each_write_and_answers() -> None:
    index = Index()
    with S3SessionsStorage("memory://", search_strategy=index) as storage:
        scoped = storage.namespace("n")
        run(scoped.write("a", b"x"))
        assert index.told == [(scoped, "a", b"x")]
        assert [result.key for result in run(scoped.search("q"))] == ["n/q"]


def test_a_write_that_cannot_be_indexed_is_written_and_says_so_without_its_bytes() -> None:
    index = Index(ValueError("secret text"))
    with S3SessionsStorage("memory://", search_strategy=index) as storage:
        with pytest.raises(S3SessionsError, match="written, but not indexed") as caught:
            run(storage.write("a", b"secret text"))
        assert isinstance(caught.value, StorageError)
        assert "secret" not in str(caught.value)
        assert run(storage.read("a")) == b"secret text"
