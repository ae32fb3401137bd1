"""A store with somebody between it and its user: to lose answers, refuse and reorder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

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

T = TypeVar("T")

Hook = Callable[[str, str, Callable[[], Any]], Any]
"""Told verb and key, and given the call itself: it may call, not call, or raise before or after."""


class Interposed:
    """Hands each request to a hook."""

    def __init__(self, store: SyncStore, hook: Hook) -> None:
        self._store = store
        self._hook = hook
        self.slept: list[float] = []

    def get(self, key: str) -> Blob:
        return self._hook("get", key, lambda: self._store.get(key))  # type: ignore[no-any-return]

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        def call() -> str:
            return self._store.put(key, data, only_if=only_if)

        return self._hook("put", key, call)  # type: ignore[no-any-return]

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        self._hook("delete", key, lambda: self._store.delete(key, only_if=only_if))

    def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        def call() -> Sequence[DeleteOutcome]:
            return self._store.delete_many(targets)

        return self._hook("delete_many", targets[0].key, call)  # type: ignore[no-any-return]

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        def call() -> Page:
            return self._store.list(prefix, delimiter=delimiter, token=token, limit=limit)

        return self._hook("list", prefix, call)  # type: ignore[no-any-return]

    def copy(self, source: str, target: str) -> str:
        return self._hook("copy", target, lambda: self._store.copy(source, target))  # type: ignore[no-any-return]

    def fan_out(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        return self._store.fan_out(calls)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def observed(self, observer: Observer) -> Interposed:
        deeper = Interposed(self._store.observed(observer), self._hook)
        deeper.slept = self.slept
        return deeper

    def close(self) -> None:
        self._store.close()
