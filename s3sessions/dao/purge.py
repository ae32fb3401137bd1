"""Purge: the ordinary deletion, then all that it leaves behind in a bucket that keeps versions.

Versions go before the delete markers above them, and a marker stays while a version under it
does: erased the other way round, a purge that is killed would bring a message back to life. What
is current was written after the deletion: it is reported and never touched. Lists until nothing is
left but what the store refuses; session.json's own versions go last.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from s3sessions.dao.deletion import Deletion
from s3sessions.dao.leftovers import all_uploads, all_versions
from s3sessions.dao.marking import Mark
from s3sessions.dao.scope import Scope
from s3sessions.deadline import no_deadline
from s3sessions.errors import Conflict, S3SessionsError, SessionNotFound, StoreUnavailable
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.log import emit
from s3sessions.models import DeletionReport
from s3sessions.ports import DELETE_LIMIT
from s3sessions.receipts import PurgeReceipt
from s3sessions.versions import AsyncVersions, Upload, Version, VersionOutcome, VersionTarget

_MOST_ROUNDS = 10


@dataclass
class _Erased:
    """What the rounds of a purge have erased so far."""

    versions: int = 0
    markers: int = 0
    uploads: int = 0
    bytes: int = 0
    met_versions: bool = False


@dataclass
class Purge:
    """One purge of a session, or of one agent of it."""

    scope: Scope
    session: SessionKeys
    agent: AgentKeys | None = None
    _erased: _Erased = field(default_factory=_Erased)
    _errors: dict[tuple[str, str], S3SessionsError] = field(default_factory=dict)

    async def run(self, mark: Mark | None = None) -> PurgeReceipt:
        """Delete what is current, then erase every version, marker and unfinished upload.

        Args:
            mark: of the deletion, in place of an ordinary one.

        Raises:
            SessionNotFound: there is nothing under the prefix, current or not.
            PartialDelete: the store refused to delete some current objects; purge again.
            AccessDenied: names the action that is missing; purge again once it is allowed.
            CorruptObject, UnsupportedVersion, Conflict: as for a deletion.
        """
        began = self.scope.now()
        report, missing = await self._delete(mark)
        # What is deleted shows in no list of sessions: nobody would come back to it.
        with no_deadline():
            return await self._erase_what_is_left(began, report, missing)

    async def _erase_what_is_left(
        self, began: datetime, report: DeletionReport | None, missing: SessionNotFound | None
    ) -> PurgeReceipt:
        versions = self.scope.store.versions
        if versions is None:
            if missing is not None:
                raise missing
            return self._receipt(report, began, [], None)
        listed, uploads = await self._list(versions)
        if missing is not None and not listed and not uploads:
            raise missing
        for attempt in range(_MOST_ROUNDS):
            doomed = self._doomed(listed)
            if not doomed and not uploads:
                break
            if attempt:
                await self.scope.pause(attempt)
            await self._round(versions, doomed, uploads)
            listed, uploads = await self._list(versions)
        left = [self._why(version) for version in listed]
        left += [(up.key, up.upload_id, "this upload is listed still") for up in uploads]
        return self._receipt(report, began, left, self._erased.met_versions)

    async def _delete(
        self, mark: Mark | None
    ) -> tuple[DeletionReport | None, SessionNotFound | None]:
        """Delete what is current; what was deleted before may have left versions all the same."""
        try:
            return await Deletion(self.scope, self.session, self.agent).run(mark), None
        except SessionNotFound as missing:
            return None, missing

    # What is there

    @property
    def _prefix(self) -> str:
        return self.session.prefix if self.agent is None else self.agent.prefix

    async def _list(self, versions: AsyncVersions) -> tuple[list[Version], list[Upload]]:
        listed, uploads = await self.scope.both(
            partial(all_versions, versions, self._prefix),
            partial(all_uploads, versions, self._prefix),
        )
        self._erased.met_versions |= any(v.is_marker or v.version_id != "null" for v in listed)
        shown = {(version.key, version.version_id) for version in listed}
        self._errors = {place: error for place, error in self._errors.items() if place in shown}
        return listed, uploads

    def _doomed(self, listed: list[Version]) -> list[Version]:
        """Give what is to be erased: not what is current, nor what the store has refused."""
        refused = {place for place, error in self._errors.items() if not _may_pass(error)}
        held = {key for key, _ in refused}
        return [
            version
            for version in listed
            if not _is_current(version)
            and (version.key, version.version_id) not in refused
            and not (version.is_marker and version.key in held)
        ]

    def _why(self, version: Version) -> tuple[str, str, str]:
        """Say why a version is left."""
        error = self._errors.get((version.key, version.version_id))
        if _is_current(version):
            reason = "written after the deletion: purge again if it is to go too"
        elif error is not None:
            reason = error.message if error.cause is None else f"{error.message}: {error.cause}"
        elif version.is_marker:
            reason = "kept: without it the version under it would be current again"
        else:
            reason = "listed still after it was erased: purge again"
        return version.key, version.version_id, reason

    # Erasing

    async def _round(
        self, versions: AsyncVersions, doomed: list[Version], uploads: list[Upload]
    ) -> None:
        own = self.session.document
        await self._erase(versions, [v for v in doomed if v.key != own])
        aborts = [partial(versions.abort_upload, up.key, up.upload_id) for up in uploads]
        await self.scope.store.fan_out(aborts)
        self._erased.uploads += len(uploads)
        await self._erase(versions, [v for v in doomed if v.key == own])

    async def _erase(self, versions: AsyncVersions, doomed: list[Version]) -> None:
        await self._erase_all(versions, [v for v in doomed if not v.is_marker])
        held = {key for key, _ in self._errors}
        await self._erase_all(versions, [v for v in doomed if v.is_marker and v.key not in held])

    async def _erase_all(self, versions: AsyncVersions, doomed: list[Version]) -> None:
        chunks = [doomed[at : at + DELETE_LIMIT] for at in range(0, len(doomed), DELETE_LIMIT)]
        calls: list[Callable[[], Awaitable[Sequence[VersionOutcome]]]] = [
            partial(versions.delete_versions, [VersionTarget(v.key, v.version_id) for v in chunk])
            for chunk in chunks
        ]
        answers = await self.scope.store.fan_out(calls)
        outcomes = [outcome for answer in answers for outcome in answer]
        for version, outcome in zip(doomed, outcomes, strict=True):
            self._count(version, outcome)

    def _count(self, version: Version, outcome: VersionOutcome) -> None:
        place = (version.key, version.version_id)
        if outcome.error is not None:
            self._errors[place] = outcome.error
            return
        self._errors.pop(place, None)
        self._erased.markers += version.is_marker
        self._erased.versions += not version.is_marker
        self._erased.bytes += version.size

    def _receipt(
        self,
        report: DeletionReport | None,
        began: datetime,
        left: list[tuple[str, str, str]],
        versioned: bool | None,
    ) -> PurgeReceipt:
        erased = self._erased
        deleted = 0 if report is None else report.bytes
        agent_id = None if self.agent is None else self.agent.agent_id
        receipt = PurgeReceipt(
            session_id=self.session.session_id,
            agent_id=agent_id,
            objects=0 if report is None else report.objects,
            versions=erased.versions,
            markers=erased.markers,
            uploads=erased.uploads,
            bytes=erased.bytes if versioned else deleted,
            left=tuple(left),
            began_at=began,
            ended_at=self.scope.now(),
            versioned=versioned,
            unlisted=("versions", "uploads") if versioned is None else (),
        )
        ids = {"session": receipt.session_id, "agent": agent_id}
        counts = {"versions": erased.versions, "markers": erased.markers, "left": len(left)}
        emit(logging.INFO, "purged", **ids, **counts)
        return receipt


def _is_current(version: Version) -> bool:
    return version.is_latest and not version.is_marker


def _may_pass(error: S3SessionsError) -> bool:
    return isinstance(error, (Conflict, StoreUnavailable))
