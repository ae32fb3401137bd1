"""Deletion: mark, then erase, then erase the mark; killed at any request and run again, it ends.

session.json is marked first, so that readers see all or nothing and no new writer begins. Then
the messages go, then the rest, each key by the etag that the list showed; the mark is read again
behind each list and each part of one, and a deletion whose mark is gone stops, for somebody has
ended it and may have begun anew. session.json goes last, by If-Match of the mark. An agent's
deletion is marked in session.json too, under `deleted_agents`: the one document that every fresh
writer reads. What was forked off a session stays, without a parent.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from s3sessions.dao.clearing import Clearing, Erased
from s3sessions.dao.documents import Document
from s3sessions.dao.erasing import partial_delete
from s3sessions.dao.marking import Mark
from s3sessions.dao.scope import Scope
from s3sessions.dao.separation import leave_parent, release_children
from s3sessions.errors import Conflict, S3SessionsError, StoreUnavailable
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.log import emit
from s3sessions.models import DeletionReport
from s3sessions.ports import Entry

_MOST_ROUNDS = 10


@dataclass
class Deletion:
    """One deletion of a session, or of one agent of it."""

    scope: Scope
    session: SessionKeys
    agent: AgentKeys | None = None
    _erased: Erased = field(default_factory=Erased)

    async def run(self, mark: Mark | None = None) -> DeletionReport:
        """Delete everything under the prefix.

        Args:
            mark: put in place of an ordinary one; what it raises, nothing was deleted.

        Raises:
            SessionNotFound: there is nothing under it.
            PartialDelete: the store refused some keys; run it again.
            CorruptObject, UnsupportedVersion: an agent's deletion cannot be marked in this
                session.json, which stays as it is; or the mark was damaged meanwhile.
            Conflict: others changed session.json under each try to mark it.
        """
        mark = mark or Mark(self.scope, self.session, self.agent)
        clearing = Clearing(self.scope, mark, self._erased)
        is_marked = await mark.put(clearing.begin)
        if not is_marked:
            return self._overtaken()
        return await self._go_on(mark, clearing, is_listed_before=True)

    async def resume(self, mark_id: str) -> DeletionReport:
        """Go on with the deletion that carries this mark; nothing is deleted where it is gone.

        Raises:
            PartialDelete, CorruptObject, UnsupportedVersion: as `run`.
        """
        mark = Mark(self.scope, self.session, self.agent, mark_id)
        clearing = Clearing(self.scope, mark, self._erased)
        return await self._go_on(mark, clearing, is_listed_before=False)

    async def _go_on(
        self, mark: Mark, clearing: Clearing, *, is_listed_before: bool
    ) -> DeletionReport:
        """Erase until a list shows nothing that was begun behind the mark."""
        left: list[Entry] = []
        for attempt in range(_MOST_ROUNDS):
            self._erased.errors = {}
            document = await clearing.take_messages()
            left = clearing.listed
            if document is None:
                return self._overtaken()
            if left:
                await self._clear(clearing)
            elif not is_listed_before and await self._end(mark, document):
                self._erased.objects += self.agent is None
                return self._report()
            if self._erased.errors or not (left or is_listed_before):
                await self.scope.pause(attempt)
            is_listed_before = False
            clearing = Clearing(self.scope, mark, self._erased)
        raise self._given_up(left)

    async def _clear(self, clearing: Clearing) -> None:
        if self.agent is None:
            await release_children(self.scope, self.session, clearing.rest)
        await clearing.take_rest()
        errors = self._erased.errors
        # What changed meanwhile, or could not go now, is met again by the next list.
        if not all(isinstance(e, (Conflict, StoreUnavailable)) for e in errors.values()):
            raise partial_delete(
                f"{len(errors)} objects could not be deleted: mend the cause, then delete again",
                errors,
            )

    async def _end(self, mark: Mark, document: Document) -> bool:
        if self.agent is None:
            await leave_parent(self.scope, self.session, document)
        return await mark.take_away(document)

    def _given_up(self, left: list[Entry]) -> S3SessionsError:
        errors = self._erased.errors
        if errors:
            return partial_delete(
                f"{len(errors)} objects could not be deleted in {_MOST_ROUNDS} tries: "
                "delete again later",
                errors,
            )
        appeared = Conflict("written while the deletion ran")
        return partial_delete(
            f"something was written under each of {_MOST_ROUNDS} lists: stop the writers, then "
            "delete again",
            {entry.key: appeared for entry in left} or {self.session.document: appeared},
        )

    def _overtaken(self) -> DeletionReport:
        emit(logging.INFO, "deletion_overtaken", session=self.session.session_id)
        return self._report()

    def _report(self) -> DeletionReport:
        agent_id = None if self.agent is None else self.agent.agent_id
        session_id = self.session.session_id
        emit(
            logging.INFO,
            "session_deleted" if agent_id is None else "agent_deleted",
            session=session_id,
            agent=agent_id,
            objects=self._erased.objects,
        )
        return DeletionReport(session_id, agent_id, self._erased.objects, self._erased.bytes)
