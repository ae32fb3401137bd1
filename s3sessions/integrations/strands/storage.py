"""Strands' `Storage` on a store of this package: what it keeps stands beside the sessions.

All that Strands saves through a storage goes through here: `SnapshotSessionManager`, the stash of a
context manager, memory stores. No write is lost to another process in silence.
"""

from __future__ import annotations

import asyncio
import builtins
import copy
from types import TracebackType
from typing import Any, Literal, Self, Unpack

from s3sessions.errors import InvalidMessage, InvalidSettings, S3SessionsError
from s3sessions.integrations.strands.storage_errors import storage_errors
from s3sessions.integrations.strands.storage_keys import KeySpace
from s3sessions.integrations.strands.storage_objects import GuardedObjects, Objects
from s3sessions.integrations.strands.storage_protocol import (
    EPHEMERAL,
    NAMESPACED,
    KeywordSearchStrategy,
    SearchStrategy,
    StorageSearchResult,
)
from s3sessions.opening import Configuration
from s3sessions.ports import Observer, SyncStore
from s3sessions.settings import Options, Settings
from s3sessions.stores.threaded import VerbThreads
from s3sessions.sync_store import open_store
from s3sessions.transport import choose

__all__ = ["S3SessionsStorage"]


class S3SessionsStorage:
    """A storage for Strands under one prefix of one store. Making one makes no request.

    A storage is one reader: a write replaces the version that it read or wrote last, and creates
    where it read nothing. If somebody else was there first, the write raises `Conflict`: read (or
    restore the agent) again, then write. Give each agent a storage of its own, so that two agents
    of one process are told of each other too: `namespace` makes one that shares everything else.

    Every error is one of this package and a `StorageError` of Strands. Bound to no event loop and
    no thread; nothing in it blocks an event loop. It keeps some 300 bytes for each key that it has
    read or written and not deleted.

    Example:
        >>> from strands import Agent
        >>> from strands.session import SnapshotSessionManager
        >>> from s3sessions.integrations.strands import S3SessionsStorage
        >>> storage = S3SessionsStorage("memory://")
        >>> manager = SnapshotSessionManager("order-42", storage=storage.namespace("session"))
        >>> agent = Agent(session_manager=manager)  # doctest: +SKIP

    Args:
        url: `s3://bucket/prefix`, `file:///folder` or `memory://`; else `S3SESSIONS_URL`.
        settings: all settings at once, instead of the options and the `S3SESSIONS_*` variables.
        client: a boto3 S3 client to use; as in `Sessions`.
        store: a blocking store of your own instead of a URL.
        on_request: told of each request once it has ended, in the thread that made it.
        on_conflict: `overwrite` lets the last writer win, as Strands' own storages do; for a store
            without conditional writes, and for keys that are written without being read.
        search_strategy: indexes each write and answers `search`; by default a search reads all.
        **options: single settings by name, over the variables: see `Settings`. `width` is the most
            requests under way at once, `attempts` the most tries of one write.

    Raises:
        InvalidSettings: a URL, an option or a variable that cannot work.
    """

    _namespaced: object = None
    _ephemeral: object = None

    def __init__(
        self,
        url: str | None = None,
        *,
        settings: Settings | None = None,
        client: Any = None,
        store: SyncStore | None = None,
        on_request: Observer | None = None,
        on_conflict: Literal["raise", "overwrite"] = "raise",
        search_strategy: SearchStrategy[Any] | None = None,
        **options: Unpack[Options],
    ) -> None:
        if on_conflict not in ("raise", "overwrite"):
            raise InvalidSettings(f"on_conflict={on_conflict!r}: must be 'raise' or 'overwrite'")
        configuration = Configuration.of(url, settings, options, client=client, store=store)
        configuration, transport = choose(configuration, sdk="boto3", client=client, store=store)
        self._settings = configuration.settings
        self._store = store if store is not None else open_store(configuration, transport, client)
        self._observed = self._store if on_request is None else self._store.observed(on_request)
        self._threads = VerbThreads(configuration.width)
        self._keys = KeySpace(configuration.root.prefix)
        self._on_conflict = on_conflict
        self._search_strategy = search_strategy
        self._objects = self._make_objects()
        if configuration.location is not None and configuration.location.scheme == "memory":
            self._ephemeral = EPHEMERAL

    @property
    def prefix(self) -> str:
        """What all keys begin with in the store: empty, or ending in `/`."""
        return self._keys.prefix

    async def write(self, key: str, data: bytes) -> None:
        """Store bytes under a key. Atomic: readers see all of it, or what was there before.

        Requests: 1 PUT, If-Match of the version that was read or written here last, or
        If-None-Match where there was none; 1 GET, and perhaps 1 PUT, where the condition fails.

        Raises:
            Conflict: somebody else changed, created or deleted the object; nothing was written.
            StoreUnavailable: it may have been written or not; writing again is safe.
            InvalidId: a key that is empty, too long, or would leave the prefix.
            InvalidMessage: no bytes, or more than the store takes.
            AccessDenied, InvalidSettings: not written.
            S3SessionsError: written, but the search strategy could not index it.
        """
        with storage_errors():
            await self._threads.run(self._objects.write, self._keys.full(key), _bytes(data))
            if self._search_strategy is not None:
                await self._index(self._search_strategy, key, data)

    async def read(self, key: str) -> bytes | None:
        """Give the bytes under a key; None where there are none. Requests: 1 GET.

        Raises:
            InvalidId, AccessDenied, InvalidSettings, StoreUnavailable.
        """
        with storage_errors():
            return await self._threads.run(self._objects.read, self._keys.full(key))

    async def delete(self, key: str) -> None:
        """Delete what is under a key, in whichever version. Requests: 1 DELETE.

        Nothing there is no error. Who has read it and writes afterwards is told by a Conflict.

        Raises:
            InvalidId, AccessDenied, InvalidSettings, StoreUnavailable.
        """
        with storage_errors():
            await self._threads.run(self._objects.delete, self._keys.full(key))

    async def list(self, query: str = "") -> builtins.list[str]:
        """Give all keys that begin with `query`, sorted. Requests: 1 LIST for each 1,000 keys.

        Raises:
            InvalidId, AccessDenied, InvalidSettings, StoreUnavailable.
        """
        with storage_errors():
            prefix = self._keys.full_prefix(query)
            return await self._threads.run(self._list, prefix)

    async def search(self, query: str) -> builtins.list[StorageSearchResult]:
        """Give what matches a query, the best first.

        Requests: those of the search strategy; by default those of `list` and 1 GET for each key
        under the prefix, so search in a `namespace`.

        Raises:
            AccessDenied, InvalidSettings, StoreUnavailable: the keys cannot be listed. An object
                that cannot be read is passed over.
        """
        if self._search_strategy is not None:
            return await self._search_strategy.search(self, query)
        # In another reader: looking for something is not reading it to write it anew.
        return await KeywordSearchStrategy().search(self.namespace(""), query)

    def namespace(self, prefix: str) -> Self:
        """Give a storage one prefix deeper, that has read nothing yet. Requests: none.

        It shares connections and threads with this one, which is the one to close. Strands takes
        its prefix as it is: `namespace("session")` is where it would look by itself.

        Raises:
            InvalidId: a prefix that leads elsewhere.
        """
        with storage_errors():
            view = copy.copy(self)
            view._keys = self._keys.under(prefix)
            view._objects = view._make_objects()
            view._namespaced = NAMESPACED
            return view

    def close(self) -> None:
        """Give back connections and threads, once the requests under way have ended.

        May be called twice; using the storage makes new ones.
        """
        self._threads.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def aclose(self) -> None:
        """Do what `close` does, beside the event loop."""
        await asyncio.to_thread(self.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _make_objects(self) -> Objects:
        kind = GuardedObjects if self._on_conflict == "raise" else Objects
        return kind(self._observed, self._settings.attempts)

    def _list(self, prefix: str) -> builtins.list[str]:
        return sorted(self._keys.relative(key) for key in self._objects.keys(prefix))

    async def _index(self, strategy: SearchStrategy[Any], key: str, data: bytes) -> None:
        try:
            await strategy.index(self, key, data)
        except Exception as error:
            # Without its text, in which the bytes may be.
            raise S3SessionsError(
                f"written, but not indexed: the search strategy raised {type(error).__name__}",
                key=self._keys.full(key),
            ) from error


def _bytes(data: bytes) -> bytes:
    if not isinstance(data, bytes | bytearray | memoryview):
        raise InvalidMessage(f"data must be bytes, not {type(data).__name__}: encode it")
    return bytes(data)
