"""The second, optional port of a store: object versions and unfinished uploads.

What a store keeps that no verb of the first port shows. Only a purge asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from s3sessions.errors import S3SessionsError
from s3sessions.record import Record

__all__ = [
    "AsyncVersions",
    "SyncVersions",
    "Upload",
    "UploadPage",
    "Version",
    "VersionOutcome",
    "VersionPage",
    "VersionTarget",
]


class Version(Record):
    """What a store keeps under a key beside or below the object that `get` returns.

    Attributes:
        key: of the object.
        version_id: of this version of it; `null` for one that was written without versioning.
        is_latest: whether this is what `get` sees: the object, or that it was deleted.
        is_marker: whether it says that the object was deleted; it has no bytes.
        size: in bytes.
        modified: by the store's clock, in UTC.
    """

    key: str
    version_id: str
    is_latest: bool
    is_marker: bool
    size: int
    modified: datetime


class VersionPage(Record):
    """One page of a list of versions; pass `token` on for the next, None on the last one."""

    versions: Sequence[Version]
    token: str | None


class VersionTarget(Record):
    """A version, or a delete marker, to erase."""

    key: str
    version_id: str


class VersionOutcome(Record):
    """What became of one target: `error` is None where the version is gone."""

    key: str
    version_id: str
    error: S3SessionsError | None = None


class Upload(Record):
    """A multipart upload that was begun and neither completed nor aborted."""

    key: str
    upload_id: str
    initiated: datetime


class UploadPage(Record):
    """One page of a list of uploads; pass `token` on for the next, None on the last one."""

    uploads: Sequence[Upload]
    token: str | None


class SyncVersions(Protocol):
    """The second, optional port of a store: what it keeps that no other verb shows."""

    def list_versions(self, prefix: str, *, token: str | None = None) -> VersionPage:
        """List one page of the versions and delete markers whose keys begin with `prefix`."""

    def delete_versions(self, targets: Sequence[VersionTarget]) -> Sequence[VersionOutcome]:
        """Erase up to `DELETE_LIMIT` versions in one request; an outcome for each, in order.

        One that is not there is erased. One that is held (a retention period, a legal hold) has
        an `AccessDenied` that says by what, where the store can tell.
        """

    def list_uploads(self, prefix: str, *, token: str | None = None) -> UploadPage:
        """List one page of the unfinished uploads whose keys begin with `prefix`."""

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Abort an upload and free its parts; one that is not there is aborted."""


class AsyncVersions(Protocol):
    """The second, optional port of an async store; verbs as in `SyncVersions`."""

    async def list_versions(self, prefix: str, *, token: str | None = None) -> VersionPage:
        """List one page of the versions and delete markers whose keys begin with `prefix`."""

    async def delete_versions(self, targets: Sequence[VersionTarget]) -> Sequence[VersionOutcome]:
        """Erase up to `DELETE_LIMIT` versions in one request; an outcome for each, in order."""

    async def list_uploads(self, prefix: str, *, token: str | None = None) -> UploadPage:
        """List one page of the unfinished uploads whose keys begin with `prefix`."""

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Abort an upload and free its parts; one that is not there is aborted."""
