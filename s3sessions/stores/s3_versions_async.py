"""The versions and unfinished uploads of a bucket, in async code; what purge works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeAlias

from s3sessions.errors import NotFound, S3SessionsError
from s3sessions.stores.s3_answers import Answer
from s3sessions.stores.s3_errors import refuses_batches
from s3sessions.stores.s3_protocol import Call, fits_xml
from s3sessions.stores.s3_version_calls import (
    VersionCalls,
    explained,
    is_unexplained,
    read_legal_hold,
    read_refusals,
    read_retention,
    read_uploads,
    read_versions,
)
from s3sessions.versions import UploadPage, VersionOutcome, VersionPage, VersionTarget

__all__ = ["AsyncS3Versions"]

Send: TypeAlias = Callable[[Call], Awaitable[Answer]]
FanOut: TypeAlias = Callable[
    [Sequence[Callable[[], Awaitable[VersionOutcome]]]], Awaitable[Sequence[VersionOutcome]]
]


class AsyncS3Versions:
    """The second port of one bucket; made by its store, which sends its requests."""

    def __init__(self, calls: VersionCalls, send: Send, fan_out: FanOut) -> None:
        self._calls = calls
        self._send = send
        self._fan_out = fan_out

    async def list_versions(self, prefix: str, *, token: str | None = None) -> VersionPage:
        """List one page of versions and delete markers: 1 ListObjectVersions.

        Raises:
            AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        return read_versions(await self._send(self._calls.list_versions(prefix, token)))

    async def delete_versions(self, targets: Sequence[VersionTarget]) -> Sequence[VersionOutcome]:
        """Erase up to `DELETE_LIMIT` versions or markers: 1 DeleteObjects, none for no target.

        A key that XML cannot hold costs 1 DeleteObject, and so does every version where the
        server refuses DeleteObjects. For each version that was refused without the name of an
        action, 1 GetObjectRetention and 1 GetObjectLegalHold ask what holds it; a retention in
        governance mode is never bypassed.

        Raises:
            InvalidSettings: more targets than `DELETE_LIMIT`.
            AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        outcomes = await self._erase(targets)
        refused = [outcome for outcome in outcomes if is_unexplained(outcome)]
        told = await self._fan_out([partial(self._explain, outcome) for outcome in refused])
        reasons = {(outcome.key, outcome.version_id): outcome for outcome in told}
        return [reasons.get((out.key, out.version_id), out) for out in outcomes]

    async def list_uploads(self, prefix: str, *, token: str | None = None) -> UploadPage:
        """List one page of unfinished uploads: 1 ListMultipartUploads.

        Raises:
            AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        return read_uploads(await self._send(self._calls.list_uploads(prefix, token)))

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Abort an upload: 1 AbortMultipartUpload; one that is not there is aborted.

        Raises:
            AccessDenied, InvalidSettings, StoreUnavailable: as for every verb.
        """
        with suppress(NotFound):
            await self._send(self._calls.abort(key, upload_id))

    async def _erase(self, targets: Sequence[VersionTarget]) -> Sequence[VersionOutcome]:
        listed, others = self._calls.split(targets)
        try:
            refusals = await self._erase_listed(listed)
        except S3SessionsError as error:
            if not refuses_batches(error):
                raise
            return await self._erase_singly(targets)
        singly = iter(await self._erase_singly(others))
        return [
            VersionOutcome(target.key, target.version_id, refusals.get(target))
            if fits_xml(target.key)
            else next(singly)
            for target in targets
        ]

    async def _erase_listed(
        self, targets: Sequence[VersionTarget]
    ) -> Mapping[VersionTarget, S3SessionsError]:
        if not targets:
            return {}
        call = self._calls.delete(targets)
        return read_refusals(await self._send(call), call, targets)

    async def _erase_singly(self, targets: Sequence[VersionTarget]) -> Sequence[VersionOutcome]:
        return await self._fan_out([partial(self._outcome, target) for target in targets])

    async def _outcome(self, target: VersionTarget) -> VersionOutcome:
        try:
            await self._send(self._calls.delete_one(target))
        except NotFound:
            pass
        except S3SessionsError as error:
            return VersionOutcome(target.key, target.version_id, error)
        return VersionOutcome(target.key, target.version_id)

    async def _explain(self, outcome: VersionOutcome) -> VersionOutcome:
        target = VersionTarget(outcome.key, outcome.version_id)
        retention = await self._asked(self._calls.retention(target))
        legal_hold = await self._asked(self._calls.legal_hold(target))
        return explained(outcome, [read_retention(retention), read_legal_hold(legal_hold)])

    async def _asked(self, call: Call) -> Answer:
        """Ask for a reason; where S3 does not tell, the refusal itself is all there is."""
        with suppress(S3SessionsError):
            return await self._send(call)
        return {}
