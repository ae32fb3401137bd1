"""S3, and with it Google's and Azure's storage, in blocking code: through obstore."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from s3sessions.errors import NotFound
from s3sessions.ports import (
    PAGE_LIMIT,
    Blob,
    Condition,
    DeleteOutcome,
    Observer,
    Page,
    SyncStore,
    Target,
)
from s3sessions.stores.object_store_answers import is_unreadable, read_blob, read_etag
from s3sessions.stores.object_store_exchange import Exchange
from s3sessions.stores.object_store_keys import is_folder, is_plain, span_of
from s3sessions.stores.object_store_pages import Chunk, Held, Listing, of_beside, token_beside
from s3sessions.stores.threads import ThreadFanOut

if TYPE_CHECKING:
    from s3sessions.stores.object_store_place import Place
    from s3sessions.versions import SyncVersions

__all__ = ["ObjectStore"]

T = TypeVar("T")


class ObjectStore:
    """A bucket as a store; any number of threads may use it. Making one makes no request.

    A request cannot be interrupted: Ctrl-C takes effect when it has been answered or timed out, and
    one that is given up with the caller's deadline goes on behind it. In a process that was forked
    off one that used such a store, all requests go through boto3.

    Args:
        place: the bucket; also says what goes beside obstore, and how.
        width: most requests under way at once in one fan-out.
    """

    def __init__(self, place: Place, *, width: int = 128) -> None:
        self._place = place
        self._threads = ThreadFanOut(width)
        self._held = Held()
        self._observers: tuple[Observer, ...] = ()

    def get(self, key: str) -> Blob:
        """Read one object: 1 GetObject, and again where the body does not arrive whole.

        Raises:
            NotFound: there is no such object.
            InvalidId: the store cannot hold the key.
            MissingExtra, AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        client = self._client_for(key)
        if client is None:
            return self._beside().get(key)
        exchange = Exchange("get", key, self._observers, self._threads.pace)
        blob = exchange.run(self._place, _get, client, key)
        exchange.ended(200, len(blob.data))
        return blob

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
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
            return self._beside().put(key, data, only_if=only_if)
        exchange = Exchange(
            "put", key, self._observers, self._threads.pace, sent=len(data), only_if=only_if
        )
        etag = exchange.run(self._place, _put, client, key, data, arguments)
        exchange.ended(200)
        return etag

    def delete(self, key: str, *, only_if: str | None = None) -> None:
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
            return self._beside().delete(key, only_if=only_if)
        exchange = Exchange("delete", key, self._observers, self._threads.pace)
        with suppress(NotFound):
            exchange.run(self._place, _delete, client, key)
            exchange.ended(204)
        return None

    def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        """Delete up to `DELETE_LIMIT` objects, beside obstore: on S3, as `S3Store` does.

        Raises:
            InvalidSettings: more targets than `DELETE_LIMIT`.
            InvalidId: the store cannot hold a key; nothing was deleted.
            MissingExtra, AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        return self._beside().delete_many(targets)

    def list(
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
            page = self._list(prefix, token, start_after, limit)
            if page is not None:
                return page
            start_after = token or start_after
        beside = self._beside()
        return token_beside(
            beside.list(
                prefix, delimiter=delimiter, token=theirs, start_after=start_after, limit=limit
            )
        )

    def copy(self, source: str, target: str) -> str:
        """Copy an object, create-only, beside obstore: on S3, as `S3Store` does.

        Raises:
            NotFound: there is no source.
            PreconditionFailed: the target exists. Some servers overwrite it instead.
            WriteRace: S3 refused because of a concurrent write; nothing was written.
            InvalidId: the store cannot hold a key.
            MissingExtra, AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        return self._beside().copy(source, target)

    def fan_out(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Run the calls in threads, `width` at a time, and return their results in order.

        The first error stops what has not begun and is raised once what runs has ended.
        """
        return self._threads.run(calls)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    @property
    def lists_in_parts(self) -> bool:
        """Whether lists come in byte order and can begin anywhere."""
        return self._place.lists_in_parts

    @property
    def deletes_if_match(self) -> bool:
        """No: with an etag a delete goes beside obstore, which is another SDK or no single step."""
        return False

    @property
    def versions(self) -> SyncVersions | None:
        """What the bucket keeps beside the current objects; asked for beside obstore."""
        return self._beside().versions

    def observed(self, observer: Observer) -> ObjectStore:
        """Give the same store, of which `observer` too is told each request.

        Of a page of a list the bytes are not known and count as 0, of an error's answer about.
        """
        store = copy.copy(self)
        store._observers = (*self._observers, observer)
        return store

    def prepare(self) -> None:
        """Make the client now. Raises MissingExtra, AccessDenied, InvalidSettings."""
        self._place.client.get()

    def close(self) -> None:
        """End the threads and let go of the connections. Using the store makes new ones."""
        self._threads.close()
        self._place.close()

    def _client_for(self, key: str) -> Any:
        return self._place.client.get() if is_plain(key) else None

    def _beside(self) -> SyncStore:
        return self._place.beside(self._observers)

    def _list(
        self, prefix: str, token: str | None, start_after: str | None, limit: int
    ) -> Page | None:
        is_theirs = self._place.lists_names or is_folder(prefix)
        span = span_of(prefix, token or start_after) if is_theirs else None
        client = None if span is None else self._place.client.get()
        if span is None or client is None:
            return None
        exchange = Exchange("list", prefix, self._observers, self._threads.pace)
        listing = Listing(self._held, prefix, token, span, limit)
        chunk = exchange.run(self._place, _next, client, listing)
        if chunk or not listing.goes_on:
            exchange.ended(200)
        return None if chunk is None else listing.end(chunk)


def _get(client: Any, key: str) -> Blob:
    found = client.get(key)
    return read_blob(found.meta, found.bytes().to_bytes())


def _put(client: Any, key: str, data: bytes, arguments: Mapping[str, Any]) -> str:
    return read_etag(client.put(key, data, **arguments))


def _delete(client: Any, key: str) -> None:
    client.delete(key)


def _next(client: Any, listing: Listing) -> Chunk | None:
    """Give the next chunk of a list; None where obstore cannot spell a key in it."""
    try:
        return next(listing.begin(client), ())
    except Exception as error:
        if is_unreadable(error):
            return None
        raise
