"""Stores that fail on purpose: wrappers around any store, for those who write stores or agents.

Rules say which requests fail and how; everything else goes through. The two colours have the same
rules, and each is a store of its colour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from s3sessions.errors import S3SessionsError
from s3sessions.ports import (
    PAGE_LIMIT,
    AsyncStore,
    Blob,
    Condition,
    DeleteOutcome,
    Observer,
    Page,
    SyncStore,
    Target,
)
from s3sessions.testing.faults import TAKES_EFFECT, Fault
from s3sessions.testing.rules import Plan, Rule, error_of, merged
from s3sessions.versions import AsyncVersions, SyncVersions

__all__ = ["AsyncFaultyStore", "FaultyStore"]

T = TypeVar("T")


class FaultyStore:
    """A blocking store that fails where its rules say so.

    A write that is to be late waits until `deliver` is called. Observers are the inner store's:
    they are told of requests that reach it. Copies that `observed` gives share the rules.

    Example:
        >>> from s3sessions import Sessions
        >>> from s3sessions.stores.memory import MemoryStore
        >>> from s3sessions.testing import Fault, FaultyStore, Rule
        >>> store = FaultyStore(MemoryStore(), Rule(Fault.REPEATED, verb="put", key="*message_0*"))
        >>> chat = Sessions(store=store).open("order-42")
        >>> chat.append({"role": "user", "content": "hello"}).index
        0
        >>> store.injected[Fault.REPEATED]
        1
        >>> len(chat.restore().messages)
        1

    Args:
        store: the one that does the work.
        *rules: tried in order; the first that applies to a request decides.
        seed: of the rules with a probability.

    Attributes:
        injected: faults so far, by kind.
    """

    def __init__(self, store: SyncStore, *rules: Rule, seed: int = 0) -> None:
        self._store = store
        self._plan = Plan(rules, seed)
        self._late: list[Callable[[], Any]] = []

    @property
    def injected(self) -> Counter[Fault]:
        return self._plan.injected

    def add(self, *rules: Rule) -> None:
        """Add rules behind those that are there."""
        self._plan.add(*rules)

    def clear(self) -> None:
        """Let nothing fail any more; what is late stays late."""
        self._plan.clear()

    def deliver(self) -> None:
        """Let the late requests take effect, in the order in which they were sent."""
        late, self._late[:] = list(self._late), []
        for call in late:
            with suppress(S3SessionsError):
                call()

    def get(self, key: str) -> Blob:
        return self._send("get", key, partial(self._store.get, key))

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        return self._send("put", key, partial(self._store.put, key, data, only_if=only_if))

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        self._send("delete", key, partial(self._store.delete, key, only_if=only_if))

    def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        refused = self._plan.refused(targets)
        sent = [target for target in targets if target.key not in refused]
        key = targets[0].key if targets else ""
        outcomes = self._send("delete_many", key, partial(self._store.delete_many, sent))
        return merged(targets, outcomes, refused)

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        call = partial(
            self._store.list,
            prefix,
            delimiter=delimiter,
            token=token,
            start_after=start_after,
            limit=limit,
        )
        return self._send("list", prefix, call)

    def copy(self, source: str, target: str) -> str:
        return self._send("copy", target, partial(self._store.copy, source, target))

    def fan_out(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        return self._store.fan_out(calls)

    def sleep(self, seconds: float) -> None:
        self._store.sleep(seconds)

    @property
    def versions(self) -> SyncVersions | None:
        return self._store.versions

    @property
    def lists_in_parts(self) -> bool:
        return self._store.lists_in_parts

    @property
    def deletes_if_match(self) -> bool:
        return self._store.deletes_if_match

    def observed(self, observer: Observer) -> FaultyStore:
        twin = FaultyStore(self._store.observed(observer))
        twin._plan, twin._late = self._plan, self._late
        return twin

    def close(self) -> None:
        self._store.close()

    def _send(self, verb: str, key: str, call: Callable[[], T]) -> T:
        fault = self._plan.fault(verb, key)
        if fault is None:
            return call()
        if fault is Fault.LATE:
            self._late.append(call)
        elif fault in TAKES_EFFECT:
            with suppress(S3SessionsError):
                call()
        if fault is Fault.REPEATED:
            return call()
        raise error_of(fault, key)


class AsyncFaultyStore:
    """An async store that fails where its rules say so; see `FaultyStore`."""

    def __init__(self, store: AsyncStore, *rules: Rule, seed: int = 0) -> None:
        self._store = store
        self._plan = Plan(rules, seed)
        self._late: list[Callable[[], Awaitable[Any]]] = []

    @property
    def injected(self) -> Counter[Fault]:
        return self._plan.injected

    def add(self, *rules: Rule) -> None:
        """Add rules behind those that are there."""
        self._plan.add(*rules)

    def clear(self) -> None:
        """Let nothing fail any more; what is late stays late."""
        self._plan.clear()

    async def deliver(self) -> None:
        """Let the late requests take effect, in the order in which they were sent."""
        late, self._late[:] = list(self._late), []
        for call in late:
            with suppress(S3SessionsError):
                await call()

    async def get(self, key: str) -> Blob:
        return await self._send("get", key, partial(self._store.get, key))

    async def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        return await self._send("put", key, partial(self._store.put, key, data, only_if=only_if))

    async def delete(self, key: str, *, only_if: str | None = None) -> None:
        await self._send("delete", key, partial(self._store.delete, key, only_if=only_if))

    async def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        refused = self._plan.refused(targets)
        sent = [target for target in targets if target.key not in refused]
        key = targets[0].key if targets else ""
        outcomes = await self._send("delete_many", key, partial(self._store.delete_many, sent))
        return merged(targets, outcomes, refused)

    async def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        call = partial(
            self._store.list,
            prefix,
            delimiter=delimiter,
            token=token,
            start_after=start_after,
            limit=limit,
        )
        return await self._send("list", prefix, call)

    async def copy(self, source: str, target: str) -> str:
        return await self._send("copy", target, partial(self._store.copy, source, target))

    async def fan_out(self, calls: Sequence[Callable[[], Awaitable[T]]]) -> Sequence[T]:
        return await self._store.fan_out(calls)

    async def sleep(self, seconds: float) -> None:
        await self._store.sleep(seconds)

    @property
    def versions(self) -> AsyncVersions | None:
        return self._store.versions

    @property
    def lists_in_parts(self) -> bool:
        return self._store.lists_in_parts

    @property
    def deletes_if_match(self) -> bool:
        return self._store.deletes_if_match

    def observed(self, observer: Observer) -> AsyncFaultyStore:
        twin = AsyncFaultyStore(self._store.observed(observer))
        twin._plan, twin._late = self._plan, self._late
        return twin

    async def close(self) -> None:
        await self._store.close()

    async def _send(self, verb: str, key: str, call: Callable[[], Awaitable[T]]) -> T:
        fault = self._plan.fault(verb, key)
        if fault is None:
            return await call()
        if fault is Fault.LATE:
            self._late.append(call)
        elif fault in TAKES_EFFECT:
            with suppress(S3SessionsError):
                await call()
        if fault is Fault.REPEATED:
            return await call()
        raise error_of(fault, key)
