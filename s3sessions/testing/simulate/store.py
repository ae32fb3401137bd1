"""The store that one process sees: the async port, suspended around each request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableSequence, Sequence
from functools import partial
from typing import Any, TypeVar

from s3sessions.errors import PreconditionFailed, StoreUnavailable
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
from s3sessions.testing.faults import Fault
from s3sessions.testing.simulate.objects import Objects
from s3sessions.testing.simulate.requests import Exchange, Trace
from s3sessions.testing.simulate.scheduler import FanOut, Pause, Process
from s3sessions.testing.simulate.weather import Weather

T = TypeVar("T")


class SimulatedStore:
    """An `AsyncStore` over objects that other processes share.

    Args:
        objects: what all processes see.
        process: whose requests these are.
        weather: what may befall them.
        trace: told of each request, or None.
        page: most keys in one page of a list.
        parallel: whether the pages of a list are read at once and come in any order, as from a
            transport that lists in parallel; if not, one after the other.
        lists_in_parts: whether whoever lists is to do the like, in parts of his own.
        deletes_if_match: whether who may leave the condition of a delete out is to keep it.
        width: most requests of one fan-out at once.
        cancels: whether the first error of a fan-out cancels the other calls.
    """

    def __init__(
        self,
        objects: Objects,
        process: Process,
        weather: Weather,
        trace: Trace | None,
        *,
        page: int,
        parallel: bool,
        lists_in_parts: bool,
        deletes_if_match: bool,
        width: int,
        cancels: bool,
    ) -> None:
        self._objects = objects
        self._process = process
        self._weather = weather
        self._trace = trace
        self._page = page
        self._parallel = parallel
        self._lists_in_parts = lists_in_parts
        self._deletes_if_match = deletes_if_match
        self._width = width
        self._cancels = cancels
        self._lists: dict[str, _ParallelList] = {}

    async def get(self, key: str) -> Blob:
        """Read one object; raises NotFound, StoreUnavailable."""
        blob: Blob = await self._send("get", key, lambda _: self._objects.get(key))
        return blob

    async def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        """Write one object; raises PreconditionFailed, WriteRace, StoreUnavailable."""
        what = key
        if only_if is not None:
            what = f"{key} if {'absent' if only_if is ABSENT else only_if}"
        etag: str = await self._send(
            "put",
            what,
            lambda _: self._objects.put(key, bytes(data), only_if),
            conditional=only_if is not None,
        )
        return etag

    async def delete(self, key: str, *, only_if: str | None = None) -> None:
        """Delete one object; raises PreconditionFailed, StoreUnavailable."""
        what = key if only_if is None else f"{key} if {only_if}"
        await self._send("delete", what, lambda _: self._objects.delete(key, only_if))

    async def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        """Delete objects, one after the other in any order; raises StoreUnavailable."""
        if not targets:
            return []
        what = f"{len(targets)} keys, {targets[0].key} …"
        outcomes: Sequence[DeleteOutcome] = await self._send(
            "delete_many", what, partial(self._delete_each, targets)
        )
        return outcomes

    async def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        """List one page, short ones that show the same moment each; raises StoreUnavailable."""
        if self._parallel and delimiter is None:
            return await self._list_in_parallel(prefix, token)
        most = min(limit, self._page)
        after = token or start_after or ""
        what = f"{prefix} after {after}" if after else prefix
        page: Page = await self._send(
            "list", what, lambda _: self._objects.page(prefix, delimiter, after, most)
        )
        return page

    async def copy(self, source: str, target: str) -> str:
        """Copy an object, create-only; raises NotFound, PreconditionFailed, WriteRace."""

        def effect(_: Exchange) -> str:
            return self._objects.put(target, self._objects.get(source).data, ABSENT)

        etag: str = await self._send("copy", f"{source} to {target}", effect, conditional=True)
        return etag

    async def fan_out(self, calls: Sequence[Callable[[], Awaitable[T]]]) -> Sequence[T]:
        """Run the calls as tasks of their own among everybody else's."""
        return await FanOut(calls, width=self._width, cancels=self._cancels)

    async def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""
        await Pause(seconds)

    @property
    def versions(self) -> None:
        """There are none: the simulated bucket is not versioned."""
        return None

    @property
    def lists_in_parts(self) -> bool:
        """As this process is to list."""
        return self._lists_in_parts

    @property
    def deletes_if_match(self) -> bool:
        """As this process is to delete."""
        return self._deletes_if_match

    def observed(self, observer: Observer) -> SimulatedStore:
        """Give this store: what its requests cost is not what a simulation asks."""
        return self

    async def close(self) -> None:
        """Do nothing."""

    async def _send(
        self, verb: str, what: str, effect: Callable[[Exchange], Any], *, conditional: bool = False
    ) -> Any:
        return await Exchange(
            self._process, self._weather, self._trace, verb, what, effect, conditional=conditional
        )

    def _delete_each(
        self, targets: Sequence[Target], exchange: Exchange
    ) -> Sequence[DeleteOutcome]:
        """Delete the keys at moments of their own: a request for many of them is not atomic."""
        scheduler, rng = self._process.scheduler, self._weather.rng
        outcomes = [DeleteOutcome(target.key) for target in targets]
        exchange.processing = self._process.latency()
        for at, target in enumerate(targets):
            if exchange.met(Fault.KEYS_REFUSED) and rng.random() < 0.5:
                error = StoreUnavailable("500 InternalError", key=target.key)
                outcomes[at] = DeleteOutcome(target.key, error)
                continue
            moment = scheduler.now + rng.random() * exchange.processing
            scheduler.at(moment, partial(self._delete_one, outcomes, at, target))
        return outcomes

    def _delete_one(
        self, outcomes: MutableSequence[DeleteOutcome], at: int, target: Target
    ) -> None:
        try:
            self._objects.delete(target.key, target.etag)
        except PreconditionFailed as error:
            outcomes[at] = DeleteOutcome(target.key, error)

    async def _list_in_parallel(self, prefix: str, token: str | None) -> Page:
        if token is None:
            parallel = await self._begin_parallel_list(prefix)
            self._lists[parallel.name] = parallel
            at = 0
        else:
            name, _, number = token.partition("/")
            parallel, at = self._lists[name], int(number)
        last = at + 1 == len(parallel.parts)
        if last:
            del self._lists[parallel.name]
        return Page(parallel.parts[at], (), None if last else f"{parallel.name}/{at + 1}")

    async def _begin_parallel_list(self, prefix: str) -> _ParallelList:
        """Read all parts of the key space at once, each at a moment of its own."""
        rng = self._weather.rng
        entries = self._objects.between(prefix, "", None)
        cuts = [entry.key for entry in entries[self._page - 1 :: self._page]]
        bounds: list[tuple[str, str | None]] = list(zip(["", *cuts], [*cuts, None], strict=True))
        rng.shuffle(bounds)
        calls = [partial(self._list_part, prefix, after, up_to) for after, up_to in bounds]
        parts = await FanOut(calls, width=len(calls), cancels=True)
        return _ParallelList(f"list-{self._process.scheduler.tick}", parts)

    async def _list_part(self, prefix: str, after: str, up_to: str | None) -> Sequence[Entry]:
        entries: Sequence[Entry] = await self._send(
            "list",
            f"{prefix} part after {after}",
            lambda _: self._objects.between(prefix, after, up_to),
        )
        return entries


class _ParallelList:
    """A list whose parts have been read, and are given page by page."""

    def __init__(self, name: str, parts: Sequence[Sequence[Entry]]) -> None:
        self.name = name
        self.parts = parts
