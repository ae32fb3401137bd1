"""Forking: a new session that begins with what was said in another, and shares nothing with it.

How it works. The child's session.json is created first, only where there is none, with the field
`unfinished`: to readers and writers such a session is not there. It holds what decides the content
(up to which index each agent is taken over and under which history.json, a digest of what was asked
for), so that the same fork run again, or twice at once, writes the same objects, and another one is
refused. Then come the messages and documents of each agent, each created only where there is none;
then the marker under the parent, so that nothing is ever published that a deletion of the parent
would not find; then session.json without that field, by If-Match: from then on the child is there,
all of it. A deletion of an unfinished child puts its mark first, so that a fork that stalled cannot
publish what is left.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from s3sessions.codec import STAMP
from s3sessions.dao.beginning import beginning_of
from s3sessions.dao.directory import list_agents
from s3sessions.dao.documents import (
    Document,
    change_document,
    check_not_deleted,
    create_document,
    life_of,
    read_document,
    read_session_document,
)
from s3sessions.dao.end import End, fetching, find_end
from s3sessions.dao.ending import end
from s3sessions.dao.fork_agent import ForkedAgent, Part
from s3sessions.dao.fork_request import ForkRequest
from s3sessions.dao.inheritance import with_inherited
from s3sessions.dao.listing import AgentListing, list_agent
from s3sessions.dao.markers import drop_marker, put_marker
from s3sessions.dao.origin import FORK, UNFINISHED, origin_of
from s3sessions.dao.scope import Scope
from s3sessions.dao.session_document import session_body
from s3sessions.dao.sweeping import sweep
from s3sessions.errors import (
    AccessDenied,
    AlreadyExists,
    AmbiguousAgent,
    Conflict,
    SessionNotFound,
)
from s3sessions.keys import AgentKeys, Kind
from s3sessions.log import emit
from s3sessions.values import format_time, parse_time

# What several lists in a row do not agree on is what there is.
_MOST_LOOKS: Final = 3


@dataclass(frozen=True, slots=True)
class Fork:
    """One fork; may be run any number of times, by anybody, until it has ended."""

    scope: Scope
    asked: ForkRequest

    async def run(self) -> str:
        """Make the child, or go on where an earlier run of this fork has stopped; give its id.

        Raises:
            SessionNotFound, SessionDeleted, SessionUnfinished: the parent is not there.
            AlreadyExists: the child's id is another session's.
            AmbiguousAgent: several agents, and none was named.
            CorruptObject, UnsupportedVersion: something of the parent cannot be read.
            Conflict: what is there of the child is not of this fork, or was deleted meanwhile.
        """
        parent, child = await self.scope.both(self._read_parent, self._read_child)
        if child is None:
            child = await self._begin(parent)
        if self._is_unfinished(child, parent):
            await self._finish(parent, child)
        if self.asked.kind == "compression":
            await end(self.scope, self.asked.parent, "compression")
        return self.asked.child.session_id

    # What is there

    async def _read_parent(self) -> Document:
        keys = self.asked.parent
        document = await read_session_document(self.scope, keys)
        check_not_deleted(document, keys.document)
        if document is None:
            raise SessionNotFound(
                "session.json does not exist: nobody has spoken in this session, or the doctor is "
                "to write what is missing",
                key=keys.document,
            )
        if document.corrupt is not None:
            raise document.corrupt
        return document

    async def _read_child(self) -> Document | None:
        """Look at what stands under the child's id. Requests: none for a new id; 1 GET, 1 LIST."""
        if self.asked.is_new:
            return None
        keys = self.asked.child
        document, page = await self.scope.both(
            partial(read_session_document, self.scope, keys),
            partial(self.scope.store.list, keys.agents, limit=1),
        )
        if document is None and page.entries:
            # Another run of this fork may have begun in between.
            document = await read_session_document(self.scope, keys)
            if document is None:
                raise AlreadyExists("session exists already", key=keys.prefix)
        return document

    def _is_unfinished(self, child: Document, parent: Document) -> bool:
        """Tell whether this fork has begun the child and is still to end it.

        Raises:
            SessionDeleted: the child is being deleted.
            AlreadyExists: it is no work of this fork.
        """
        key, origin, unfinished = (
            self.asked.child.document,
            origin_of(child),
            child.part(UNFINISHED),
        )
        if child.stamp.get("deleted_at"):
            check_not_deleted(child, key)
        is_ours = origin is not None and origin.kind == self.asked.kind
        if not is_ours or child.text("parent") != self.asked.parent.session_id:
            raise AlreadyExists("session exists already", key=key)
        if unfinished and unfinished.get("asked") != self.asked.digest(life_of(parent)):
            raise AlreadyExists(
                "session was begun by a fork of something else, which has not ended: delete it, "
                "or fork under another id",
                key=key,
            )
        return bool(unfinished)

    # Making the child

    async def _begin(self, parent: Document) -> Document:
        """Create session.json as unfinished; give what stands there."""
        asked, taken = self.asked, await self._taken(parent)
        body = with_inherited(
            session_body(self.scope, asked.child, asked.details), parent, asked.given
        )
        plan = {
            "at": format_time(self.scope.now()),
            "asked": asked.digest(life_of(parent)),
            "stops": {agent_id: part.stop for agent_id, part in taken.items()},
            "histories": {agent_id: part.history for agent_id, part in taken.items()},
        }
        body[STAMP] |= {FORK: {"kind": asked.kind}, UNFINISHED: plan}
        created = await create_document(self.scope, asked.child.document, body)
        met = created or await read_session_document(self.scope, asked.child)
        if met is None:
            raise self._gone()
        return met

    async def _taken(self, parent: Document) -> dict[str, Part]:
        """Say which agents the child has, and how much is taken over of each."""
        asked = self.asked
        if asked.kind == "branch":
            ids = [asked.agent] if asked.agent else await list_agents(self.scope, asked.parent)
            if asked.until is not None:
                self._check_one(ids)
            calls = [partial(self._part, parent, agent_id) for agent_id in ids]
            return dict(zip(ids, await self.scope.store.fan_out(calls), strict=True))
        agent_id = asked.agent
        if agent_id is None and asked.kind == "compression":
            ids = await list_agents(self.scope, asked.parent)
            self._check_one(ids)
            agent_id = ids[0] if ids else None
        is_said = bool(agent_id or asked.drafts or asked.details.agent_metadata)
        is_said = is_said or asked.details.agent_fields is not None
        return {agent_id or "default": Part(len(asked.drafts))} if is_said else {}

    def _check_one(self, ids: list[str]) -> None:
        if len(ids) > 1:
            raise AmbiguousAgent(
                f"session has {len(ids)} agents: name one of {', '.join(ids[:5])}", ids=ids[:20]
            )

    async def _part(self, parent: Document, agent_id: str) -> Part:
        agent = self.asked.parent.agent(agent_id)
        for _ in range(_MOST_LOOKS):
            listing = await list_agent(self.scope, agent)
            if not listing.shown and not listing.documents:
                raise SessionNotFound(f"agent {agent_id!r} does not exist", key=agent.prefix)
            end = await find_end(listing, fetching(self.scope, agent, listing, parent))
            if await self._is_one_moment(agent, listing, parent, end):
                break
        until, history = self.asked.until, listing.documents.get(Kind.HISTORY)
        return Part(
            end.next_index if until is None else min(until, end.next_index),
            None if history is None else history.etag,
        )

    async def _is_one_moment(
        self, agent: AgentKeys, listing: AgentListing, parent: Document, end: End
    ) -> bool:
        """Tell whether a list of several pages shows the messages that its history.json tells of.

        Requests: none; 1 GET where there are both.
        """
        history = listing.documents.get(Kind.HISTORY)
        if history is None or listing.pages == 1:
            return True
        document = await read_document(self.scope, agent.history)
        if document is None or document.etag != history.etag:
            return False
        return end.next_index >= beginning_of(document, parent, agent.agent_id).reached

    async def _finish(self, parent: Document, child: Document) -> None:
        try:
            written = await self._write(parent, child)
            await self._place_marker(parent, child)
            await self._publish(child, written)
        except Conflict:
            met = await read_session_document(self.scope, self.asked.child)
            if not _is_alive(met, child):
                await self._take_back(child)
                raise self._gone() from None
            # Another run of this fork may have ended it, and somebody changed a message since.
            if met is None or met.stamp.get(UNFINISHED):
                raise

    async def _write(self, parent: Document, child: Document) -> dict[str, int]:
        """Write what belongs to each agent; give the number of its messages."""
        asked, plan = self.asked, child.part(UNFINISHED)
        moment = parse_time(plan.get("at")) or self.scope.now()
        drafts = asked.stamped(child.text("life") or "", moment)
        written, histories = {}, plan.get("histories", {})
        for agent_id, stop in plan.get("stops", {}).items():
            agent = ForkedAgent(self.scope, asked.parent, asked.child, agent_id, parent, child)
            if asked.kind == "branch":
                written[agent_id] = await agent.copy(Part(stop, histories.get(agent_id)))
            elif asked.kind == "compression":
                written[agent_id] = await agent.go_on(drafts, details=asked.details)
            else:
                written[agent_id] = await agent.begin(drafts, details=asked.details)
        return written

    async def _place_marker(self, parent: Document, child: Document) -> None:
        """Create the marker; take it back where the parent was deleted meanwhile."""
        asked, life = self.asked, child.text("life") or ""
        place = (self.scope, asked.parent, asked.kind, asked.child.session_id, life)
        await put_marker(*place, partial(self._check_alive, child))
        if _is_alive(await read_session_document(self.scope, asked.parent), parent):
            return
        with suppress(AccessDenied):
            await drop_marker(*place)
        raise SessionNotFound(
            "session was deleted while it was forked: delete what the fork has begun, "
            f"{asked.child.session_id!r}",
            key=asked.parent.document,
        )

    async def _check_alive(self, child: Document) -> None:
        if not _is_alive(await read_session_document(self.scope, self.asked.child), child):
            raise self._gone()

    async def _publish(self, child: Document, written: dict[str, int]) -> None:
        def change(there: Document | None) -> dict[str, Any] | None:
            if there is None or not _is_alive(there, child):
                raise self._gone()
            if not there.stamp.get(UNFINISHED):
                return None
            stamp = {name: value for name, value in there.stamp.items() if name != UNFINISHED}
            stamp[FORK] = {"kind": self.asked.kind, "messages": written}
            return {**there.body, STAMP: stamp}

        await change_document(self.scope, self.asked.child.document, child, change)
        emit(
            logging.INFO,
            "session_forked",
            session=self.asked.child.session_id,
            parent=self.asked.parent.session_id,
            kind=self.asked.kind,
            messages=sum(written.values()),
        )

    async def _take_back(self, child: Document) -> None:
        """Take back what was written of a child that somebody has deleted meanwhile."""
        asked, life = self.asked, child.text("life") or ""
        await sweep(self.scope, asked.child, life)
        # One that may not be deleted names a child that is not there, which nobody is shown.
        with suppress(AccessDenied):
            await drop_marker(self.scope, asked.parent, asked.kind, asked.child.session_id, life)

    def _gone(self) -> Conflict:
        return Conflict(
            "session was deleted while it was made: fork again", key=self.asked.child.document
        )


def _is_alive(there: Document | None, known: Document) -> bool:
    """Tell whether what is there is still the session that is known, and is not being deleted."""
    if there is None or there.stamp.get("deleted_at"):
        return False
    return life_of(there) == life_of(known)
