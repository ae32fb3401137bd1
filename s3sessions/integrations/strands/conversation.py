"""One agent's history as its session manager keeps it: what is stored of what the agent holds.

Written once for blocking and async code: each verb of the handle goes through a `Call`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from strands import Agent
from strands.types.content import Message as StrandsMessage
from strands.types.exceptions import SessionException

from s3sessions.errors import (
    CorruptObject,
    MessageNotFound,
    UnsupportedVersion,
)
from s3sessions.integrations.strands.agent_image import AgentImage, put_back
from s3sessions.integrations.strands.calls import Call, together
from s3sessions.integrations.strands.dormant import is_asleep, put_to_sleep, wake
from s3sessions.integrations.strands.held import Held, HeldMessages, pin, track
from s3sessions.integrations.strands.questions import forget_questions_answered_by
from s3sessions.integrations.strands.unsaved import Unsaved
from s3sessions.integrations.strands.window import Window
from s3sessions.models import History, Message
from s3sessions.tool_calls import repair

Unreadable: TypeAlias = CorruptObject | UnsupportedVersion


@dataclass
class Conversation:
    """What is known of one agent.

    Attributes:
        agent: as Strands made it.
        open: opens a handle for an agent id, with what gives agent.json its first fields.
        unreadable: objects that the last restore could not read.
        foreign: objects that are not ours, which it passed over.
        holes: runs of indexes that no object holds.
        unfinished: work that was begun beside an event loop.
    """

    agent: Any
    open: Callable[[str, Callable[[], dict[str, Any]]], Any]
    unreadable: tuple[Unreadable, ...] = ()
    foreign: int = 0
    holes: tuple[range, ...] = ()
    unfinished: list[Future[None]] = field(default_factory=list)
    _chat: Any = None
    _held: HeldMessages = field(default_factory=HeldMessages)
    _unsaved: Unsaved = field(default_factory=Unsaved)
    _synced: AgentImage = field(default_factory=AgentImage)
    _window: Window = field(default_factory=Window)
    _removed: int = 0
    _is_begun: bool = False

    @property
    def chat(self) -> Any:
        """The handle; opened when first asked for, as the agent's id can change until then."""
        if self._chat is None:
            self._chat = self.open(self.agent.agent_id, self._first_fields)
        return self._chat

    # Restoring

    async def read(self, call: Call) -> tuple[History, list[Message]]:
        """Read what is stored: the history from its window on, and what was kept before it."""
        history: History = await call(
            self.chat.restore, start=_start_of_window, on_corrupt="report"
        )
        self.unreadable, self.holes = tuple(history.corrupt), history.holes
        self.foreign = history.foreign
        kept = Window.stored(history.agent_fields).kept
        read = await together(call, [self._read_kept(call, index) for index in kept])
        return history, [message for message in read if message is not None]

    async def _read_kept(self, call: Call, index: int) -> Message | None:
        try:
            message: Message = await call(self.chat.read, index)
        except MessageNotFound:
            return None
        except (CorruptObject, UnsupportedVersion) as error:
            self.unreadable += (error,)
            return None
        return message

    def adopt(self, agent_id: str) -> None:
        """Go on as the agent with this id."""
        self.agent.agent_id, self._chat = agent_id, None

    def revive(self, waker: Any, history: History, kept: Sequence[Message]) -> None:
        """Make the agent what was read; one that nobody has ever stored stays as it was built.

        What waited to be stored is given up: who restores was told of it.

        Raises:
            ValueError: of Strands, for the state of another kind of conversation manager.
        """
        asleep = is_asleep(self.agent)
        wake(self.agent)
        was_begun, self._is_begun = self._is_begun, bool(history.messages or history.agent_fields)
        self._held, self._unsaved = HeldMessages(), Unsaved()
        if not self._is_begun:
            if was_begun:
                self.agent.messages = []
            self._unsaved.seeds = list(self.agent.messages)
            return
        try:
            self._fill(history, [*kept, *history.messages])
        except BaseException:
            if asleep:
                put_to_sleep(self.agent, waker)
            raise

    def _fill(self, history: History, stored: Sequence[Message]) -> None:
        fields = history.agent_fields
        before = put_back(self.agent, fields, history.state) if fields else []
        self._window = Window.stored(fields).within(history.next_index)
        messages = [track(message) for message in stored]
        for message, there in zip(messages, stored, strict=True):
            if there.index in self._window.pinned:
                pin(message)
        if not _is_kept_by_its_model(self.agent):
            first = [at for at, message in enumerate(stored) if self._is_first(message)]
            rest = [message for at, message in enumerate(messages) if at not in first]
            whole = [*(messages[at] for at in first), *before, *rest]
            self.agent.messages = [track(message) for message in repair(whole, shape="converse")]
        self._held.add(zip(messages, stored, strict=True))
        self._removed = _removed_by(self.agent)
        self._synced = AgentImage.of(self.agent, Window.stored(fields))
        # Behind that, so that it is seen as a change, and stored.
        if stored:
            forget_questions_answered_by(stored[-1].payload, self.agent)

    def _is_first(self, stored: Message) -> bool:
        """Tell whether a message stands before a summary: it was pinned, and has no place else."""
        return stored.index in self._window.pinned and stored.index in self._window.kept

    # Writing

    async def append(
        self, call: Call, message: StrandsMessage, name: Callable[[], str | None]
    ) -> None:
        """Store a message behind what could not be stored before it.

        One that is stored already is changed in its place where it is another now: Strands
        extends its last message when an invocation is continued.
        """
        held = self._held.replaced_by(message, self.agent.messages)
        if held is not None:
            stored = await call(self.chat.update, held.stored, message)
            self._held.add([(message, stored)])
            return
        if not self._unsaved.extend(message, self.agent.messages):
            self._unsaved.add(message, name())
        await self.store(call)

    async def store(self, call: Call) -> None:
        """Store what could not be stored yet; 0 requests where there is nothing."""
        await self._unsaved.store(call, self.chat, self._held)
        self._is_begun = self._is_begun or self._held.newest is not None

    async def make_redactions(self, call: Call) -> None:
        """Redact what could not be redacted yet; 0 requests where there is nothing."""
        await self._unsaved.make_redactions(call, self.chat, self._held)

    async def catch_up(self, call: Call, waker: Any) -> None:
        """Be what is stored where others have appended since; what waits comes behind that."""
        if not await call(self.chat.refresh):
            return
        waiting = self._unsaved
        self.revive(waker, *await self.read(call))
        self._unsaved = waiting
        self.agent.messages.extend(waiting.messages())

    async def sync(self, call: Call) -> None:
        """Write agent.json where it says something else than the agent; 0 requests where not.

        Of a session in which nothing was said it is held back until something is.
        """
        if self._is_begun:
            await self.save(call, self.look())

    def look(self) -> AgentImage:
        """Take an image of the agent as it is now."""
        return AgentImage.of(self.agent, self._look_at_the_window())

    async def save(self, call: Call, image: AgentImage) -> None:
        """Write what changed in the agent since the last image; 0 requests for nothing."""
        before = self._synced
        if image.is_as(before):
            return
        await call(
            self.chat.save_state,
            image.set_since(before),
            remove=image.dropped_since(before),
            fields=image.fields_since(before),
        )
        self._synced, self._is_begun = image, True

    async def redact(self, call: Call, message: StrandsMessage) -> None:
        """Replace the newest message, and others that are the same object.

        Raises:
            SessionException: of Strands: nothing was stored yet.
        """
        found, newest = self._held.same_as(message), self._held.newest
        if self._unsaved.has_messages:
            self._unsaved.redact_newest(message)
        elif newest is None:
            raise SessionException("No message to redact.")
        elif newest not in found:
            found.append(newest)
        for held in found:
            self._unsaved.redact(held, message)
        await self.make_redactions(call)

    # What the agent still holds

    def stored_as(self, name: str) -> list[Held]:
        """Give what is stored under the name of an invocation, in the order in which it was."""
        return self._held.named(name)

    def stored(self) -> list[Message]:
        """Give the messages that the agent holds, as they are stored."""
        return self._held.stored()

    def forget(self, name: str, count: int) -> None:
        """Take out of the agent's memory what waits under the name of an invocation."""
        gone = self._unsaved.drop([f"{name}/{at}" for at in range(count)])
        kept = [message for message in self.agent.messages if not any(message is g for g in gone)]
        self.agent.messages[:] = kept

    def _first_fields(self) -> dict[str, Any]:
        image = AgentImage.of(self.agent, self._window)
        # A state that cannot be stored is refused by itself, and not with a message.
        self._synced = image if image.has_fit_state() else image.without_state()
        return self._synced.body()

    def _look_at_the_window(self) -> Window:
        """Find out which messages the conversation manager has dropped since the last look."""
        removed = _removed_by(self.agent)
        if removed != self._removed:
            self._removed = removed
            live, dropped = self._held.prune(self.agent.messages)
            self._window = self._window.without(dropped, live)
        self._window = replace(self._window, pinned=self._held.pinned())
        return self._window


def _start_of_window(fields: Any) -> int:
    return Window.stored(fields).start


def _removed_by(agent: Any) -> int:
    return agent.conversation_manager.removed_message_count if isinstance(agent, Agent) else 0


def _is_kept_by_its_model(agent: Any) -> bool:
    return isinstance(agent, Agent) and agent.model.stateful
