"""S3, and what speaks its language, in blocking code: through boto3."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from s3sessions.errors import NotFound, PreconditionFailed, S3SessionsError
from s3sessions.ports import PAGE_LIMIT, Blob, Condition, DeleteOutcome, Observer, Page, Target
from s3sessions.stores.s3_answers import (
    Answer,
    read_blob,
    read_copy_etag,
    read_etag,
    read_failures,
    read_page,
)
from s3sessions.stores.s3_boto3 import SharedClient
from s3sessions.stores.s3_client import ClientOptions
from s3sessions.stores.s3_errors import map_error, refuses_batches
from s3sessions.stores.s3_exchange import BrokenBody, Exchange, under_way
from s3sessions.stores.s3_protocol import Call, S3Protocol, fits_xml
from s3sessions.stores.threads import ThreadFanOut

if TYPE_CHECKING:
    from s3sessions.stores.s3_versions import S3Versions

__all__ = ["S3Store"]

T = TypeVar("T")


class S3Store:
    """A bucket as a store; any number of threads may use it. Making one makes no request.

    Args:
        bucket: its name, or the ARN of an access point.
        client: a boto3 client to use as it is, in place of the arguments that make one; its pool
            should have `width` connections. Event hooks are registered on it: one removes
            `Expect: 100-continue` from every PutObject (`before-sign.s3.PutObject`, id
            `s3sessions-no-expect`); the others pass over all but the requests of stores:
            `before-parse.*.ListObjectsV2` (id `s3sessions-page`) and `before-call.s3.DeleteObjects`
            (`s3sessions-body`) take work from the SDK, `needs-retry.s3` (`s3sessions-pace`,
            `s3sessions-deadline`) hears of refusals and ends retries with the caller's deadline.
            It is never closed.
        endpoint_url: of an S3-compatible server; None for what the AWS configuration says.
        region: None for what the AWS configuration says.
        profile: of the AWS configuration; None for its default.
        put_args: arguments for every PutObject. What other requests take of them goes out with
            those too: the expected owner, the requester's payment, a customer's key.
        width: most requests under way at once in one fan-out, and connections kept. Fewer while
            the server asks to slow down (503, 429), as a `Pace` says.
        connect_timeout: seconds.
        read_timeout: seconds.

    Raises:
        InvalidSettings: no bucket, a width below 1, an unknown argument in `put_args`.
    """

    def __init__(
        self,
        bucket: str,
        *,
        client: Any = None,
        endpoint_url: str | None = None,
        region: str | None = None,
        profile: str | None = None,
        put_args: Mapping[str, Any] | None = None,
        width: int = 32,
        connect_timeout: float = 10,
        read_timeout: float = 60,
    ) -> None:
        self._protocol = S3Protocol(bucket, put_args or {})
        self._client = SharedClient(
            ClientOptions(endpoint_url, region, profile, width, connect_timeout, read_timeout),
            client,
        )
        self._threads = ThreadFanOut(width)
        self._observers: tuple[Observer, ...] = ()

    def get(self, key: str) -> Blob:
        """Read one object: 1 GetObject, and again where the body does not arrive whole.

        Raises:
            NotFound: there is no such object.
            InvalidId: the store cannot hold the key.
            AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        return read_blob(self._send(self._protocol.get(key)))

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        """Write one object: 1 PutObject. Returns the etag, without quotes.

        Raises:
            PreconditionFailed: the condition does not hold. After an answer was lost and the SDK
                has sent the request again, this may be our own write: read it to know.
            WriteRace: S3 refused because of a concurrent write; nothing was written.
            InvalidMessage: the store takes no object of that size.
            InvalidId: the store cannot hold the key.
            AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        return read_etag(self._send(self._protocol.put(key, data, only_if)))

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        """Delete one object: 1 DeleteObject, and 1 GetObject where its condition fails.

        One that is not there is deleted.

        Raises:
            PreconditionFailed: the object is another version than `only_if` says.
            WriteRace: S3 refused because of a concurrent write; nothing was deleted.
            InvalidId: the store cannot hold the key.
            AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        try:
            self._send(self._protocol.delete(key, only_if))
        except NotFound:
            return
        except PreconditionFailed:
            # For an object that is not there S3 answers 404, SeaweedFS and Ceph answer this.
            with suppress(NotFound):
                self.get(key)
                raise

    def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        """Delete up to `DELETE_LIMIT` objects: 1 DeleteObjects, none for no target.

        A key that XML cannot hold costs 1 DeleteObject, and so does every key where the server
        refuses DeleteObjects.

        Raises:
            InvalidSettings: more targets than `DELETE_LIMIT`.
            InvalidId: the store cannot hold a key; nothing was deleted.
            AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        listed, others = self._protocol.split(targets)
        try:
            failures = self._delete_listed(listed)
        except S3SessionsError as error:
            if not refuses_batches(error):
                raise
            return self._delete_singly(targets)
        singly = iter(self._delete_singly(others))
        return [
            DeleteOutcome(target.key, failures.get(target.key))
            if not others or fits_xml(target.key)
            else next(singly)
            for target in targets
        ]

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

        Raises:
            AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        return read_page(
            self._send(self._protocol.list(prefix, delimiter, token, start_after, limit))
        )

    def copy(self, source: str, target: str) -> str:
        """Copy an object, create-only: 1 CopyObject. Returns the new etag, without quotes.

        The copy keeps the source's content type and metadata; encryption, storage class, tags and
        locks are those of `put_args`.

        Raises:
            NotFound: there is no source.
            PreconditionFailed: the target exists. Some servers overwrite it instead.
            WriteRace: S3 refused because of a concurrent write; nothing was written.
            InvalidId: the store cannot hold a key.
            AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        return read_copy_etag(self._send(self._protocol.copy(source, target)))

    def fan_out(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Run the calls in threads, at most `width` at a time, and return their results in order.

        The first error stops what has not begun and is raised once what runs has ended.
        """
        return self._threads.run(calls)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    @property
    def versions(self) -> S3Versions:
        """What the bucket keeps beside the current objects: versions, markers, uploads."""
        from s3sessions.stores.s3_version_calls import VersionCalls
        from s3sessions.stores.s3_versions import S3Versions

        return S3Versions(VersionCalls(self._protocol), self._send, self.fan_out)

    @property
    def lists_in_parts(self) -> bool:
        """Whether the bucket lists in byte order: all do but directory buckets."""
        return self._protocol.lists_in_order

    @property
    def deletes_if_match(self) -> bool:
        """Yes: it is one DeleteObject."""
        return True

    def observed(self, observer: Observer) -> S3Store:
        """Give the same store, of which `observer` too is told each request.

        Where no answer came at all, how often the SDK has tried is unknown and counts as once.
        Of a list that the SDK had to parse, the bytes may be unknown and count as 0.
        """
        store = copy.copy(self)
        store._observers = (*self._observers, observer)
        return store

    def prepare(self) -> None:
        """Make the client now, not at the first request. Raises InvalidSettings."""
        self._client.get()

    def close(self) -> None:
        """End the threads and close the client, unless it was given. Using the store makes new."""
        self._threads.close()
        self._client.close()

    def _delete_listed(self, targets: Sequence[Target]) -> Mapping[str, S3SessionsError]:
        if not targets:
            return {}
        call = self._protocol.delete_many(targets)
        return read_failures(self._send(call), call)

    def _delete_singly(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        return self.fan_out([partial(self._outcome, target) for target in targets])

    def _outcome(self, target: Target) -> DeleteOutcome:
        try:
            self.delete(target.key, only_if=target.etag)
        except S3SessionsError as error:
            return DeleteOutcome(target.key, error)
        return DeleteOutcome(target.key)

    def _send(self, call: Call) -> Answer:
        exchange = Exchange(call, self._observers, self._threads.pace)
        try:
            with under_way(exchange):
                answer = self._answer(exchange)
        except S3SessionsError:
            raise
        except Exception as error:
            mapped = map_error(error, call)
            exchange.failed(error, mapped)
            if mapped is None:
                raise
            raise mapped from error
        exchange.answered(answer)
        return answer

    def _answer(self, exchange: Exchange) -> Answer:
        while True:
            try:
                return _ask(self._client.get(), exchange.call)
            except BrokenBody as broken:
                if not exchange.broke(broken):
                    raise broken.unavailable(exchange.call) from broken.cause


def _ask(client: Any, call: Call) -> Answer:
    answer: dict[str, Any] = getattr(client, call.operation)(**call.arguments)
    if "Body" not in answer:
        return answer
    try:
        with closing(answer["Body"]) as body:
            return {**answer, "Body": body.read()}
    except Exception as error:
        raise BrokenBody(answer, error) from error
