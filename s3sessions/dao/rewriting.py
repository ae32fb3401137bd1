"""Rewriting one message's object: GET, change, PUT If-Match of what was read, until it is done.

Only the object that counts is written, the message's own or the segment that holds it, so that no
index moves and no other message is touched. A refused or unanswered PUT is looked into: what stands
there may be our own success. Otherwise the change is made again on what is there now, wherever that
is, for as long as it says that it still applies.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from s3sessions.dao.archive import read_wherever
from s3sessions.dao.held import Held, read_held
from s3sessions.dao.messages import Stored
from s3sessions.dao.original import Original
from s3sessions.dao.scope import Scope
from s3sessions.dao.visible import is_listed
from s3sessions.errors import (
    Conflict,
    DeadlineExceeded,
    MessageNotFound,
    PreconditionFailed,
    StoreUnavailable,
)
from s3sessions.keys import AgentKeys
from s3sessions.log import emit
from s3sessions.models import Message

Rewrite: TypeAlias = Callable[[Original], Awaitable[bytes | None]]
"""Gives an object's new bytes; None where nothing is left to do. Raises where it does not apply."""

# A store that did not answer has been asked several times by its client already.
_UNAVAILABLE_TRIES: Final = 3


@dataclass
class Rewriting:
    """One change of one message; `rewrite` is called again for each version that is met."""

    scope: Scope
    agent: AgentKeys
    index: int
    rewrite: Rewrite
    event: str
    _tried: set[bytes] = field(default_factory=set)
    _refused: int = 0
    _unanswered: int = 0

    async def run(self) -> Held:
        """Make the change and give the message as it is then.

        Requests: 1 GET and 1 PUT; 1 or 2 GET more where it is packed.

        Raises:
            MessageNotFound: no object holds the index.
            CorruptObject, UnsupportedVersion: it cannot be read; it stays as it is.
            Conflict: others changed it under each of `attempts` tries.
            StoreUnavailable: whether it was changed is not known.
            DeadlineExceeded: the time that was given is over.
        """
        try:
            return await self._run()
        except DeadlineExceeded as error:
            error.fate = "unknown" if self._refused + self._unanswered else "not_written"
            raise

    async def _run(self) -> Held:
        while True:
            held = await read_held(self.scope, self.agent, self.index)
            if held is None:
                raise not_found(self.agent, self.index)
            if held.original.data in self._tried:
                return self._done(held)
            self._check_tries()
            data = await self.rewrite(held.original)
            if data is None:
                return held
            etag = await self._put(data, held)
            if etag is not None:
                return self._done(held.stored(data, etag))

    @property
    def _key(self) -> str:
        return self.agent.message(self.index)

    def _check_tries(self) -> None:
        if self._unanswered == _UNAVAILABLE_TRIES:
            raise StoreUnavailable(
                f"message {self.index} was not changed in {_UNAVAILABLE_TRIES} tries that had no "
                "answer; one may still take effect: read it, then try again",
                key=self._key,
            )
        if self._refused == self.scope.settings.attempts:
            raise Conflict(
                f"message {self.index} changed under each of {self._refused} tries: try again",
                key=self._key,
            )

    async def _put(self, data: bytes, held: Held) -> str | None:
        """PUT the new bytes; None where only what stands there now tells what became of them."""
        self._tried.add(data)
        try:
            return await self.scope.put(held.key, held.changed(data), held.etag)
        except PreconditionFailed:
            self._refused += 1
        except StoreUnavailable:
            self._unanswered += 1
        # The first look is for our own success, and comes at once.
        if self._refused + self._unanswered > 1:
            await self.scope.pause(self._refused + self._unanswered)
        return None

    def _done(self, held: Held) -> Held:
        ids = {"session": self.agent.session_id, "agent": self.agent.agent_id}
        emit(logging.INFO, self.event, **ids, index=self.index)
        return held


async def is_visible(scope: Scope, agent: AgentKeys, message: Message) -> bool:
    """Tell whether readers see it: its batch was committed.

    Requests: 1 GET of a later member, 2 more where the first is packed.
    """
    if message.batch is None or message.batch.position == 0:
        return True
    commit = await read_wherever(scope, agent, message.batch.commit)
    return is_listed(Stored(message, message.etag or ""), commit)


def not_found(agent: AgentKeys, index: int) -> MessageNotFound:
    """Make the error for an index at which readers see no message."""
    return MessageNotFound(f"there is no message {index}", key=agent.message(index))
