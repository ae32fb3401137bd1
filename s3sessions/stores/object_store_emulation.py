"""What obstore has no verb for, made of those that it has: for storage that boto3 cannot ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from s3sessions.errors import (
    InvalidId,
    InvalidSettings,
    NotFound,
    PreconditionFailed,
    S3SessionsError,
)
from s3sessions.ports import (
    ABSENT,
    PAGE_LIMIT,
    Blob,
    Condition,
    DeleteOutcome,
    Entry,
    Observer,
    Page,
    Target,
)
from s3sessions.stores.object_store import ObjectStore
from s3sessions.stores.object_store_answers import read_etag
from s3sessions.stores.object_store_exchange import Exchange
from s3sessions.stores.object_store_keys import is_plain, span_of
from s3sessions.stores.object_store_pages import Chunk, cut, entries_of
from s3sessions.stores.s3_protocol import refuse_too_many
from s3sessions.stores.throttle import Pace

if TYPE_CHECKING:
    from s3sessions.stores.object_store_place import Place

__all__ = ["EmulatingStore"]

T = TypeVar("T")


class EmulatingStore:
    """The store beside an `ObjectStore` whose place only obstore can ask.

    Args:
        place: the bucket or container.
        observers: told of each request.
    """

    versions = None

    def __init__(self, place: Place, observers: Sequence[Observer]) -> None:
        self._place = place
        self._observers = tuple(observers)
        self._pace = Pace(1)
        self._store = ObjectStore(place)
        for observer in observers:
            self._store = self._store.observed(observer)

    def get(self, key: str) -> Blob:
        """Refuse the key: it is only asked for here where obstore cannot.

        Raises:
            InvalidId: obstore cannot spell the key.
            InvalidSettings: the process was forked off one that used obstore.
        """
        self._client_for(key)
        return self._store.get(key)

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        """Replace an object where a condition names no etag: 1 HEAD and 1 PUT, atomic.

        Raises:
            PreconditionFailed: the condition does not hold.
            InvalidId, InvalidSettings: as `get`.
        """
        client = self._client_for(key)
        if not isinstance(only_if, str):
            return self._store.put(key, data, only_if=only_if)
        try:
            meta = self._run(Exchange("get", key, self._observers, self._pace), client.head, key)
        except NotFound as error:
            raise _changed(key) from error
        if read_etag(meta) != only_if.strip('"'):
            raise _changed(key)
        exchange = Exchange(
            "put", key, self._observers, self._pace, sent=len(data), only_if=only_if
        )
        mode = {name: meta[name] for name in ("e_tag", "version") if meta[name] is not None}
        put = partial(client.put, key, data, use_multipart=False, mode=mode)
        return read_etag(self._run(exchange, put))

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        """Delete an object: 1 DELETE, with a condition 1 GET before it, which is not atomic.

        Raises:
            PreconditionFailed: the object is another version than `only_if` says.
            InvalidId, InvalidSettings: as `get`.
        """
        self._client_for(key)
        if only_if is not None:
            try:
                found = self._store.get(key)
            except NotFound:
                return
            if found.etag != only_if.strip('"'):
                raise _changed(key)
        self._store.delete(key)

    def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        """Delete objects one by one, in threads, each as `delete` does."""
        refuse_too_many(targets)
        for target in targets:
            self._client_for(target.key)
        return self._store.fan_out([partial(self._outcome, target) for target in targets])

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        """List one page: 1 list for 1,000 keys, and 1 HEAD for each object without a byte.

        What marks a folder is left out: obstore cannot spell it. With a delimiter the whole folder
        is collected for each page.

        Raises:
            InvalidId: obstore cannot spell the prefix, or a key under it.
            InvalidSettings: the delimiter is no slash, or as `get`.
        """
        after = token or start_after
        span = span_of(prefix, None if delimiter else after)
        if span is None:
            raise InvalidId("obstore cannot spell the prefix", key=prefix)
        client = self._client_for(prefix + "x")
        if delimiter is None:
            return self._flat(client, prefix, span, limit)
        if delimiter != "/":
            raise InvalidSettings(f"delimiter={delimiter!r}: obstore knows only '/'")
        exchange = Exchange("list", prefix, self._observers, self._pace)
        found = self._run(exchange, client.list_with_delimiter, span[0])
        shown = _shown(found, prefix, after or "")
        names = sorted(shown)
        page = [shown[name] for name in names[:limit]]
        return Page(
            [entry for entry in page if isinstance(entry, Entry)],
            [text for text in page if isinstance(text, str)],
            names[limit - 1] if len(names) > limit else None,
        )

    def copy(self, source: str, target: str) -> str:
        """Copy an object, create-only: 1 copy and 1 HEAD."""
        client = self._client_for(source)
        self._client_for(target)
        exchange = Exchange("copy", target, self._observers, self._pace, only_if=ABSENT)
        try:
            self._run(exchange, partial(client.copy, source, target, overwrite=False))
        except NotFound as error:
            raise NotFound("no such object", key=source, cause=error.cause) from error
        exchange = Exchange("get", target, self._observers, self._pace)
        return read_etag(self._run(exchange, client.head, target))

    @property
    def lists_in_parts(self) -> bool:
        """As the store that it stands beside."""
        return self._place.lists_in_parts

    @property
    def deletes_if_match(self) -> bool:
        """No: it reads first."""
        return False

    def fan_out(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Run the calls in threads."""
        return self._store.fan_out(calls)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._store.sleep(seconds)

    def observed(self, observer: Observer) -> EmulatingStore:
        """Give the same store, of which `observer` too is told each request."""
        return EmulatingStore(self._place, (*self._observers, observer))

    def close(self) -> None:
        """End the threads."""
        self._store.close()

    def _client_for(self, key: str) -> Any:
        if not is_plain(key):
            raise InvalidId("obstore cannot spell the key: it folds paths", key=key)
        client = self._place.client.get()
        if client is None:
            raise InvalidSettings("obstore cannot be used in a forked process: spawn it")
        return client

    def _run(self, exchange: Exchange, ask: Callable[..., T], *arguments: Any) -> T:
        answer = exchange.run(self._place, ask, *arguments)
        exchange.ended(200)
        return answer

    def _flat(
        self, client: Any, prefix: str, span: tuple[str | None, str | None], limit: int
    ) -> Page:
        exchange = Exchange("list", prefix, self._observers, self._pace)
        folder, offset = span

        def ask() -> Chunk:
            return next(client.list(folder, offset=offset, chunk_size=PAGE_LIMIT), ())

        chunk = self._run(exchange, ask)
        entries = [
            entry for entry in entries_of(chunk) if entry.size or self._is_there(client, entry.key)
        ]
        return cut(entries, chunk, prefix, limit)

    def _is_there(self, client: Any, key: str) -> bool:
        try:
            self._run(Exchange("get", key, self._observers, self._pace), client.head, key)
        except NotFound:
            return False
        return True

    def _outcome(self, target: Target) -> DeleteOutcome:
        try:
            self.delete(target.key, only_if=target.etag)
        except S3SessionsError as error:
            return DeleteOutcome(target.key, error)
        return DeleteOutcome(target.key)


def _shown(found: Mapping[str, Any], prefix: str, after: str) -> dict[str, Entry | str]:
    """Give what a page can show, by what it is sorted and continued by."""
    shown: dict[str, Entry | str] = {f"{text}/": f"{text}/" for text in found["common_prefixes"]}
    for meta in found["objects"]:
        entry = Entry(meta["path"], meta["size"], read_etag(meta), meta["last_modified"])
        shown[entry.key] = entry
    return {name: it for name, it in shown.items() if name.startswith(prefix) and name > after}


def _changed(key: str) -> PreconditionFailed:
    return PreconditionFailed("the object is not the version that was read: read it again", key=key)
