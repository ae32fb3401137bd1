"""Pruning: sessions in which nobody has spoken for long are deleted, one by one.

One list of all objects shows the age of each. What is old enough is looked at (session.json alone)
and then deleted behind a notice: see `s3sessions.dao.notice`. Only the store's clock decides: what
is deleted was found old by the time at which the store wrote the notice. A session that fails
says so in its result and stops no other.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from s3sessions.dao.deletion import Deletion
from s3sessions.dao.documents import Document, read_session_document
from s3sessions.dao.footprint import Footprint, footprint_of, list_footprints
from s3sessions.dao.handles import OpenHandles
from s3sessions.dao.noticed_mark import DocumentChanged, NoticedMark, StillActive
from s3sessions.dao.prune_rule import PruneRule
from s3sessions.dao.purge import Purge
from s3sessions.dao.scope import Scope
from s3sessions.errors import PartialDelete, S3SessionsError, SessionNotFound
from s3sessions.keys import SessionKeys
from s3sessions.log import emit
from s3sessions.ports import Entry
from s3sessions.receipts import PurgeReceipt
from s3sessions.retention import PruneOutcome, PruneReason, PruneResult, PruneTotals


class Pruning:
    """The results, as sessions are pruned; nothing is done until they are asked for.

    Those that are due are deleted a few at a time, as many as the store's fan-out is wide.
    """

    def __init__(
        self, scope: Scope, rule: PruneRule, handles: OpenHandles, *, purge: bool, dry_run: bool
    ) -> None:
        self._scope = scope
        self._rule = rule
        self._handles = handles
        self._purge = purge
        self._dry_run = dry_run
        self._totals = PruneTotals()
        self._iterator = self._iterate()

    @property
    def totals(self) -> PruneTotals:
        """Counts over the results that were given so far."""
        return self._totals

    def __aiter__(self) -> AsyncIterator[PruneResult]:
        return self

    async def __anext__(self) -> PruneResult:
        return await anext(self._iterator)

    async def aclose(self) -> None:
        """Stop; nothing more is deleted."""
        await self._iterator.aclose()

    # One after the other

    async def _iterate(self) -> AsyncGenerator[PruneResult, None]:
        waiting: dict[str, Footprint] = {}
        for session_id, footprint in (await list_footprints(self._scope)).items():
            if self._is_young(footprint):
                yield self._counted(_kept(session_id, footprint, PruneReason.YOUNG))
                continue
            waiting[session_id] = footprint
            if len(waiting) == self._scope.width:
                for result in await self._prune_all(waiting):
                    yield self._counted(result)
                waiting = {}
        for result in await self._prune_all(waiting):
            yield self._counted(result)
        self._conclude()

    def _is_young(self, footprint: Footprint) -> bool:
        # Of one without a message session.json has more to say: its deletion may have begun.
        is_old = self._rule.is_old(footprint, self._scope.now())
        return footprint.spoken is not None and not is_old

    async def _prune_all(self, footprints: dict[str, Footprint]) -> Sequence[PruneResult]:
        own = self._handles.prefixes()
        calls = [partial(self._prune_one, own, *item) for item in footprints.items()]
        return await self._scope.store.fan_out(calls)

    async def _prune_one(
        self, own: frozenset[str], session_id: str, footprint: Footprint
    ) -> PruneResult:
        try:
            keys = self._scope.root.session(session_id)
            if keys.prefix in own or session_id in self._rule.keep:
                return _kept(session_id, footprint, PruneReason.OWN)
            return await self._prune(keys, footprint)
        except SessionNotFound:
            return _kept(session_id, footprint, PruneReason.GONE)
        except StillActive:
            return _kept(session_id, footprint, PruneReason.ACTIVE_AGAIN)
        except S3SessionsError as error:
            emit(logging.WARNING, "prune_failed", session=session_id, kind=error.kind)
            return _result(session_id, footprint, PruneOutcome.FAILED, error=error)

    # One session

    async def _prune(self, keys: SessionKeys, footprint: Footprint) -> PruneResult:
        document = None
        if not self._dry_run or self._rule.needs_document(footprint):
            document = await read_session_document(self._scope, keys)
            if document is None and footprint.document is not None:
                raise SessionNotFound("session was deleted meanwhile", key=keys.document)
            reason = self._why_kept(footprint, document)
            if reason is not None:
                return _kept(keys.session_id, footprint, reason)
        if self._dry_run:
            return _result(keys.session_id, footprint, PruneOutcome.WOULD_DELETE)
        return await self._delete_as_judged(keys, footprint, document)

    async def _delete_as_judged(
        self, keys: SessionKeys, footprint: Footprint, document: Document | None
    ) -> PruneResult:
        """Delete it, though the deletion of its parent changes session.json at the same time."""
        for attempt in range(self._scope.settings.attempts):
            try:
                return await self._delete(keys, footprint, document)
            except DocumentChanged as changed:
                if document is None or _said(changed.document) != _said(document):
                    raise
                document = changed.document
            await self._scope.pause(attempt)
        raise StillActive("session.json was changed under each try", key=keys.document)

    def _why_kept(self, footprint: Footprint, document: Document | None) -> PruneReason | None:
        """Say why it is kept. Raises CorruptObject, UnsupportedVersion: that cannot be told."""
        if document is not None and document.corrupt is not None:
            raise document.corrupt
        reason = self._rule.why_kept(footprint, document, self._scope.now())
        if reason is not None or footprint.spoken is not None:
            return reason
        # Its age is that of its document too, so it has to be the one that was listed.
        listed = None if footprint.document is None else footprint.document.etag
        there = None if document is None else document.etag
        return None if listed == there else PruneReason.ACTIVE_AGAIN

    async def _delete(
        self, keys: SessionKeys, footprint: Footprint, document: Document | None
    ) -> PruneResult:
        check = partial(self._check_again, keys, footprint)
        mark = NoticedMark(self._scope, keys, judged=document, check=check)
        if self._purge:
            receipt = await Purge(self._scope, keys).run(mark)
            result = replace(_purged(receipt), last_active=footprint.last_active)
        else:
            report = await Deletion(self._scope, keys).run(mark)
            own = footprint.document.size if footprint.document else 0
            gone = Footprint(report.objects, report.bytes + own, footprint.last_active)
            result = _result(keys.session_id, gone, PruneOutcome.DELETED)
        emit(
            logging.INFO,
            "session_pruned",
            session=result.id,
            last_active=result.last_active,
            objects=result.objects,
            bytes=result.bytes,
        )
        return result

    def _check_again(
        self, keys: SessionKeys, footprint: Footprint, listed: Sequence[Entry]
    ) -> None:
        """Raise StillActive where a session is not as old as it was found to be."""
        written = [entry.modified for entry in listed if entry.key == keys.document]
        others = [entry for entry in listed if entry.key != keys.document]
        again = footprint_of(self._scope, keys.session_id, others)
        # Written right now: the store's own time, whatever ours is.
        now = written[0] if written else self._scope.now()
        is_same = (again.spoken is None) == (footprint.spoken is None)
        is_same &= footprint.has_children or not again.has_children
        is_old = again.last_active is None or self._rule.is_old(again, now)
        if not (is_same and is_old and self._rule.is_old(footprint, now)):
            raise StillActive("somebody has spoken in the session", key=keys.prefix)

    # Counting

    def _counted(self, result: PruneResult) -> PruneResult:
        was, outcome = self._totals, result.outcome
        is_gone = outcome in (PruneOutcome.DELETED, PruneOutcome.WOULD_DELETE)
        self._totals = PruneTotals(
            sessions=was.sessions + 1,
            deleted=was.deleted + (outcome is PruneOutcome.DELETED),
            would_delete=was.would_delete + (outcome is PruneOutcome.WOULD_DELETE),
            kept=was.kept + (outcome is PruneOutcome.KEPT),
            skipped_open=was.skipped_open + (result.reason is PruneReason.OPEN),
            failed=was.failed + (outcome is PruneOutcome.FAILED),
            objects=was.objects + is_gone * result.objects,
            bytes=was.bytes + is_gone * result.bytes,
        )
        return result

    def _conclude(self) -> None:
        totals = self._totals
        emit(
            logging.INFO,
            "prune_finished",
            sessions=totals.sessions,
            deleted=totals.deleted,
            would_delete=totals.would_delete,
            kept=totals.kept,
            skipped_open=totals.skipped_open,
            failed=totals.failed,
        )


def _said(document: Document) -> dict[str, Any]:
    """Give what session.json says of the session itself."""
    return {name: v for name, v in document.stamp.items() if name not in ("parent", "notice")}


def _result(
    session_id: str,
    footprint: Footprint,
    outcome: PruneOutcome,
    *,
    error: S3SessionsError | None = None,
) -> PruneResult:
    return PruneResult(
        id=session_id,
        outcome=outcome,
        last_active=footprint.last_active,
        objects=footprint.objects,
        bytes=footprint.bytes,
        error=error,
    )


def _kept(session_id: str, footprint: Footprint, reason: PruneReason) -> PruneResult:
    return replace(_result(session_id, footprint, PruneOutcome.KEPT), reason=reason)


def _purged(receipt: PurgeReceipt) -> PruneResult:
    """Give what a purge comes to; what it had to leave is not gone."""
    left = [(key, reason) for key, _, reason in receipt.left]
    error = None
    if left:
        error = PartialDelete(
            f"{len(left)} versions are left: mend the cause, then purge the session",
            key=left[0][0],
            cause="; ".join(sorted({reason for _, reason in left})),
            left=left,
        )
    return PruneResult(
        id=receipt.session_id,
        outcome=PruneOutcome.FAILED if left else PruneOutcome.DELETED,
        objects=receipt.objects,
        bytes=receipt.bytes,
        error=error,
        receipt=receipt,
    )
