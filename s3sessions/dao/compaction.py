"""Compaction: deleting what is hidden, beside writers that may have stalled.

All that stands below `first` goes: hidden messages, what failed batches and removals have left
among them, and segments that hold nothing else. From `first` on nothing is deleted, what nobody
sees neither: it would leave a hole, and every restore lists twice to be sure of one. Only what is
older than `min_age` goes, so that no writer is left who could create such an index again; and
nothing at or above the greatest live object of that age, so that the next index never falls. Each
object goes by the etag that the list showed: what was changed meanwhile stays until the next time.

Segments go first, and no loose message of which one that stays holds a copy: what was taken out of
the loose one may stand in there still.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from s3sessions.dao.erasing import delete_listed, partial_delete
from s3sessions.dao.indexes import Indexes
from s3sessions.dao.scope import Scope
from s3sessions.dao.survey import Survey, Surveyor
from s3sessions.errors import Conflict, NotFound
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.log import emit
from s3sessions.models import CompactReport
from s3sessions.ports import Entry


@dataclass
class Compaction:
    """One compaction of one agent's history.

    Attributes:
        untouched: what it has seen, where it deleted nothing of that.
    """

    scope: Scope
    session: SessionKeys
    agent: AgentKeys
    untouched: Survey | None = None

    async def run(self, min_age: float) -> CompactReport:
        """Delete what is hidden; see `AgentSession.compact`."""
        surveyor = Surveyor(self.scope, self.session, self.agent)
        survey = await surveyor.survey(min_age)
        hidden = _hidden(survey)
        limit = await surveyor.limit(survey) if hidden else 0
        deleted = await self._delete_segments(survey, limit)
        deleted += await self._delete_messages(survey, limit, {entry.key for entry in deleted})
        self.untouched = None if deleted else survey
        report = CompactReport(
            session_id=self.agent.session_id,
            agent_id=self.agent.agent_id,
            objects=len(deleted),
            bytes=sum(entry.size for entry in deleted),
            young=sum(not survey.is_old(entry) for entry in hidden),
        )
        ids = {"session": report.session_id, "agent": report.agent_id}
        emit(logging.INFO, "history_compacted", **ids, objects=report.objects)
        return report

    async def _delete_segments(self, survey: Survey, limit: int) -> list[Entry]:
        last = min(limit, survey.beginning.first)
        return await self._delete(
            [
                entry
                for block, entry in survey.listing.segments.items()
                if block.stop <= last and survey.is_old(entry)
            ]
        )

    async def _delete_messages(self, survey: Survey, limit: int, gone: set[str]) -> list[Entry]:
        left = [b for b, entry in survey.listing.segments.items() if entry.key not in gone]
        packed = Indexes((), left)
        last = min(limit, survey.beginning.first)
        return await self._delete(
            [
                entry
                for index, entry in survey.listing.messages.items()
                if index < last and survey.is_old(entry) and index not in packed
            ]
        )

    async def _delete(self, gone: Sequence[Entry]) -> list[Entry]:
        """Delete what is there as it was listed; give what went."""
        outcomes = await delete_listed(self.scope, gone)
        failed = {
            entry.key: error
            for entry, error in outcomes
            if error is not None and not isinstance(error, Conflict | NotFound)
        }
        if failed:
            raise partial_delete(
                f"{len(failed)} hidden objects could not be deleted: mend the cause, then compact "
                "again",
                failed,
            )
        return [entry for entry, error in outcomes if error is None]


def _hidden(survey: Survey) -> list[Entry]:
    """Give what holds nothing that readers see."""
    first, listing = survey.beginning.first, survey.listing
    segments = [entry for block, entry in listing.segments.items() if block.stop <= first]
    return [*segments, *(entry for index, entry in listing.messages.items() if index < first)]
