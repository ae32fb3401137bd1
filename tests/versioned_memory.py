"""A memory store that keeps versions as S3 does: for what must hold at every single request."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from s3sessions.errors import AccessDenied, InvalidSettings, S3SessionsError
from s3sessions.ports import (
    DELETE_LIMIT,
    PAGE_LIMIT,
    Blob,
    Clock,
    Condition,
    DeleteOutcome,
    Observer,
    Page,
    Target,
    system_clock,
)
from s3sessions.stores.memory import MemoryStore
from s3sessions.stores.observation import reported
from s3sessions.versions import (
    Upload,
    UploadPage,
    Version,
    VersionOutcome,
    VersionPage,
    VersionTarget,
)

T = TypeVar("T")
MOMENT = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass
class Kept:
    """What all copies of one store share: versions by key, oldest first, with their bytes."""

    versions: dict[str, list[tuple[Version, bytes]]] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    refusals: dict[str, S3SessionsError | None] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)


class VersionedMemory:
    """A `SyncStore` with a second port.

    Attributes:
        kept: the versions and the uploads; `refusals` by key say what cannot be erased, and why.
    """

    def __init__(self, *, clock: Clock = system_clock) -> None:
        self.current = self._bare = MemoryStore(clock=clock)
        self.kept = Kept()
        self._observers: tuple[Observer, ...] = ()

    @property
    def versions(self) -> MemoryVersions:
        return MemoryVersions(self._bare, self.kept, self._observers)

    @property
    def lists_in_parts(self) -> bool:
        return self.current.lists_in_parts

    @property
    def deletes_if_match(self) -> bool:
        return self.current.deletes_if_match

    def get(self, key: str) -> Blob:
        return self.current.get(key)

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        etag = self.current.put(key, data, only_if=only_if)
        self._keep(key, data, is_marker=False)
        return etag

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        self.current.delete(key, only_if=only_if)
        self._keep(key, b"", is_marker=True)

    def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        outcomes = self.current.delete_many(targets)
        for outcome in outcomes:
            if outcome.error is None:
                self._keep(outcome.key, b"", is_marker=True)
        return outcomes

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        return self.current.list(
            prefix, delimiter=delimiter, token=token, start_after=start_after, limit=limit
        )

    def copy(self, source: str, target: str) -> str:
        etag = self.current.copy(source, target)
        self._keep(target, self.current.get(target).data, is_marker=False)
        return etag

    def fan_out(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        return self.current.fan_out(calls)

    def sleep(self, seconds: float) -> None:
        pass

    def observed(self, observer: Observer) -> VersionedMemory:
        twin = copy.copy(self)
        twin.current = self.current.observed(observer)
        twin._observers = (*self._observers, observer)
        return twin

    def close(self) -> None:
        self.current.close()

    def begin_upload(self, key: str) -> str:
        upload_id = f"upload-{next(self.kept.numbers)}"
        self.kept.uploads[upload_id] = Upload(key, upload_id, MOMENT)
        return upload_id

    def _keep(self, key: str, data: bytes, *, is_marker: bool) -> None:
        number = f"v{next(self.kept.numbers)}"
        version = Version(key, number, True, is_marker, len(data), MOMENT)
        self.kept.versions.setdefault(key, []).append((version, data))


class MemoryVersions:
    """The second port of such a store."""

    def __init__(self, current: MemoryStore, kept: Kept, observers: tuple[Observer, ...]) -> None:
        self._current = current
        self._kept = kept
        self._observers = observers

    def list_versions(self, prefix: str, *, token: str | None = None) -> VersionPage:
        with reported(self._observers, "list_versions", prefix):
            start = int(token or 0)
            shown = [
                replace(version, is_latest=version is history[-1][0])
                for key, history in sorted(self._kept.versions.items())
                if key.startswith(prefix)
                for version, _ in reversed(history)
            ]
            end = start + PAGE_LIMIT
            return VersionPage(shown[start:end], str(end) if end < len(shown) else None)

    def delete_versions(self, targets: Sequence[VersionTarget]) -> Sequence[VersionOutcome]:
        if len(targets) > DELETE_LIMIT:
            raise InvalidSettings(f"{len(targets)} versions: give at most {DELETE_LIMIT}")
        if not targets:
            return []
        with reported(self._observers, "delete_versions", targets[0].key):
            return [self._erase(target) for target in targets]

    def list_uploads(self, prefix: str, *, token: str | None = None) -> UploadPage:
        with reported(self._observers, "list_uploads", prefix):
            shown = [up for up in self._kept.uploads.values() if up.key.startswith(prefix)]
            return UploadPage(shown, None)

    def abort_upload(self, key: str, upload_id: str) -> None:
        with reported(self._observers, "abort_upload", key):
            self._kept.uploads.pop(upload_id, None)

    def _erase(self, target: VersionTarget) -> VersionOutcome:
        history = self._kept.versions.get(target.key, [])
        left = [pair for pair in history if pair[0].version_id != target.version_id]
        refusal = self._kept.refusals.get(target.key)
        if refusal is not None and not all(v.is_marker for v, _ in history if (v, _) not in left):
            return VersionOutcome(target.key, target.version_id, refusal)
        if len(left) < len(history):
            self._become(target.key, left)
        return VersionOutcome(target.key, target.version_id)

    def _become(self, key: str, history: list[tuple[Version, bytes]]) -> None:
        """Let what is the latest now be current: S3 brings a version under an erased one back."""
        latest = self._kept.versions[key][-1]
        self._kept.versions[key] = history
        if not history:
            del self._kept.versions[key]
        if history and history[-1] == latest:
            return
        self._current.delete(key)
        if history and not history[-1][0].is_marker:
            self._current.put(key, history[-1][1])


def held(key: str) -> AccessDenied:
    """What a store answers for a version that Object Lock holds."""
    return AccessDenied("version is held by a legal hold", key=key)
