"""The first message of an agent or a session: it and the missing documents in one fan-out.

A session begins with its first message, never before. Each document is created only where it is
absent, so that of two beginners one wins and both messages stand. A document that could not be
written costs a warning and is written with the next append.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from s3sessions.dao.agent_document import agent_body
from s3sessions.dao.batch import Attempt
from s3sessions.dao.details import Details
from s3sessions.dao.documents import (
    Document,
    check_not_deleted,
    create_document,
    read_session_document,
)
from s3sessions.dao.messages import read_message
from s3sessions.dao.notice import lift
from s3sessions.dao.scope import Scope
from s3sessions.dao.session_document import session_body
from s3sessions.dao.tail import Tail
from s3sessions.dao.writing import Writing
from s3sessions.errors import PreconditionFailed, S3SessionsError
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.log import INFO, WARNING, emit
from s3sessions.ports import ABSENT
from s3sessions.record import Record

Outcome = str | Document | S3SessionsError | None


class Birth(Record):
    """What became of the documents: each created, there already (None), or not written."""

    outcomes: dict[Kind, Outcome]

    @property
    def failed(self) -> frozenset[Kind]:
        """Documents that are still to be written."""
        return frozenset(
            kind for kind, out in self.outcomes.items() if isinstance(out, S3SessionsError)
        )

    @property
    def agent(self) -> Document | None:
        """agent.json, if it was created here."""
        document = self.outcomes.get(Kind.AGENT)
        return document if isinstance(document, Document) else None

    @property
    def session(self) -> Document | None:
        """session.json, if it was created here."""
        document = self.outcomes.get(Kind.SESSION)
        return document if isinstance(document, Document) else None

    @property
    def met_a_session_document(self) -> bool:
        """Whether somebody else wrote session.json in the meantime."""
        return Kind.SESSION in self.outcomes and self.outcomes[Kind.SESSION] is None


class Midwife:
    """Writes messages together with the documents that are missing."""

    def __init__(
        self, scope: Scope, session: SessionKeys, agent: AgentKeys, details: Details
    ) -> None:
        self._scope = scope
        self._session = session
        self._agent = agent
        self._details = details

    async def documents(self, tail: Tail) -> dict[Kind, dict[str, Any]]:
        """Make the documents that are missing; the caller's part in them can be refused.

        Raises:
            InvalidSettings, InvalidMessage: of what `agent_fields` gives; see `agent_body`.
        """
        return {kind: await self._document(kind, tail) for kind in sorted(tail.missing)}

    async def _document(self, kind: Kind, tail: Tail) -> dict[str, Any]:
        if kind is not Kind.SESSION:
            return agent_body(self._scope, self._agent, self._details)
        body = session_body(self._scope, self._session, self._details)
        if not tail.has_history:
            return body
        from s3sessions.dao.healing import healed

        return await healed(self._scope, body, [self._agent])

    async def put(
        self, index: int, body: bytes, documents: Mapping[Kind, Mapping[str, Any]]
    ) -> tuple[str | S3SessionsError, Birth]:
        """PUT the message and the documents; its etag, or why it was not acknowledged."""
        put = partial(self._scope.put, self._agent.message(index), body, ABSENT)
        first, birth = await self._fan_out(documents, put)
        if isinstance(first, (str, S3SessionsError)):
            return first, birth
        raise TypeError(f"the store answered a put with {first!r}")

    async def complete(self, documents: Mapping[Kind, Mapping[str, Any]]) -> Birth:
        """Write the documents beside a message that is stored already."""
        return (await self._fan_out(documents))[1]

    async def _fan_out(
        self,
        documents: Mapping[Kind, Mapping[str, Any]],
        put: Callable[[], Awaitable[Outcome]] | None = None,
    ) -> tuple[Outcome, Birth]:
        calls: list[Callable[[], Awaitable[Outcome]]] = [
            partial(self._create, kind, body) for kind, body in documents.items()
        ]
        calls = [partial(_caught, call) for call in ([put, *calls] if put else calls)]
        outcomes = list(await self._scope.store.fan_out(calls))
        first = outcomes.pop(0) if put else None
        birth = Birth(dict(zip(documents, outcomes, strict=True)))
        self._report(birth)
        return first, birth

    async def _create(self, kind: Kind, body: Mapping[str, Any]) -> Document | None:
        keys = self._session if kind is Kind.SESSION else self._agent
        return await create_document(self._scope, keys.document, body)

    def _report(self, birth: Birth) -> None:
        ids = {"session": self._session.session_id, "agent": self._agent.agent_id}
        if isinstance(birth.outcomes.get(Kind.SESSION), Document):
            emit(INFO, "session_created", **ids)
        for kind in birth.failed:
            emit(WARNING, "document_not_written", **ids, error=str(birth.outcomes[kind]))

    async def check_session(self) -> None:
        """Raise SessionDeleted where the session.json that was met is a deletion's mark."""
        document = await read_session_document(self._scope, self._session)
        check_not_deleted(document, self._session.document, self._agent.agent_id)
        await lift(self._scope, self._session, document, self._agent.agent_id)

    async def take_back(self, writing: Writing) -> None:
        """Turn what is stored of an append into voids, where its outcome is open."""
        for attempt in list(writing.open):
            stored = await read_message(self._scope, self._agent, attempt.commit)
            if stored is not None and (winner := writing.committed_by(stored)):
                winner.etags[winner.commit] = stored.etag
                positions = range(len(winner.indexes))
                await self._scope.store.fan_out([partial(self._void, winner, p) for p in positions])
            attempt.is_open = False

    async def _void(self, attempt: Attempt, position: int) -> None:
        from s3sessions.dao.original import Original

        # Never deleted: a writer that stalled could create the index again.
        index = attempt.indexes[position]
        key = self._agent.message(index)
        void = Original.of(key, index, attempt.body(position)).voided(self._scope.now())
        with suppress(PreconditionFailed):  # the deletion was here already
            await self._scope.put(key, void, attempt.etags[index])


async def _caught(call: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Give an error back instead of raising it: the other calls are to go on."""
    try:
        return await call()
    except S3SessionsError as error:
        return error
