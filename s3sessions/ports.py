"""The store port: the few verbs of an object store that everything else is built on.

A store knows keys and bytes, nothing of sessions. It is blocking code (`SyncStore`) or async code
(`AsyncStore`), never both; the two protocols have the same verbs with the same meaning, and
`s3sessions.testing.StoreContract` is that meaning as tests. A wrapper (counting, fault injection,
tracing) is a store around a store.

What every verb promises:

- Single objects are atomic: a reader sees the whole of one write or the whole of another.
- `only_if=ABSENT` creates or raises `PreconditionFailed`; `only_if=<etag>` replaces (or deletes)
  exactly that version or raises `PreconditionFailed`.
- A list is in no promised order and several pages are no snapshot.
- `WriteRace` is raised where the store refused because of a concurrent write (S3's 409): nothing
  happened. `StoreUnavailable` leaves the fate of a write open. `AccessDenied`, `InvalidSettings`
  (no such bucket, wrong region) and `InvalidId` (a key the store cannot hold) mean: not written.
"""

from __future__ import annotations

import enum
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, TypeVar

from s3sessions.errors import S3SessionsError
from s3sessions.record import Record

if TYPE_CHECKING:
    from s3sessions.versions import AsyncVersions, SyncVersions

__all__ = [
    "ABSENT",
    "DELETE_LIMIT",
    "PAGE_LIMIT",
    "AsyncStore",
    "Blob",
    "Clock",
    "Condition",
    "DeleteOutcome",
    "Entropy",
    "Entry",
    "Observer",
    "Page",
    "Request",
    "SyncStore",
    "Target",
    "system_clock",
    "system_entropy",
]

T = TypeVar("T")

PAGE_LIMIT: Final = 1000
"""Most keys and common prefixes in one page of a list (S3's limit)."""

DELETE_LIMIT: Final = 1000
"""Most keys that one `delete_many` takes (S3's limit for DeleteObjects)."""


class Absent(enum.Enum):
    """The type of `ABSENT`; an enum, so that type checkers can tell it from an etag."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
"""The condition "there is no object under this key"."""

Condition: TypeAlias = Absent | str | None
"""`ABSENT`, an etag, or None for an unconditional write."""

Clock: TypeAlias = Callable[[], float]
"""Seconds since the epoch. A wall clock: a monotonic one stands still while a machine sleeps."""

Entropy: TypeAlias = Callable[[int], bytes]
"""That many random bytes."""

system_clock: Clock = time.time
system_entropy: Entropy = os.urandom


class Blob(Record):
    """An object as `get` returns it. `modified` is the store's clock, in UTC."""

    data: bytes
    etag: str
    modified: datetime


class Entry(Record):
    """An object as `list` shows it: `size` in bytes, `modified` by the store's clock, in UTC."""

    key: str
    size: int
    etag: str
    modified: datetime


class Page(Record):
    """One page of a list.

    Attributes:
        entries: objects whose keys have no delimiter after the prefix.
        prefixes: common prefixes up to and with the delimiter, each once over all pages.
        token: pass it to `list` for the next page; None on the last one.
    """

    entries: Sequence[Entry]
    prefixes: Sequence[str]
    token: str | None


class Target(Record):
    """A key to delete; with an etag only if the object is still that version."""

    key: str
    etag: str | None = None


class DeleteOutcome(Record):
    """What became of one target: `error` is None where the key is gone (or was never there)."""

    key: str
    error: S3SessionsError | None = None


class Request(Record):
    """One request as the observer sees it, after it ended.

    Attributes:
        verb: the port's verb: get, put, delete, delete_many, list or copy; of the second port
            list_versions, delete_versions, list_uploads or abort_upload, and what a store asks
            beside those, such as get_retention and get_legal_hold.
        key: the key or the prefix asked for; of a delete_many or a delete_versions the first key,
            of a copy the target.
        status: HTTP status; of a store without HTTP, the one that S3 would give; 0 for no answer.
        sent: body bytes sent.
        received: body bytes received.
        milliseconds: from the call to its end, retries included.
        attempts: requests on the wire: 1 and one more for each retry.
    """

    verb: str
    key: str
    status: int
    sent: int
    received: int
    milliseconds: float
    attempts: int = 1


Observer: TypeAlias = Callable[[Request], None]
"""Told of each request once it has ended, failed ones too; must be quick and must not raise."""


class SyncStore(Protocol):
    """An object store in blocking code; every verb may be called from any thread."""

    @property
    def versions(self) -> SyncVersions | None:
        """The second port, told on by the same observers; None where the store has none."""

    @property
    def lists_in_parts(self) -> bool:
        """Whether to read a long list in parts at once, each from its `start_after` on.

        Only of a store that lists in byte order, and gains by it; False asks for no `start_after`.
        """

    @property
    def deletes_if_match(self) -> bool:
        """Whether a delete with an etag is one request, judged by the store, like any other.

        False where it costs far more than one without, or is no single step. The condition holds
        all the same; whoever harms no message by a delete too many may leave it out.
        """

    def get(self, key: str) -> Blob:
        """Read one object; raises NotFound."""

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        """Write one object and return its etag; raises PreconditionFailed, WriteRace."""

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        """Delete one object; one that is not there is deleted. Raises PreconditionFailed."""

    def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        """Delete up to `DELETE_LIMIT` objects in one request; an outcome for each, in order."""

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        """List one page of the keys that begin with `prefix` (any text, not only a folder).

        Of those only what comes behind `start_after` in byte order, a key that begins with the
        prefix too; a token says where to go on by itself.
        """

    def copy(self, source: str, target: str) -> str:
        """Copy an object inside the store, create-only; returns the new etag.

        Raises NotFound for the source and PreconditionFailed where the target exists.
        """

    def fan_out(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Run the calls, some at a time, and return their results in order.

        The first error stops what has not begun and is raised once the rest has ended.
        """

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def observed(self, observer: Observer) -> SyncStore:
        """Give the same store, of which `observer` too is told each request; costs nothing."""

    def close(self) -> None:
        """Give back connections and threads that the store made; may be called twice."""


class AsyncStore(Protocol):
    """An object store in async code, bound to no event loop; verbs as in `SyncStore`."""

    @property
    def versions(self) -> AsyncVersions | None:
        """The second port, told on by the same observers; None where the store has none."""

    @property
    def lists_in_parts(self) -> bool:
        """Whether to read a long list in parts at once, each from its `start_after` on."""

    @property
    def deletes_if_match(self) -> bool:
        """Whether a delete with an etag is one request, judged by the store, like any other."""

    async def get(self, key: str) -> Blob:
        """Read one object; raises NotFound."""

    async def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        """Write one object and return its etag; raises PreconditionFailed, WriteRace."""

    async def delete(self, key: str, *, only_if: str | None = None) -> None:
        """Delete one object; one that is not there is deleted. Raises PreconditionFailed."""

    async def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        """Delete up to `DELETE_LIMIT` objects in one request; an outcome for each, in order."""

    async def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        """List one page of the keys that begin with `prefix` (any text, not only a folder).

        Of those only what comes behind `start_after` in byte order, a key that begins with the
        prefix too; a token says where to go on by itself.
        """

    async def copy(self, source: str, target: str) -> str:
        """Copy an object inside the store, create-only; returns the new etag."""

    async def fan_out(self, calls: Sequence[Callable[[], Awaitable[T]]]) -> Sequence[T]:
        """Await the calls, some at a time, and return their results in order.

        The first error cancels the others and is raised by itself, never inside a group.
        """

    async def sleep(self, seconds: float) -> None:
        """Wait."""

    def observed(self, observer: Observer) -> AsyncStore:
        """Give the same store, of which `observer` too is told each request; costs nothing."""

    async def close(self) -> None:
        """Give back connections that the store made; may be called twice."""
