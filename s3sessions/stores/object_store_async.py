"""S3, and with it Google's and Azure's storage, in async code: through obstore."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from s3sessions.deadline import seconds_left
from s3sessions.errors import NotFound
from s3sessions.ports import (
    PAGE_LIMIT,
    AsyncStore,
    Blob,
    Condition,
    DeleteOutcome,
    Observer,
    Page,
    Target,
)
from s3sessions.stores.object_store_answers import is_unreadable, read_blob, read_etag
from s3sessions.stores.object_store_exchange import Exchange
from s3sessions.stores.object_store_keys import is_folder, is_plain, span_of
from s3sessions.stores.object_store_pages import Chunk, Held, Listing, of_beside, token_beside
from s3sessions.stores.tasks import fan_out_tasks
from s3sessions.stores.threaded import ThreadedStore
from s3sessions.stores.throttle import Pace
from s3sessions.versions import AsyncVersions

if TYPE_CHECKING:
    from s3sessions.stores.object_store_place import Place

__all__ = ["AsyncObjectStore"]

T = TypeVar("T")


class AsyncObjectStore:
    """A bucket as an async store, bound to no event loop. Making one makes no request.

    What goes beside obstore runs in threads, through the blocking store that `ObjectStore` takes
    for it; observers are called there then. In a process that was forked off one that used such a
    store, all requests do.

    Args:
        place: the bucket; also says what goes beside obstore, and how.
        width: most requests under way at once in one fan-out.
    """

    def __init__(self, place: Place, *, width: int = 128) -> None:
        self._place = place
        self._others = _Threaded(place)
        self._pace = Pace(width)
        self._held = Held()
        self._observers: tuple[Observer, ...] = ()

    async def get(self, key: str) -> Blob:
        """Read one object: 1 GetObject, and again where the body does not arrive whole.

        Raises:
            NotFound: there is no such object.
            InvalidId: the store cannot hold the key.
            MissingExtra, AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        client = self._client_for(key)
        if client is None:
            return await self._beside().get(key)
        exchange = Exchange("get", key, self._observers, self._pace)
        blob = await self._ask(exchange, _get, client, key)
        exchange.ended(200, len(blob.data))
        return blob

    async def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        """Write one object: 1 PutObject. Returns the etag, without quotes.

        Raises:
            PreconditionFailed: the condition does not hold. After an answer was lost and the
                request was sent again, this may be our own write: read it to know.
            WriteRace: S3 refused because of a concurrent write; nothing was written.
            InvalidMessage: the store takes no object of that size.
            InvalidId: the store cannot hold the key.
            MissingExtra, AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        client = self._client_for(key)
        arguments = None if client is None else self._place.put_arguments(data, only_if)
        if arguments is None:
            return await self._beside().put(key, data, only_if=only_if)
        exchange = Exchange(
            "put", key, self._observers, self._pace, sent=len(data), only_if=only_if
        )
        etag = await self._ask(exchange, _put, client, key, data, arguments)
        exchange.ended(200)
        return etag

    async def delete(self, key: str, *, only_if: str | None = None) -> None:
        """Delete one object: 1 DeleteObject, and 1 GetObject where its condition fails.

        One that is not there is deleted. With a condition the request goes beside obstore.

        Raises:
            PreconditionFailed: the object is another version than `only_if` says.
            WriteRace: S3 refused because of a concurrent write; nothing was deleted.
            InvalidId: the store cannot hold the key.
            MissingExtra, AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        client = None if only_if is not None else self._client_for(key)
        if client is None:
            return await self._beside().delete(key, only_if=only_if)
        exchange = Exchange("delete", key, self._observers, self._pace)
        with suppress(NotFound):
            await self._ask(exchange, _delete, client, key)
            exchange.ended(204)
        return None

    async def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        """Delete up to `DELETE_LIMIT` objects, beside obstore: on S3, as `S3Store` does.

        Raises:
            InvalidSettings: more targets than `DELETE_LIMIT`.
            InvalidId: the store cannot hold a key; nothing was deleted.
            MissingExtra, AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        return await self._beside().delete_many(targets)

    async def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        """List one page of the keys that begin with `prefix`: 1 ListObjectsV2.

        None behind a full page that was the last. With a delimiter, and on S3 for what begins with
        a part of a name, the request goes beside obstore; a page that shows a key which obstore
        cannot spell, or the mark of a folder, is asked for again there. An answer of 200 that is
        no list passes for an empty one: obstore does not tell them apart.

        Raises:
            MissingExtra, AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        theirs = of_beside(token)
        if delimiter is None and theirs is None:
            page = await self._list(prefix, token, start_after, limit)
            if page is not None:
                return page
            start_after = token or start_after
        beside = self._beside()
        return token_beside(
            await beside.list(
                prefix, delimiter=delimiter, token=theirs, start_after=start_after, limit=limit
            )
        )

    async def copy(self, source: str, target: str) -> str:
        """Copy an object, create-only, beside obstore: on S3, as `S3Store` does.

        Raises:
            NotFound: there is no source.
            PreconditionFailed: the target exists. Some servers overwrite it instead.
            WriteRace: S3 refused because of a concurrent write; nothing was written.
            InvalidId: the store cannot hold a key.
            MissingExtra, AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        return await self._beside().copy(source, target)

    async def fan_out(self, calls: Sequence[Callable[[], Awaitable[T]]]) -> Sequence[T]:
        """Await the calls, `width` at a time, and return their results in order.

        The first error cancels the others and is raised by itself, never inside a group.
        """
        return await fan_out_tasks(calls, self._pace)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    @property
    def lists_in_parts(self) -> bool:
        """Whether lists come in byte order and can begin anywhere."""
        return self._place.lists_in_parts

    @property
    def deletes_if_match(self) -> bool:
        """No; see `ObjectStore.deletes_if_match`."""
        return False

    @property
    def versions(self) -> AsyncVersions | None:
        """What the bucket keeps beside the current objects; asked for beside obstore."""
        return self._beside().versions

    def observed(self, observer: Observer) -> AsyncObjectStore:
        """Give the same store, of which `observer` too is told each request.

        Of a page of a list the bytes are not known and count as 0, of an error's answer about.
        """
        store = copy.copy(self)
        store._observers = (*self._observers, observer)
        return store

    async def prepare(self) -> None:
        """Make the client now. Raises MissingExtra, AccessDenied, InvalidSettings."""
        self._place.client.get()

    async def close(self) -> None:
        """Let go of connections and threads. Using the store makes new ones."""
        await self._others.close()
        self._place.close()

    def _client_for(self, key: str) -> Any:
        return self._place.client.get() if is_plain(key) else None

    def _beside(self) -> AsyncStore:
        return self._others.get(self._observers)

    async def _list(
        self, prefix: str, token: str | None, start_after: str | None, limit: int
    ) -> Page | None:
        is_theirs = self._place.lists_names or is_folder(prefix)
        span = span_of(prefix, token or start_after) if is_theirs else None
        client = None if span is None else self._place.client.get()
        if span is None or client is None:
            return None
        exchange = Exchange("list", prefix, self._observers, self._pace)
        listing = Listing(self._held, prefix, token, span, limit)
        chunk = await self._ask(exchange, _next, client, listing)
        if chunk or not listing.goes_on:
            exchange.ended(200)
        return None if chunk is None else listing.end(chunk)

    async def _ask(
        self, exchange: Exchange, ask: Callable[..., Awaitable[T]], *arguments: Any
    ) -> T:
        while True:
            try:
                left = seconds_left()
                if left is None:
                    return await ask(*arguments)
                async with asyncio.timeout(left):
                    return await ask(*arguments)
            except BaseException as error:
                failure = error
            # Outside the handler, or the text of obstore's error would go on as a context.
            await asyncio.sleep(exchange.failed(failure, self._place))


class _Threaded:
    """The store beside, in threads; made when first asked for."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._made: ThreadedStore | None = None

    def get(self, observers: Sequence[Observer]) -> AsyncStore:
        if self._made is None:
            self._made = ThreadedStore(self._place.beside(()))
        store = self._made
        for observer in observers:
            store = store.observed(observer)
        return store

    async def close(self) -> None:
        made, self._made = self._made, None
        if made is not None:
            await made.close()


async def _get(client: Any, key: str) -> Blob:
    found = await client.get_async(key)
    return read_blob(found.meta, (await found.bytes_async()).to_bytes())


async def _put(client: Any, key: str, data: bytes, arguments: Mapping[str, Any]) -> str:
    return read_etag(await client.put_async(key, data, **arguments))


async def _delete(client: Any, key: str) -> None:
    await client.delete_async(key)


async def _next(client: Any, listing: Listing) -> Chunk | None:
    """Give the next chunk of a list; None where obstore cannot spell a key in it."""
    try:
        # Not anext() with a default: obstore's awaitables break it.
        chunk: Chunk = await anext(listing.begin(client))
        return chunk
    except StopAsyncIteration:
        return ()
    except Exception as error:
        if is_unreadable(error):
            return None
        raise
