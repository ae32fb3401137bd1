"""Deletion: mark, then erase, then erase the mark; killed at any request and run again, it ends.

session.json is marked first, so that readers see all or nothing and no new writer begins. Then
the messages go, then the rest, each key by the etag that the list showed; the mark is read again
after each list, and a deletion whose mark is gone stops, for somebody has ended it and may have
begun anew. session.json goes last, by If-Match of the mark. An agent's deletion is marked in
session.json too, under `deleted_agents`: the one document that every fresh writer reads. What was
forked off a session stays, without a parent.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from s3sessions.dao.documents import Document, read_session_document
from s3sessions.dao.erasing import delete_listed, partial_delete
from s3sessions.dao.marking import Mark
from s3sessions.dao.scope import Scope
from s3sessions.dao.separation import leave_parent, release_children
from s3sessions.errors import Conflict, S3SessionsError, StoreUnavailable
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.log import emit
from s3sessions.models import DeletionReport
from s3sessions.ports import DELETE_LIMIT, Entry

_MOST_ROUNDS = 10


@dataclass
class Deletion:
    """One deletion of a session, or of one agent of it."""

    scope: Scope
    session: SessionKeys
    agent: AgentKeys | None = None
    _objects: int = 0
    _bytes: int = 0
    _errors: dict[str, S3SessionsError] = field(default_factory=dict)

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
        return await self._go_on(mark) if await mark.put() else self._overtaken()

    async def resume(self, mark_id: str) -> DeletionReport:
        """Go on with the deletion that carries this mark; nothing is deleted where it is gone.

        Raises:
            PartialDelete, CorruptObject, UnsupportedVersion: as `run`.
        """
        return await self._go_on(Mark(self.scope, self.session, self.agent, mark_id))

    async def _go_on(self, mark: Mark) -> DeletionReport:
        left: list[Entry] = []
        for attempt in range(_MOST_ROUNDS):
            self._errors = {}
            left = await mark.list()
            document = await read_session_document(self.scope, self.session)
            if document is None or not mark.is_on(document):
                return self._overtaken()
            if left:
                await self._separate_children(left)
                await self._erase(left)
            elif await self._end(mark, document):
                self._objects += self.agent is None
                return self._report()
            if self._errors or not left:
                await self.scope.pause(attempt)
        raise self._given_up(left)

    async def _separate_children(self, left: list[Entry]) -> None:
        if self.agent is None:
            await release_children(self.scope, self.session, left)

    async def _end(self, mark: Mark, document: Document) -> bool:
        if self.agent is None:
            await leave_parent(self.scope, self.session, document)
        return await mark.take_away(document)

    async def _erase(self, left: list[Entry]) -> None:
        """Delete what a list showed: messages in parallel, then what describes them."""
        messages = [entry for entry in left if self._is_message(entry)]
        others = [entry for entry in left if not self._is_message(entry)]
        whole = len(messages) // DELETE_LIMIT * DELETE_LIMIT
        await self._delete_all(messages[:whole])
        await self._delete_all(messages[whole:] + others)
        # What changed meanwhile, or could not go now, is met again by the next list.
        if not all(isinstance(e, (Conflict, StoreUnavailable)) for e in self._errors.values()):
            raise partial_delete(
                f"{len(self._errors)} objects could not be deleted: mend the cause, then delete "
                "again",
                self._errors,
            )

    def _is_message(self, entry: Entry) -> bool:
        place = self.scope.root.parse(entry.key)
        return place is not None and place.kind is Kind.MESSAGE

    async def _delete_all(self, gone: Sequence[Entry]) -> None:
        for entry, error in await delete_listed(self.scope, gone):
            if error is None:
                self._objects += 1
                self._bytes += entry.size
            else:
                self._errors[entry.key] = error

    def _given_up(self, left: list[Entry]) -> S3SessionsError:
        if self._errors:
            return partial_delete(
                f"{len(self._errors)} objects could not be deleted in {_MOST_ROUNDS} tries: "
                "delete again later",
                self._errors,
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
            objects=self._objects,
        )
        return DeletionReport(session_id, agent_id, self._objects, self._bytes)
