"""Pruning: sessions in which nobody has spoken for long are deleted, one by one.

A list of all objects, read on as it is gone through, shows the age of each. What is old enough is
looked at (session.json alone) and then deleted behind a notice: see `s3sessions.dao.notice`. Only
the store's clock decides: what is deleted was found old by the time at which the store wrote the
notice. A session that fails says so in its result and stops no other; one that was cut off by the
end of the time has no result, and whoever goes on behind `reached` meets it again.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from s3sessions.dao.deletion import Deletion
from s3sessions.dao.documents import Document, read_session_document
from s3sessions.dao.footprint import Footprint, footprint_of, list_footprints
from s3sessions.dao.handles import OpenHandles
from s3sessions.dao.noticed_mark import DocumentChanged, NoticedMark, StillActive
from s3sessions.dao.prune_results import count, kept, purged, result_of
from s3sessions.dao.prune_rule import PruneRule
from s3sessions.dao.purge import Purge
from s3sessions.dao.scope import Scope
from s3sessions.deadline import seconds_left
from s3sessions.errors import DeadlineExceeded, S3SessionsError, SessionNotFound
from s3sessions.keys import SessionKeys
from s3sessions.log import emit
from s3sessions.ports import Entry
from s3sessions.retention import PruneOutcome, PruneReason, PruneResult, PruneTotals

_MOST_OBJECTS: Final = 5_000
"""Objects that are listed at most while a session that is due waits for others."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A session as it was listed, and whether it may have to go."""

    session_id: str
    footprint: Footprint
    is_due: bool

    def kept(self, reason: PruneReason) -> PruneResult:
        return kept(self.session_id, self.footprint, reason)


@dataclass(slots=True)
class _Batch:
    """Sessions whose results are given together, in order; how many are due, and their objects."""

    candidates: list[_Candidate] = field(default_factory=list)
    due: int = 0
    objects: int = 0

    def add(self, candidate: _Candidate) -> None:
        self.candidates.append(candidate)
        self.due += candidate.is_due
        self.objects += candidate.footprint.objects


class Pruning:
    """The results, as sessions are pruned; nothing is done until they are asked for.

    Those that are due are deleted a few at a time, as many as the store's fan-out is wide.

    Attributes:
        reached: id of the last session that was gone through with all before it; at first the one
            behind which the prune begins.
    """

    def __init__(
        self,
        scope: Scope,
        rule: PruneRule,
        handles: OpenHandles,
        *,
        start_after: str | None,
        purge: bool,
        dry_run: bool,
    ) -> None:
        self.reached = start_after
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
        batch = _Batch()
        async for session_id, footprint in list_footprints(self._scope, self.reached):
            batch.add(_Candidate(session_id, footprint, not self._is_young(footprint)))
            # Whoever is stopped while it lists goes on with what has no result yet.
            if batch.due in (0, self._scope.width) or batch.objects >= _MOST_OBJECTS:
                async for result in self._work_off(batch):
                    yield result
                batch = _Batch()
        async for result in self._work_off(batch):
            yield result
        self._conclude()

    def _is_young(self, footprint: Footprint) -> bool:
        # Of one without a message session.json has more to say: its deletion may have begun.
        is_old = self._rule.is_old(footprint, self._scope.now())
        return footprint.spoken is not None and not is_old

    async def _work_off(self, batch: _Batch) -> AsyncGenerator[PruneResult, None]:
        """Give their results in order. Raises DeadlineExceeded behind those that were in time."""
        own = self._handles.prefixes()
        calls = [partial(self._prune_one, own, each) for each in batch.candidates if each.is_due]
        results = iter(await self._scope.store.fan_out(calls) if calls else ())
        late: DeadlineExceeded | None = None
        for each in batch.candidates:
            result = next(results) if each.is_due else each.kept(PruneReason.YOUNG)
            if isinstance(result.error, DeadlineExceeded):
                late = late or result.error
            elif late is None:
                self.reached = each.session_id
                yield self._counted(result)
            elif result.outcome is not PruneOutcome.KEPT:
                # What is kept is met again, as it lies behind what was not reached.
                yield self._counted(result)
        if late is not None:
            raise late

    async def _prune_one(self, own: frozenset[str], candidate: _Candidate) -> PruneResult:
        session_id, footprint = candidate.session_id, candidate.footprint
        try:
            keys = self._scope.root.session(session_id)
            if keys.prefix in own or session_id in self._rule.keep:
                return candidate.kept(PruneReason.OWN)
            return await self._prune(keys, footprint)
        except SessionNotFound:
            return candidate.kept(PruneReason.GONE)
        except StillActive:
            return candidate.kept(PruneReason.ACTIVE_AGAIN)
        except S3SessionsError as error:
            if _is_late():
                emit(logging.INFO, "prune_cut_off", session=session_id)
                late = DeadlineExceeded("the time given is over", key=error.key, cause=error)
                return result_of(session_id, footprint, PruneOutcome.FAILED, error=late)
            emit(logging.WARNING, "prune_failed", session=session_id, kind=error.kind)
            return result_of(session_id, footprint, PruneOutcome.FAILED, error=error)

    # One session

    async def _prune(self, keys: SessionKeys, footprint: Footprint) -> PruneResult:
        document = None
        if not self._dry_run or self._rule.needs_document(footprint):
            document = await read_session_document(self._scope, keys)
            if document is None and footprint.document is not None:
                raise SessionNotFound("session was deleted meanwhile", key=keys.document)
            reason = self._why_kept(footprint, document)
            if reason is not None:
                return kept(keys.session_id, footprint, reason)
        if self._dry_run:
            return result_of(keys.session_id, footprint, PruneOutcome.WOULD_DELETE)
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
            result = replace(purged(receipt), last_active=footprint.last_active)
        else:
            report = await Deletion(self._scope, keys).run(mark)
            own = footprint.document.size if footprint.document else 0
            gone = Footprint(report.objects, report.bytes + own, footprint.last_active)
            result = result_of(keys.session_id, gone, PruneOutcome.DELETED)
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
        self._totals = count(self._totals, result)
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


def _is_late() -> bool:
    """Tell whether what fails now may have been cut off: a store says that it has no answer."""
    left = seconds_left()
    return left is not None and left <= 0


def _said(document: Document) -> dict[str, Any]:
    """Give what session.json says of the session itself."""
    return {name: v for name, v in document.stamp.items() if name not in ("parent", "notice")}
