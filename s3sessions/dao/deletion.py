"""Deletion: mark, then erase, then erase the mark; killed at any request and run again, it ends.

session.json is marked first, so that readers see all or nothing and no new writer begins. Then
the messages go, then the rest, each key by the etag that the list showed; the mark is read again
after each list, and a deletion whose mark is gone stops, for somebody has ended it and may have
begun anew. session.json goes last, by If-Match of the mark. An agent's deletion is marked in
session.json too, under `deleted_agents`: the one document that every fresh writer reads.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from s3sessions.codec import FORMAT_VERSION, STAMP, dump, format_time
from s3sessions.dao.documents import (
    Details,
    Document,
    change_document,
    read_session_document,
    session_body,
)
from s3sessions.dao.listing import entries
from s3sessions.dao.scope import Scope
from s3sessions.errors import NotFound, PartialDelete, PreconditionFailed, SessionNotFound
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.log import emit
from s3sessions.models import DeletionReport
from s3sessions.ports import DELETE_LIMIT, DeleteOutcome, Entry, Target

_MOST_ROUNDS = 10


@dataclass
class Deletion:
    """One deletion of a session, or of one agent of it."""

    scope: Scope
    session: SessionKeys
    agent: AgentKeys | None = None
    _mark: str = ""
    _objects: int = 0
    _bytes: int = 0

    async def run(self) -> DeletionReport:
        """Delete everything under the prefix.

        Raises:
            SessionNotFound: there is nothing under it.
            PartialDelete: the store refused some keys; run it again.
            CorruptObject, UnsupportedVersion: an agent's deletion cannot be marked in this
                session.json, which stays as it is.
            Conflict: others changed session.json under each try to mark it.
        """
        await self._begin()
        for _ in range(_MOST_ROUNDS):
            left = await self._list()
            document = await read_session_document(self.scope, self.session)
            if not self._is_marked(document):
                break
            if not left:
                await self._end(document)
                break
            await self._erase(left)
        else:
            raise PartialDelete(
                f"objects appeared under each of {_MOST_ROUNDS} lists: stop the writers, then "
                "delete again",
                key=self._prefix,
            )
        return self._report()

    @property
    def _prefix(self) -> str:
        return self.session.prefix if self.agent is None else self.agent.prefix

    async def _list(self) -> list[Entry]:
        listed = await entries(self.scope.store, self._prefix)
        return [entry for entry in listed if entry.key != self.session.document]

    # The mark

    async def _begin(self) -> None:
        """Mark what is to go; a mark that is there already is adopted."""
        document = await read_session_document(self.scope, self.session)
        if document is None or self.agent is not None:
            await self._check_there(document)
        self._mark = self.scope.new_id()
        if document is not None and document.corrupt is not None:
            if self.agent is not None:
                raise document.corrupt
            # What cannot be read is to go anyway; nothing of it is kept.
            body = dump(self._marked_body(None) or {})
            await self.scope.put(self.session.document, body, document.etag)
            return
        key = self.session.document
        marked = await change_document(self.scope, key, document, self._marked_body)
        adopted = self._mark_of(marked)
        self._mark = self._mark if adopted is None else adopted

    async def _check_there(self, document: Document | None) -> None:
        if self._mark_of(document) is None and not await self._list():
            what = "session" if self.agent is None else f"agent {self.agent.agent_id!r}"
            raise SessionNotFound(f"{what} does not exist", key=self._prefix)

    def _marked_body(self, document: Document | None) -> dict[str, Any] | None:
        if self._mark_of(document) is not None:
            return None
        if document is None:
            body = session_body(self.scope, self.session, Details())
        else:
            body = dict(document.body)
        now = format_time(self.scope.now())
        stamp = {"v": FORMAT_VERSION, **body.get(STAMP, {})}
        if self.agent is None:
            stamp |= {"deleted_at": now, "deletion": self._mark}
        else:
            agents = document.part("deleted_agents") if document else {}
            mark = {"deleted_at": now, "deletion": self._mark}
            stamp["deleted_agents"] = {**agents, self.agent.agent_id: mark}
        return {**body, STAMP: stamp}

    def _mark_of(self, document: Document | None) -> str | None:
        """Give the id of the mark that is there; None without one."""
        if document is None:
            return None
        mark: Any = document.stamp
        if self.agent is not None:
            mark = document.part("deleted_agents").get(self.agent.agent_id)
        if not isinstance(mark, dict):
            return None
        return str(mark.get("deletion", "")) if mark.get("deleted_at") else None

    def _is_marked(self, document: Document | None) -> bool:
        return self._mark_of(document) == self._mark

    async def _end(self, document: Document | None) -> None:
        """Take the mark away: with session.json itself, or out of it."""
        if document is None:
            return
        if self.agent is not None:
            await change_document(self.scope, self.session.document, document, self._unmarked_body)
            return
        try:
            await self.scope.store.delete(self.session.document, only_if=document.etag)
            self._objects += 1
        except (PreconditionFailed, NotFound):
            emit(logging.INFO, "deletion_overtaken", session=self.session.session_id)

    def _unmarked_body(self, document: Document | None) -> dict[str, Any] | None:
        if document is None or self.agent is None or not self._is_marked(document):
            return None
        agents = dict(document.part("deleted_agents"))
        del agents[self.agent.agent_id]
        stamp = {**document.stamp, "deleted_agents": agents}
        if not agents:
            del stamp["deleted_agents"]
        return {**document.body, STAMP: stamp}

    # The objects

    async def _erase(self, left: list[Entry]) -> None:
        """Delete what a list showed: messages in parallel, then what describes them."""
        messages = [entry for entry in left if self._is_message(entry)]
        others = [entry for entry in left if not self._is_message(entry)]
        whole = len(messages) // DELETE_LIMIT * DELETE_LIMIT
        await self._delete_all(messages[:whole])
        await self._delete_all(messages[whole:] + others)

    def _is_message(self, entry: Entry) -> bool:
        place = self.scope.root.parse(entry.key)
        return place is not None and place.kind is Kind.MESSAGE

    async def _delete_all(self, gone: Sequence[Entry]) -> None:
        chunks = [gone[at : at + DELETE_LIMIT] for at in range(0, len(gone), DELETE_LIMIT)]
        calls = [
            partial(self.scope.store.delete_many, [Target(e.key, e.etag) for e in chunk])
            for chunk in chunks
        ]
        outcomes = [out for outs in await self.scope.store.fan_out(calls) for out in outs]
        sizes = {entry.key: entry.size for entry in gone}
        left = []
        for outcome in outcomes:
            if outcome.error is None:
                self._objects += 1
                self._bytes += sizes[outcome.key]
            elif not isinstance(outcome.error, PreconditionFailed):
                left.append(outcome)
        self._check_left(left)

    def _check_left(self, left: list[DeleteOutcome]) -> None:
        """Raise for what the store refused; what has changed meanwhile is met by the next list."""
        if left:
            raise PartialDelete(
                f"{len(left)} objects could not be deleted: mend the cause, then delete again",
                key=left[0].key,
                cause=left[0].error,
                left=[(outcome.key, str(outcome.error)) for outcome in left],
            )

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
