"""Compaction: deleting what is hidden, beside writers that may have stalled.

All that stands below `first` goes: hidden messages, and what failed batches and removals have left
among them. From `first` on nothing is deleted, what nobody sees neither: it would leave a hole, and
every restore lists twice to be sure of one. Only what is older than `min_age` goes, so that no
writer is left who could create such an index again; and nothing at or above the greatest live
object of that age, so that the next index never falls. Each object goes by the etag that the list
showed: what was changed meanwhile stays until the next time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from s3sessions.dao.beginning import WHOLE, Beginning, beginning_of
from s3sessions.dao.documents import Document, check_not_deleted, read_document
from s3sessions.dao.end import fetching
from s3sessions.dao.erasing import delete_listed, partial_delete
from s3sessions.dao.listing import AgentListing, look
from s3sessions.dao.messages import Stored
from s3sessions.dao.scope import Scope
from s3sessions.dao.visible import batch_of, is_listed
from s3sessions.errors import Conflict, NotFound
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.log import emit
from s3sessions.models import CompactReport, Message
from s3sessions.ports import Entry


@dataclass
class Compaction:
    """The compactions of one agent's history."""

    scope: Scope
    session: SessionKeys
    agent: AgentKeys

    async def run(self, min_age: float) -> CompactReport:
        """Delete what is hidden; see `AgentSession.compact`."""
        listing, document = await look(self.scope, self.session, self.agent)
        check_not_deleted(document, self.session.document, self.agent.agent_id)
        beginning = await self._beginning(listing, document)
        hidden = [index for index in listing.messages if index < beginning.first]
        oldest_kept = self.scope.clock() - min_age
        old = {i for i, e in listing.messages.items() if e.modified.timestamp() <= oldest_kept}
        limit = await self._limit(listing, old) if hidden else 0
        gone = [listing.messages[i] for i in hidden if i in old and i < limit]
        deleted = await self._delete(gone)
        report = CompactReport(
            session_id=self.agent.session_id,
            agent_id=self.agent.agent_id,
            objects=len(deleted),
            bytes=sum(entry.size for entry in deleted),
            young=sum(i not in old for i in hidden),
        )
        ids = {"session": report.session_id, "agent": report.agent_id}
        emit(logging.INFO, "history_compacted", **ids, objects=report.objects)
        return report

    async def _beginning(self, listing: AgentListing, session: Document | None) -> Beginning:
        """Read what is hidden: nothing, where no session.json tells whose life that is."""
        if Kind.HISTORY not in listing.documents or session is None or session.corrupt is not None:
            return WHOLE
        document = await read_document(self.scope, self.agent.history)
        if document is not None and document.corrupt is not None:
            raise document.corrupt
        return beginning_of(document, session, self.agent.agent_id)

    async def _limit(self, listing: AgentListing, old: set[int]) -> int:
        """Give the place of the greatest live object that is old; nothing from there on goes."""
        fetch = fetching(self.scope, self.agent)
        for index in sorted(old, reverse=True):
            stored = (await fetch([index])).get(index)
            batch = batch_of(stored)
            if stored is None or batch is None:
                return index
            commit = (await fetch([batch.commit])).get(batch.commit)
            if batch.position == 0 or _may_list(commit, stored):
                return batch.commit
        return 0

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


def _may_list(commit: Stored | None, member: Stored) -> bool:
    """Tell whether a commit lists it; of one that cannot be read that is not known."""
    is_unreadable = commit is not None and not isinstance(commit.content, Message)
    return is_unreadable or is_listed(member, commit)
