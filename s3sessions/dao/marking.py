"""A deletion's mark in session.json: what makes readers see nothing and a second deletion go on.

A mark has an id of its own. It is put only on the life that the deletion was asked for: a deletion
that stalled while somebody else ended it, and a new life began, leaves that one alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.dao.details import Details
from s3sessions.dao.documents import (
    AGENT_LIVES,
    Document,
    check_finished,
    life_of,
    read_session_document,
)
from s3sessions.dao.paging import entries
from s3sessions.dao.scope import Scope
from s3sessions.dao.session_document import session_body
from s3sessions.errors import Conflict, NotFound, PreconditionFailed, SessionNotFound
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.ports import ABSENT, Entry
from s3sessions.values import dump, format_time

Beside: TypeAlias = Callable[[], Awaitable[None]]
"""What can be done in the same round trip as the mark is put."""


async def nothing_beside() -> None:
    """Do nothing."""


@dataclass
class Mark:
    """The mark of a session, or of one agent of it."""

    scope: Scope
    session: SessionKeys
    agent: AgentKeys | None = None
    id: str = ""

    @property
    def prefix(self) -> str:
        """Of what is marked."""
        return self.session.prefix if self.agent is None else self.agent.prefix

    async def list(self) -> list[Entry]:
        """List what is to go before the mark. Requests: one LIST for each 1,000 keys."""
        listed = await entries(self.scope.store, self.prefix)
        return [entry for entry in listed if entry.key != self.session.document]

    async def put(self, beside: Beside) -> bool:
        """Mark what is to go, or adopt the mark that is there.

        Args:
            beside: done in the round trip of the first try to mark it; not where one is adopted.

        Returns:
            Whether it is marked; else somebody has deleted it since this began.

        Raises:
            SessionNotFound: there is nothing to mark.
            SessionUnfinished: of an agent, in a session that a fork has not made yet.
            CorruptObject, UnsupportedVersion: an agent cannot be marked in this session.json.
            Conflict: others changed session.json under each try.
        """
        first = document = await read_session_document(self.scope, self.session)
        if self.agent is not None:
            check_finished(first, self.session.document)
        known = await self._known(first)
        self.id = self.scope.new_id()
        for attempt in range(self.scope.settings.attempts):
            there = self.of(document)
            if there is not None:
                self.id = there
                return True
            if await self._write(document, nothing_beside if attempt else beside):
                return True
            if attempt:
                await self.scope.pause(attempt)
            document = await read_session_document(self.scope, self.session)
            if self.of(document) is None and not await self._is_same(first, document, known):
                return False
        raise Conflict(
            f"document changed under each of {self.scope.settings.attempts} tries: delete again",
            key=self.session.document,
        )

    def of(self, document: Document | None) -> str | None:
        """Give the id of the mark that is there; None without one."""
        if document is None:
            return None
        mark: Any = document.stamp
        if self.agent is not None:
            mark = document.part("deleted_agents").get(self.agent.agent_id)
        if not isinstance(mark, dict):
            return None
        return str(mark.get("deletion", "")) if mark.get("deleted_at") else None

    def is_on(self, document: Document | None) -> bool:
        """Tell whether this mark is there.

        Raises:
            CorruptObject, UnsupportedVersion: that cannot be told.
        """
        if document is not None and document.corrupt is not None:
            raise document.corrupt
        return self.of(document) == self.id

    async def take_away(self, document: Document) -> bool:
        """Take the mark away: with session.json itself, or out of it; tell whether it is gone."""
        try:
            if self.agent is None:
                await self.scope.store.delete(self.session.document, only_if=document.etag)
            else:
                body = dump(_without(document, self.agent))
                await self.scope.put(self.session.document, body, document.etag)
        except NotFound:
            return True
        except Conflict:
            return False
        return True

    async def _known(self, document: Document | None) -> set[tuple[str, str]]:
        """Give key and etag of what is there, where session.json alone does not tell a life."""
        if document is not None and self.agent is None:
            return set()
        listed = await self.list()
        if not listed and self.of(document) is None:
            what = "session" if self.agent is None else f"agent {self.agent.agent_id!r}"
            raise SessionNotFound(f"{what} does not exist", key=self.prefix)
        return {(entry.key, entry.etag) for entry in listed}

    async def _is_same(
        self, first: Document | None, now: Document | None, known: set[tuple[str, str]]
    ) -> bool:
        """Tell whether what is there now is of the life that the deletion was asked for."""
        if self.agent is not None and first is not None:
            return any((entry.key, entry.etag) in known for entry in await self.list())
        was, life = life_of(first), life_of(now)
        if now is not None and (was is None or life is None):
            raise Conflict(
                "session.json changed and does not say whose life it is: delete again",
                key=self.session.document,
            )
        return now is not None and was == life

    async def _write(self, document: Document | None, beside: Beside) -> bool:
        if document is not None and document.corrupt is not None and self.agent is not None:
            raise document.corrupt
        is_written, _ = await self.scope.both(partial(self._put, document), beside)
        return is_written

    async def _put(self, document: Document | None) -> bool:
        body = dump(self._body(document))
        only_if = ABSENT if document is None else document.etag
        try:
            await self.scope.put(self.session.document, body, only_if)
        except PreconditionFailed:
            return False
        return True

    def _body(self, document: Document | None) -> dict[str, Any]:
        # What cannot be read is to go anyway; nothing of it is kept.
        if document is None or document.corrupt is not None:
            body = session_body(self.scope, self.session, Details())
        else:
            body = dict(document.body)
        mark = {"deleted_at": format_time(self.scope.now()), "deletion": self.id}
        stamp = {"v": FORMAT_VERSION, **body.get(STAMP, {})}
        if self.agent is None:
            stamp |= mark
        else:
            agents = document.part("deleted_agents") if document else {}
            stamp["deleted_agents"] = {**agents, self.agent.agent_id: mark}
        return {**body, STAMP: stamp}


def _without(document: Document, agent: AgentKeys) -> dict[str, Any]:
    agents = dict(document.part("deleted_agents"))
    del agents[agent.agent_id]
    # What was written for the agent that was deleted counts for none that begins under its id.
    ended = str(document.part("deleted_agents")[agent.agent_id].get("deletion", ""))
    lives = {**document.part(AGENT_LIVES), agent.agent_id: ended}
    stamp = {**document.stamp, "deleted_agents": agents, AGENT_LIVES: lives}
    if not agents:
        del stamp["deleted_agents"]
    return {**document.body, STAMP: stamp}
