"""Messages of an agent that are still to be stored, in order, and how each is to end up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from strands.types.content import Message as StrandsMessage

from s3sessions.errors import InvalidMessage, S3SessionsError
from s3sessions.integrations.strands.calls import Call
from s3sessions.integrations.strands.failures import Overtaken
from s3sessions.integrations.strands.held import Held, HeldMessages, name_of, track
from s3sessions.models import Message


@dataclass
class _Waiting:
    """A message, and the name that its writes have.

    `then` says what became of it since a first write whose outcome is open, and may have stored
    what it was before.
    """

    message: StrandsMessage
    write_id: str | None
    then: Literal["update", "redact"] | None = None


@dataclass
class Unsaved:
    """What waits: redactions, the messages that the agent was built with, those that it added.

    Those that it was built with become visible together, and wait until something is said.
    """

    seeds: list[StrandsMessage] = field(default_factory=list)
    _seeds_write_id: str | None = None
    _redactions: dict[int, Held] = field(default_factory=dict)
    _waiting: list[_Waiting] = field(default_factory=list)

    @property
    def has_messages(self) -> bool:
        """Tell whether messages wait."""
        return bool(self.seeds or self._waiting)

    def messages(self) -> list[StrandsMessage]:
        """Give what waits, in order."""
        return [*self.seeds, *(waiting.message for waiting in self._waiting)]

    def add(self, message: StrandsMessage, write_id: str | None) -> None:
        """Let a message wait behind the others."""
        self._waiting.append(_Waiting(message, write_id))
        self.seeds = [seed for seed in self.seeds if seed is not message]

    def extend(self, message: StrandsMessage, live: Sequence[StrandsMessage]) -> bool:
        """Let a message wait in the place of the one that it was made of, if that one waits.

        Strands extends its last message when an invocation is continued: a copy under the same
        tracking id, the other gone.
        """
        name, objects = name_of(message), {id(other) for other in live}
        for waiting in self._waiting:
            if name and name_of(waiting.message) == name and id(waiting.message) not in objects:
                waiting.message, waiting.then = message, "update"
                return True
        return False

    def redact_newest(self, message: StrandsMessage) -> None:
        """Let a redaction take the place of what came last."""
        if self._waiting:
            self._waiting[-1].message, self._waiting[-1].then = message, "redact"
        else:
            self.seeds[-1] = message

    def redact(self, held: Held, message: StrandsMessage) -> None:
        """Let a redaction of what is stored wait before all else, as often as it may fail."""
        self._redactions[held.stored.index] = Held(message, held.stored)

    def drop(self, write_ids: Sequence[str]) -> list[StrandsMessage]:
        """Let go of what waits under these names: it comes again. Gives the messages."""
        dropped = [waiting for waiting in self._waiting if waiting.write_id in write_ids]
        self._waiting = [waiting for waiting in self._waiting if waiting not in dropped]
        return [waiting.message for waiting in dropped]

    async def store(self, call: Call, chat: Any, held: HeldMessages) -> None:
        """Store what waits; what fails waits on, under the same name, and all that is behind it.

        Raises:
            InvalidMessage: of a message that cannot be stored, which waits no more; nor do those
                that would have become visible with it.
            Overtaken: another delivery of the invocation has stored other tool calls.
            S3SessionsError: as `AgentSession.append`.
        """
        await self.make_redactions(call, chat, held)
        if self.seeds and self._waiting:
            await self._store_seeds(call, chat, held)
        while self._waiting:
            await self._store_first(call, chat, held)

    async def make_redactions(self, call: Call, chat: Any, held: HeldMessages) -> None:
        """Make the redactions that wait. Raises what `AgentSession.redact` raises."""
        for index, redaction in list(self._redactions.items()):
            held.redacted(await call(chat.redact, index, replacement=redaction.message))
            self._redactions.pop(index, None)

    async def _store_seeds(self, call: Call, chat: Any, held: HeldMessages) -> None:
        seeds = [track(seed) for seed in self.seeds]
        try:
            stored = await call(chat.append_many, seeds, write_id=self._seeds_write_id)
        except InvalidMessage:
            self.seeds = []
            raise
        except S3SessionsError as error:
            self._seeds_write_id = getattr(error, "write_id", None) or self._seeds_write_id
            raise
        held.add(zip(seeds, stored, strict=True))
        self.seeds = []

    async def _store_first(self, call: Call, chat: Any, held: HeldMessages) -> None:
        first = self._waiting[0]
        try:
            stored = await call(chat.append, first.message, write_id=first.write_id)
        except InvalidMessage:
            # It would stand in the way of all that follow.
            del self._waiting[0]
            raise
        except S3SessionsError as error:
            first.write_id = getattr(error, "write_id", None) or first.write_id
            raise
        first.write_id = stored.write_id
        if first.then is not None and stored.payload != first.message:
            stored = await _changed(call, chat, stored, first)
        is_another = _calls_of(first.message) != _calls_of(stored.payload)
        become(first.message, stored)
        held.add([(first.message, stored)])
        del self._waiting[0]
        if is_another:
            raise Overtaken(
                f"another delivery of invocation {stored.write_id!r} was faster, and calls other "
                "tools: deliver it again for the answer that is stored",
                index=stored.index,
                write_id=stored.write_id,
            )


async def _changed(call: Call, chat: Any, stored: Message, first: _Waiting) -> Message:
    if first.then == "redact":
        redacted: Message = await call(chat.redact, stored.index, replacement=first.message)
        return redacted
    updated: Message = await call(chat.update, stored, first.message)
    return updated


def _calls_of(message: Any) -> list[Any]:
    return [block["toolUse"] for block in message.get("content", ()) if "toolUse" in block]


def become(message: StrandsMessage, stored: Message) -> None:
    """Let a message say what is stored: of one delivered twice, what was stored first."""
    if stored.payload != message:
        said: Any = message
        said.clear()
        said.update(stored.payload)
