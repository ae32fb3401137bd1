"""One session: its documents, its agents, and what else stands under its prefix."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from s3sessions.dao.beginning import WHOLE, name_of_life
from s3sessions.dao.doctor.beginnings import HistoryDocument
from s3sessions.dao.doctor.case import Case, Patient
from s3sessions.dao.doctor.foreign import foreign_cases
from s3sessions.dao.doctor.markers import marker_case
from s3sessions.dao.doctor.messages import Examination, unreadable
from s3sessions.dao.doctor.repairs import (
    create_agent_document,
    create_session_document,
    delete_version,
    finish_deletion,
)
from s3sessions.dao.doctor.segments import SegmentExamination
from s3sessions.dao.documents import (
    Document,
    life_of_agent,
    read_document,
    read_session_document,
)
from s3sessions.dao.listing import AgentListing
from s3sessions.dao.marking import Mark
from s3sessions.dao.origin import UNFINISHED
from s3sessions.dao.paging import entries
from s3sessions.dao.scope import Scope
from s3sessions.errors import InvalidId, SessionNotFound, UnsupportedVersion
from s3sessions.health import FindingKind
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.ports import Entry
from s3sessions.values import parse_time


@dataclass
class _Agent:
    """What a list shows of one agent."""

    keys: AgentKeys
    messages: dict[int, Entry] = field(default_factory=dict)
    segments: dict[range, Entry] = field(default_factory=dict)
    documents: dict[Kind, Entry] = field(default_factory=dict)

    def listing(self, now: float) -> AgentListing:
        """Give it as a list of the agent's own prefix."""
        in_order = dict(sorted(self.messages.items()))
        return AgentListing(in_order, self.segments, self.documents, 0, 1, now)

    @property
    def has_spoken(self) -> bool:
        """Tell whether it has messages, packed or not."""
        return bool(self.messages or self.segments)

    @property
    def has_beginning(self) -> bool:
        """Tell whether its first message is there, or a document that says where it begins."""
        is_first_there = 0 in self.messages or any(0 in block for block in self.segments)
        return is_first_there or Kind.HISTORY in self.documents

    @property
    def began(self) -> datetime:
        """When the oldest of what holds its messages was stored."""
        holders = (*self.messages.values(), *self.segments.values())
        return min(entry.modified for entry in holders)


@dataclass
class SessionExamination:
    """One look at a session."""

    scope: Scope
    session: SessionKeys
    _agents: dict[str, _Agent] = field(default_factory=dict)
    _foreign: list[Entry] = field(default_factory=list)
    _others: list[Entry] = field(default_factory=list)

    async def run(self) -> AsyncGenerator[Case, None]:
        """Give a case for each thing that is wrong.

        Requests: 1 GET and 1 LIST for each 1,000 objects, then 1 GET for each of them.

        Raises:
            SessionNotFound: nothing stands under the prefix.
        """
        listed, document = await self.scope.both(
            partial(entries, self.scope.store, self.session.prefix),
            partial(read_session_document, self.scope, self.session),
        )
        if not listed and document is None:
            raise SessionNotFound("session does not exist", key=self.session.prefix)
        if document is not None and document.stamp.get("deleted_at"):
            yield self._interrupted(document, document.stamp, None)
            return
        if document is not None and document.stamp.get(UNFINISHED):
            yield self._unfinished(document)
            return
        self._sort(listed)
        for case in (*self._session_cases(document), *self._deleted_agents(document)):
            yield case
        async for case in foreign_cases(self.scope, self.session.session_id, self._foreign):
            yield case
        async for case in self._other_cases():
            yield case
        for _, agent in sorted(self._agents.items()):
            async for case in self._agent_cases(agent, document):
                yield case

    def _sort(self, listed: Sequence[Entry]) -> None:
        for entry in listed:
            place = self.scope.root.parse(entry.key)
            if place is None or place.kind is Kind.FOREIGN:
                self._foreign.append(entry)
            elif place.agent_id is None:
                self._others += [entry] if place.kind is not Kind.SESSION else []
            elif (agent := self._agent(place.agent_id)) is None:
                self._foreign.append(entry)
            elif place.index is not None:
                agent.messages[place.index] = entry
            elif place.block is not None:
                agent.segments[place.block] = entry
            else:
                agent.documents[place.kind] = entry

    def _agent(self, agent_id: str) -> _Agent | None:
        """Give what is known of an agent; None where its keys would be too long to be ours."""
        if agent_id not in self._agents:
            try:
                self._agents[agent_id] = _Agent(self.session.agent(agent_id))
            except InvalidId:
                return None
        return self._agents[agent_id]

    # session.json

    def _session_cases(self, document: Document | None) -> Iterator[Case]:
        patient, key = Patient(self.session.session_id), self.session.document
        if document is not None:
            if document.corrupt is not None:
                yield unreadable(patient, document.corrupt)
            return
        spoken = [agent for agent in self._agents.values() if agent.has_spoken]
        if not spoken and not self._agents:
            return  # Foreign objects alone: they are cases of their own.
        if not spoken:
            yield patient.case(
                FindingKind.GHOST,
                key,
                "documents of agents stand here without session.json and without a message: left "
                "of a first append that failed, or of a deletion by other means",
                "delete the session",
            )
        elif not any(agent.has_beginning for agent in spoken):
            yield patient.case(
                FindingKind.GHOST,
                key,
                "messages stand here without session.json and without their beginning: a writer "
                "that knew the session went on after its deletion, or both were removed by hand",
                "look at them; delete the session, or append to it, which makes it whole",
            )
        else:
            began = min(agent.began for agent in spoken)
            yield patient.case(
                FindingKind.MISSING_DOCUMENT,
                key,
                "session.json is missing: messages are read without it; title, user and metadata "
                "of the session are lost",
                "it is created anew, and so without them",
                partial(create_session_document, self.scope, self.session, began),
            )

    # Deletions

    def _deleted_agents(self, document: Document | None) -> Iterator[Case]:
        if document is None:
            return
        for agent_id, mark in sorted(document.part("deleted_agents").items()):
            agent = self._agents.pop(agent_id, None)
            keys = self.session.agent(agent_id) if agent is None else agent.keys
            yield self._interrupted(document, mark if isinstance(mark, dict) else {}, keys)

    def _interrupted(
        self, document: Document, mark: Mapping[str, Any], agent: AgentKeys | None
    ) -> Case:
        what, agent_id = ("the session", None) if agent is None else ("the agent", agent.agent_id)
        began = parse_time(mark.get("deleted_at"))
        since = "" if began is None else f" at {began:%Y-%m-%d %H:%M}Z"
        mark_id = Mark(self.scope, self.session, agent).of(document) or ""
        return Patient(self.session.session_id, agent_id).case(
            FindingKind.INTERRUPTED_DELETION,
            self.session.document,
            f"a deletion of {what} began{since} and has not ended: nobody can read or write it",
            "the deletion is run again and ends; what is left of it is deleted",
            partial(finish_deletion, self.scope, self.session, agent, mark_id),
        )

    # Forks

    def _unfinished(self, document: Document) -> Case:
        began = parse_time(document.part(UNFINISHED).get("at"))
        since = "" if began is None else f" at {began:%Y-%m-%d %H:%M}Z"
        return Patient(self.session.session_id).case(
            FindingKind.UNFINISHED_FORK,
            self.session.document,
            f"a fork of session {document.text('parent')!r} began{since} and has not ended: nobody "
            "can read or write what it has made so far",
            "fork again with the same id, which ends it, or delete the session",
        )

    # An agent, and everything else

    async def _agent_cases(
        self, agent: _Agent, session: Document | None
    ) -> AsyncGenerator[Case, None]:
        patient = Patient(self.session.session_id, agent.keys.agent_id)
        if agent.has_spoken and Kind.AGENT not in agent.documents:
            yield patient.case(
                FindingKind.MISSING_DOCUMENT,
                agent.keys.document,
                "agent.json is missing: messages are read without it; the agent's state and "
                "metadata are lost",
                "it is created anew, with an empty state",
                partial(create_agent_document, self.scope, agent.keys),
            )
        for kind in (Kind.AGENT, Kind.LEASE):
            if kind in agent.documents:
                async for case in self._document_cases(patient, kind, agent.documents[kind].key):
                    yield case
        async for case in self._message_cases(agent, session):
            yield case

    async def _message_cases(
        self, agent: _Agent, session: Document | None
    ) -> AsyncGenerator[Case, None]:
        document, history = None, None
        if Kind.HISTORY in agent.documents:
            document = await read_document(self.scope, agent.keys.history)
        if document is not None:
            history = HistoryDocument(self.scope, self.session, agent.keys, document, session)
        born = None if session is None else parse_time(session.body.get("created_at"))
        beginning = WHOLE if history is None else await history.beginning()
        listing = agent.listing(self.scope.clock())
        life = name_of_life(life_of_agent(session, agent.keys.agent_id))
        is_known = session is not None
        messages = Examination(self.scope, agent.keys, listing, life, is_known, born, beginning)
        async for case in messages.run():
            yield case
        whose = (self.scope, self.session, agent.keys)
        segments = SegmentExamination(*whose, listing, session, beginning.first)
        async for case in segments.run():
            yield case
        if history is not None:
            async for case in history.cases(messages):
                yield case

    async def _document_cases(
        self, patient: Patient, kind: Kind, key: str
    ) -> AsyncGenerator[Case, None]:
        document = await read_document(self.scope, key)
        if document is None:
            return
        if kind is Kind.LEASE and not isinstance(document.corrupt, UnsupportedVersion):
            expires_at = parse_time(document.body.get("expires_at"))
            if expires_at is None or expires_at < self.scope.now():
                yield self._expired(patient, key, document)
        elif document.corrupt is not None:
            yield unreadable(patient, document.corrupt)

    def _expired(self, patient: Patient, key: str, document: Document) -> Case:
        expires_at = parse_time(document.body.get("expires_at"))
        how = "cannot be read" if expires_at is None else f"expired at {expires_at:%Y-%m-%d %H:%M}Z"
        return patient.case(
            FindingKind.EXPIRED_LEASE,
            key,
            f"a lease that {how}: whoever had the turn has died; the next turn takes it over",
            "it is deleted, if nobody has renewed it",
            partial(delete_version, self.scope, key, document.etag),
        )

    async def _other_cases(self) -> AsyncGenerator[Case, None]:
        patient = Patient(self.session.session_id)
        for entry in self._others:
            document = await read_document(self.scope, entry.key)
            if document is None:
                continue
            if document.corrupt is not None:
                yield unreadable(patient, document.corrupt)
            place = self.scope.root.parse(entry.key)
            if place is not None and place.kind is Kind.CHILD:
                case = await marker_case(self.scope, place, entry, document)
                if case is not None:
                    yield case
