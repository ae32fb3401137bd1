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
from s3sessions.versions import SyncVersions, UploadPage, VersionOutcome, VersionPage, VersionTarget

T = TypeVar("T")

Hook = Callable[[str, str, Callable[[], Any]], Any]
"""Told verb and key, and given the call itself: it may call, not call, or raise before or after."""


class Interposed:
    """Hands each request to a hook."""

    def __init__(self, store: SyncStore, hook: Hook) -> None:
        self._store = store
        self._hook = hook
        self.slept: list[float] = []

    @property
    def versions(self) -> InterposedVersions | None:
        versions = self._store.versions
        return None if versions is None else InterposedVersions(versions, self._hook)

    @property
    def lists_in_parts(self) -> bool:
        return self._store.lists_in_parts

    @property
    def deletes_if_match(self) -> bool:
        return self._store.deletes_if_match

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
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        def call() -> Page:
            return self._store.list(
                prefix, delimiter=delimiter, token=token, start_after=start_after, limit=limit
            )

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


class InterposedVersions:
    """Hands each request of the second port to the same hook."""

    def __init__(self, versions: SyncVersions, hook: Hook) -> None:
        self._versions = versions
        self._hook = hook

    def list_versions(self, prefix: str, *, token: str | None = None) -> VersionPage:
        def call() -> VersionPage:
            return self._versions.list_versions(prefix, token=token)

        return self._hook("list_versions", prefix, call)  # type: ignore[no-any-return]

    def delete_versions(self, targets: Sequence[VersionTarget]) -> Sequence[VersionOutcome]:
        def call() -> Sequence[VersionOutcome]:
            return self._versions.delete_versions(targets)

        return self._hook("delete_versions", targets[0].key, call)  # type: ignore[no-any-return]

    def list_uploads(self, prefix: str, *, token: str | None = None) -> UploadPage:
        def call() -> UploadPage:
            return self._versions.list_uploads(prefix, token=token)

        return self._hook("list_uploads", prefix, call)  # type: ignore[no-any-return]

    def abort_upload(self, key: str, upload_id: str) -> None:
        self._hook("abort_upload", key, lambda: self._versions.abort_upload(key, upload_id))
