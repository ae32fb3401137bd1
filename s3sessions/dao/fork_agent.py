"""One agent of a fork: what it begins with in the child, written where nobody reads it yet.

Every object is created only where there is none. One that is there already is looked at: equal, an
earlier run of the same fork has written it, or another one that runs at this moment. agent.json is
the last: where a list shows it, the rest was there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from s3sessions.codec import Draft
from s3sessions.dao.agent_document import agent_body
from s3sessions.dao.beginning import Beginning, beginning_body
from s3sessions.dao.details import Details
from s3sessions.dao.documents import Document, create_document, life_of_agent, read_document
from s3sessions.dao.inheritance import (
    agent_document_body,
    message_body,
    new_agent_body,
    removed_before,
    say_the_same,
)
from s3sessions.dao.iteration import MessageStream
from s3sessions.dao.listing import list_agent
from s3sessions.dao.scope import Scope
from s3sessions.dao.visible import place_of
from s3sessions.errors import Conflict, NotFound, PreconditionFailed
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.models import Message, Summary
from s3sessions.ports import ABSENT

_COVERED: Final = -1
"""Stands for the index before which the summary covers all."""


@dataclass(frozen=True, slots=True)
class Part:
    """How much of an agent is taken over: what is visible below an index.

    Attributes:
        stop: the index.
        history: etag of the history.json that says what is visible; None without one.
    """

    stop: int
    history: str | None = None


@dataclass(frozen=True, slots=True)
class ForkedAgent:
    """An agent of the child.

    Attributes:
        parent_document: the parent's session.json.
        child_document: the child's.
    """

    scope: Scope
    parent: SessionKeys
    child: SessionKeys
    agent_id: str
    parent_document: Document
    child_document: Document

    async def copy(self, part: Part) -> int:
        """Write what readers of the parent see of a part; give the number of messages.

        Requests: those of an iteration over the messages, 1 GET, 1 PUT for each message and each
        document, 1 LIST for each 1,000 messages. A window of messages is in memory at a time.

        Raises:
            CorruptObject, UnsupportedVersion: something of the parent cannot be read.
            InvalidMessage: another writer's message holds what JSON cannot.
            Conflict: something else stands in the child, or is visible in the parent by now.
            SessionDeleted, SessionNotFound: the parent was deleted meanwhile.
        """
        source = self._source
        agent = await _read_sound(self.scope, source.document)
        stream = MessageStream(
            self.scope, self.parent, source, 0, part.stop, "raise", before=_nothing
        )
        removed = removed_before(agent)
        below = dict.fromkeys((removed, _COVERED), 0)
        count = await self._copy_messages(stream, part, below)
        await self._check_nothing_else(count)
        if (summary := stream.beginning.summary) is not None:
            await self._create_history(Summary(summary.text, below[_COVERED]))
        if agent is not None:
            body = agent_document_body(agent, self.life, removed=below[removed])
            await self._create_document(body)
        return count

    async def begin(self, drafts: Sequence[Draft], *, details: Details) -> int:
        """Write messages that were given, and a new agent.json; give the number of messages."""
        await self._put_drafts(drafts)
        body = agent_body(self.scope, self._target, details)
        await self._create_document(new_agent_body(body, self.life))
        return len(drafts)

    async def go_on(self, drafts: Sequence[Draft], *, details: Details) -> int:
        """Write messages that were given, and the parent's agent.json; give their number.

        Raises:
            CorruptObject, UnsupportedVersion: the parent's agent.json cannot be read.
        """
        agent = await _read_sound(self.scope, self._source.document)
        if agent is None:
            return await self.begin(drafts, details=details)
        await self._put_drafts(drafts)
        await self._create_document(agent_document_body(agent, self.life, removed=0))
        return len(drafts)

    @property
    def life(self) -> str:
        """The id of the child's life."""
        return self.child_document.text("life") or ""

    @property
    def _source(self) -> AgentKeys:
        return self.parent.agent(self.agent_id)

    @property
    def _target(self) -> AgentKeys:
        return self.child.agent(self.agent_id)

    # Messages

    async def _copy_messages(self, stream: MessageStream, part: Part, below: dict[int, int]) -> int:
        """Copy a window at a time; count in `below` the messages before each index in it.

        And before what the summary covers, which is known with the first message.
        """
        window: list[Message] = []
        count = 0
        async for message in stream:
            summary = stream.beginning.summary
            covered = summary.covers_to if summary is not None else 0
            for index in below:
                below[index] += place_of(message) < (covered if index == _COVERED else index)
            window.append(message)
            if len(window) == self.scope.width:
                count += await self._put_visible(stream, part, window, count)
                window = []
        return count + await self._put_visible(stream, part, window, count)

    async def _put_visible(
        self, stream: MessageStream, part: Part, window: Sequence[Message], start: int
    ) -> int:
        """Write what was visible when the fork began, and nothing else.

        What an earlier run has written stays where it is, so two histories would be mixed.
        """
        history = stream.history
        if history is not None and history.corrupt is not None:
            raise history.corrupt
        if (history and history.etag) != part.history:
            raise Conflict(
                "the history was truncated, summarised or replaced since the fork began: delete "
                "the child, then fork again",
                key=self._source.history,
            )
        return await self._put_window(window, start)

    async def _check_nothing_else(self, count: int) -> None:
        """Check that no run has written more: a message may have been removed since."""
        listing = await list_agent(self.scope, self._target)
        if more := [index for index in listing.messages if index >= count]:
            raise _differs(self._target.message(more[0]))

    async def _put_drafts(self, drafts: Sequence[Draft]) -> None:
        width = self.scope.width
        messages = [draft.message(index, "") for index, draft in enumerate(drafts)]
        for start in range(0, len(messages), width):
            await self._put_window(messages[start : start + width], start)

    async def _put_window(self, window: Sequence[Message], start: int) -> int:
        calls = [partial(self._put, message, start + at) for at, message in enumerate(window)]
        await self.scope.store.fan_out(calls)
        return len(window)

    async def _put(self, message: Message, index: int) -> None:
        key, body = self._target.message(index), message_body(message, index, self.life)
        try:
            await self.scope.put(key, body, ABSENT)
        except PreconditionFailed:
            if not await self._holds(key, body):
                raise _differs(key) from None

    async def _holds(self, key: str, body: bytes) -> bool:
        try:
            return (await self.scope.store.get(key)).data == body
        except NotFound:
            return False

    # Documents

    async def _create_document(self, body: Mapping[str, Any]) -> None:
        key = self._target.document
        if await create_document(self.scope, key, body) is not None:
            return
        there = await read_document(self.scope, key)
        if there is None or not say_the_same(there.body, body):
            raise _differs(key)

    async def _create_history(self, summary: Summary) -> None:
        target = self._target
        beginning = Beginning(summary=summary)
        life = life_of_agent(self.child_document, target.agent_id)
        body = beginning_body(self.scope, beginning, None, life, self.scope.new_id())
        if await create_document(self.scope, target.history, body) is not None:
            return
        there = await read_document(self.scope, target.history)
        if there is None or there.body.get("summary") != body["summary"]:
            raise _differs(target.history)


async def _read_sound(scope: Scope, key: str) -> Document | None:
    document = await read_document(scope, key)
    if document is not None and document.corrupt is not None:
        raise document.corrupt
    return document


async def _nothing() -> None:
    """Wait for nothing before a window."""


def _differs(key: str) -> Conflict:
    return Conflict(
        "another object stands where the fork writes: the parent was changed since the fork began, "
        "or somebody spoke in the child; delete the child, then fork again",
        key=key,
    )
