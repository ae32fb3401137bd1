"""Confirming: whether what was appended stands in the session that it was meant for.

An append by a handle that knows its tail is one PUT, which cannot see that the session was deleted
a moment before. Who has to know (an answer that took a model a minute) looks behind it. The look
comes after the write: a deletion that it does not see begins later, and takes the messages along.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from s3sessions.dao.documents import (
    Life,
    check_not_deleted,
    life_of_agent,
    read_session_document,
)
from s3sessions.dao.scope import Scope
from s3sessions.errors import NotFound, PreconditionFailed, SessionDeleted
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.models import Message
from s3sessions.record import Record


class Confirmation(Record):
    """A look at the session behind messages that were appended.

    Attributes:
        life: of the session as the handle knows it; None where it does not.
    """

    scope: Scope
    session: SessionKeys
    agent: AgentKeys
    life: Life | None

    async def of(self, messages: Sequence[Message]) -> None:
        """Confirm messages, or turn them into voids; see `AgentSession.confirm`."""
        try:
            await self._check()
        except SessionDeleted:
            calls = [partial(self._void, message) for message in messages]
            await self.scope.store.fan_out(calls)
            raise

    async def _check(self) -> None:
        key = self.session.document
        document = await read_session_document(self.scope, self.session)
        check_not_deleted(document, key, self.agent.agent_id)
        life = life_of_agent(document, self.agent.agent_id)
        is_another = None not in (life, self.life) and life != self.life
        if document is None or is_another:
            raise SessionDeleted(
                "session was deleted after this handle had read it: open it anew", key=key
            )

    async def _void(self, message: Message) -> None:
        """Never deleted: a writer that stalled could create the index again."""
        from s3sessions.dao.original import Original

        key = self.agent.message(message.index)
        try:
            found = await self.scope.store.get(key)
            if found.etag != message.etag:
                return
            original = Original.of(key, message.index, found.data, etag=found.etag)
            await self.scope.put(key, original.voided(self.scope.now()), found.etag)
        except (NotFound, PreconditionFailed):  # the deletion was here already
            return
