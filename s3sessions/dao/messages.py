"""Reading message objects one by one: the one place where stored bytes become messages."""

from __future__ import annotations

from s3sessions.codec import VOID, decode_message
from s3sessions.dao.scope import Scope
from s3sessions.errors import CorruptObject, NotFound, UnsupportedVersion
from s3sessions.keys import AgentKeys
from s3sessions.models import Message
from s3sessions.record import Record

Unreadable = CorruptObject | UnsupportedVersion


class Stored(Record):
    """One object as the store has it: a message, or why it is none."""

    content: Message | Unreadable
    etag: str

    @property
    def is_void(self) -> bool:
        return isinstance(self.content, Message) and self.content.status == VOID

    @property
    def write_id(self) -> str | None:
        """Whose write it is; None for other writers of the format and for what is unreadable."""
        return self.content.write_id if isinstance(self.content, Message) else None


async def read_message(scope: Scope, agent: AgentKeys, index: int) -> Stored | None:
    """Read one message object; None where there is none. Requests: 1 GET."""
    key = agent.message(index)
    try:
        blob = await scope.store.get(key)
    except NotFound:
        return None
    try:
        return Stored(decode_message(key, index, blob.data, etag=blob.etag), blob.etag)
    except (CorruptObject, UnsupportedVersion) as error:
        scope.warn_of(error)
        return Stored(error, blob.etag)
