"""`S3SessionManager`: takes the place of Strands' own, over the same keys and bytes."""

from __future__ import annotations

import asyncio
import functools
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from strands import Agent
from strands.hooks import (
    AfterInvocationEvent,
    AfterMultiAgentInvocationEvent,
    AfterNodeCallEvent,
    AgentInitializedEvent,
    BeforeInvocationEvent,
    HookOrder,
    HookRegistry,
    MessageAddedEvent,
    MessageUpdatedEvent,
    MultiAgentInitializedEvent,
)
from strands.interrupt import Interrupt
from strands.session.session_manager import SessionManager
from strands.types.content import Message as StrandsMessage
from strands.types.session import Session, SessionType

from s3sessions.errors import InvalidSettings, S3SessionsError
from s3sessions.integrations.strands.calls import Face, end_threads, unbroken
from s3sessions.integrations.strands.conversation import Conversation, Unreadable
from s3sessions.integrations.strands.dormant import is_asleep, put_to_sleep
from s3sessions.integrations.strands.failures import Failures
from s3sessions.integrations.strands.ids import checked_id
from s3sessions.integrations.strands.invocation import NameInvocation, named_by_state
from s3sessions.integrations.strands.keeper import Keeper, Ways
from s3sessions.integrations.strands.repository import Repository
from s3sessions.integrations.strands.shared import Place
from s3sessions.models import Message
from s3sessions.sync import Sessions

if TYPE_CHECKING:
    from s3sessions.aio import AsyncAgentSession, AsyncSessions
    from s3sessions.sync import AgentSession


class S3SessionManager(Repository, SessionManager[Any]):
    """Keeps the conversation and the state of Strands agents in one session.

    Takes the place of `strands.session.S3SessionManager`: the same arguments, the same objects
    under the same keys. Building it, and an agent with it, makes no request: an agent is restored
    when it is first used. Its hooks never block the event loop.

    Args:
        session_id: of the session, there already or not; as Strands wants it, without `/`.
        bucket: its name; not with `sessions`.
        prefix: what all keys begin with.
        boto_session: a boto3 session to make the client of.
        boto_client_config: a botocore configuration, which wins over the defaults here.
        region_name: None for what the AWS configuration says.
        endpoint_url: of an S3-compatible server.
        sessions: `Sessions` to keep it in (any store, a client of your own, KMS and other
            `put_args`), in place of the arguments above; hooks then run in threads. Or
            `AsyncSessions`: hooks are awaited, and Strands' blocking methods are not for use in
            an event loop.
        on_conflict: `raise`, the default: when another process has extended the history, the next
            append raises `AppendConflict`. `rebase`: append behind it, for logs that are shared.
        turns: whether an invocation claims the history from its first message to its end, so that
            a second one waits, or gets `SessionBusy`, before it calls a model.
        turn_wait: most seconds to wait for another's turn.
        turn_lease: seconds after which the turn of a process that died can be taken over.
        on_error: `raise`, or `log`: the agent goes on, `failures.count` counts, and what was not
            stored is stored with the next message. What cannot be restored is raised in any case.
        tell_error: called with each error, logged or raised, of what was to be stored.
        name_invocation: names an invocation by its `invocation_state`, so that one that is
            delivered again is known: by default `invocation_state["write_id"]`.
        **options: settings of `Sessions` by name: `put_args`, `width`, `trust` …

    Raises:
        InvalidId: a session id that cannot stand in a key, or has a path separator.
        InvalidSettings: arguments that cannot work, or do not go together.
    """

    def __init__(
        self,
        session_id: str,
        bucket: str | None = None,
        prefix: str = "",
        boto_session: Any = None,
        boto_client_config: Any = None,
        region_name: str | None = None,
        endpoint_url: str | None = None,
        *,
        sessions: Sessions | AsyncSessions | None = None,
        on_conflict: Literal["raise", "rebase"] | None = None,
        turns: bool = False,
        turn_wait: float = 30.0,
        turn_lease: float = 60.0,
        on_error: Literal["raise", "log"] = "raise",
        tell_error: Callable[[S3SessionsError], None] | None = None,
        name_invocation: NameInvocation = named_by_state,
        **options: Any,
    ) -> None:
        given = (boto_session, boto_client_config, region_name, endpoint_url)
        if (bucket is None) == (sessions is None):
            raise InvalidSettings("give a bucket, or sessions, and not both")
        if sessions is not None and (prefix or options or any(part is not None for part in given)):
            raise InvalidSettings("sessions are given: put prefix, client and settings into them")
        self.session_id = checked_id("session_id", session_id)
        self.bucket = bucket
        self.prefix = prefix
        self._place: Place | None = None
        if bucket is not None:
            self._place = Place.of(
                bucket,
                prefix,
                region=region_name,
                endpoint_url=endpoint_url,
                boto_session=boto_session,
                boto_client_config=boto_client_config,
                options=options,
            )
        super().__init__(lambda: sessions if self._place is None else self._place.sessions())
        self.failures = Failures(session_id, on_error, tell_error)
        self._face = Face(is_async=hasattr(sessions, "__aenter__"))
        ways = Ways(on_conflict, turns, turn_wait, turn_lease, name_invocation)
        self._keeper = Keeper(
            session_id, lambda: self.sessions, ways, self.failures, self, self._face
        )

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """Objects that could not be read when the agents were restored; passed over, by key."""
        return tuple(error for talk in self._conversations for error in talk.unreadable)

    @property
    def holes(self) -> tuple[range, ...]:
        """Runs of message indexes that no object holds, of all agents: removed by hand, or lost."""
        return tuple(hole for talk in self._conversations for hole in talk.holes)

    @property
    def foreign(self) -> int:
        """Objects beside the messages of the agents that are no part of a session; passed over."""
        return sum(talk.foreign for talk in self._conversations)

    @property
    def _conversations(self) -> Iterator[Conversation]:
        return iter(self._keeper.conversations.values())

    @property
    def client(self) -> Any:
        """The boto3 client that all managers of the process share; None with `sessions` given."""
        return None if self._place is None else self._place.client()

    @property
    def session(self) -> Session:
        """The session as it is stored, or as it would begin. Requests: as `read_session`."""
        return self.read_session(self.session_id) or Session(self.session_id, SessionType.AGENT)

    # Hooks

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Register what saves agents, graphs and swarms as they go on."""
        registry.add_callback(AgentInitializedEvent, lambda event: self.initialize(event.agent))
        # Last: what another hook refuses has claimed nothing.
        registry.add_callback(BeforeInvocationEvent, self._begin, order=HookOrder.SDK_LAST)
        registry.add_callback(MessageAddedEvent, self._added)
        registry.add_callback(MessageUpdatedEvent, self._added)
        registry.add_callback(AfterInvocationEvent, self._end)
        registry.add_callback(MultiAgentInitializedEvent, self._multi_agent_begins)
        registry.add_callback(AfterNodeCallEvent, self._multi_agent_goes_on)
        registry.add_callback(AfterMultiAgentInvocationEvent, self._multi_agent_goes_on)

    async def _begin(self, event: BeforeInvocationEvent) -> None:
        await self._keeper.begin(self._face.hooks, event)

    async def _added(self, event: MessageAddedEvent[Any] | MessageUpdatedEvent[Any]) -> None:
        await unbroken(self._store(event.agent, event.message))

    async def _store(self, agent: Any, message: StrandsMessage) -> None:
        await self._settle(agent)
        await self._keeper.added(self._face.hooks, agent, message)

    async def _end(self, event: AfterInvocationEvent) -> None:
        await unbroken(self._finish(event.agent))

    async def _finish(self, agent: Any) -> None:
        try:
            await self._settle(agent)
        finally:
            await self._keeper.end(self._face.hooks, agent)

    async def _multi_agent_begins(self, event: MultiAgentInitializedEvent) -> None:
        work = self._keeper.start_multi_agent(self._face.hooks, event.source)
        await self._keeper.watch(work)

    async def _multi_agent_goes_on(
        self, event: AfterNodeCallEvent | AfterMultiAgentInvocationEvent
    ) -> None:
        work = self._keeper.save_multi_agent(self._face.hooks, event.source)
        await self._keeper.watch(work)

    # What Strands calls, and may be called by hand

    def initialize(self, agent: Any, **kwargs: Any) -> None:
        """Take charge of an agent; it is restored when it is first used.

        Raises:
            SessionException: this manager has an agent of that id already.
            InvalidId: the agent's id cannot stand in a key, or has a path separator.
        """
        if getattr(agent, "storage", None) is not None:
            warn_of_storage()
        self._keeper.take_charge_of(agent)
        if isinstance(agent, Agent):
            put_to_sleep(agent, self)
        else:
            # Agents that talk both ways are not invoked: nothing of them could be awaited.
            self.restore(agent)

    def restore(self, agent: Any) -> None:
        """Make an agent what is stored: now, or anew after an `AppendConflict`.

        Requests: 1 LIST for each 1,000 messages, 1 GET for each message that its conversation
        manager did not drop, 2 GET for documents; 1 LIST more where nothing is stored.

        Raises:
            AmbiguousAgent: the agent has the default id, and the session has several others.
            SessionDeleted, UnsupportedVersion, AccessDenied, StoreUnavailable: as
                `AgentSession.restore`.
            ValueError: of Strands: another kind of conversation manager was at work.
        """
        self._face.block(self._keeper.restore(self._face.verbs, agent))

    async def restore_async(self, agent: Any) -> None:
        """Do what `restore` does without blocking the event loop."""
        await self._keeper.restore(self._face.hooks, agent)

    def rouse(self, agent: Any) -> None:
        """Restore an agent that is used for the first time; `restore` does it at any time."""
        self._face.block(self._keeper.rouse(self._face.verbs, agent))

    async def rouse_async(self, agent: Any) -> None:
        """Do what `rouse` does without blocking the event loop."""
        await self._keeper.rouse(self._face.hooks, agent)

    def chat(self, agent: Any) -> AgentSession | AsyncAgentSession:
        """Give the handle on an agent's history, which this manager writes through."""
        chat: AgentSession | AsyncAgentSession = self._keeper.of(agent).chat
        return chat

    def stored(self, agent: Any) -> list[Message]:
        """Give the messages of the history that an agent holds, as they are stored, in order.

        Requests: none, or those of `restore` for an agent that was not used yet. Raises what that
        raises.
        """
        self._wake(agent)
        return self._keeper.of(agent).stored()

    def interrupts(self, agent: Any) -> list[Interrupt]:
        """Give what an agent has asked and waits to be told before it goes on; none if it does not.

        Those that were told already have a `response`. Requests and errors: as `stored`.
        """
        self._wake(agent)
        state = agent._interrupt_state
        return list(state.interrupts.values()) if state.activated else []

    def end_threads(self) -> None:
        """End the threads in which hooks wait for the store; the next hook makes new ones.

        All managers of the process share them. For a process that is frozen between invocations.
        """
        end_threads()

    def append_message(self, message: StrandsMessage, agent: Any, **kwargs: Any) -> None:
        """Store a message. Raises what `AgentSession.append` raises."""
        self._wake(agent)
        self._do(self._keeper.of(agent).append(self._face.verbs, message, lambda: None))

    def sync_agent(self, agent: Any, **kwargs: Any) -> None:
        """Write agent.json if it changed; in an event loop before the invocation ends."""
        self._wake(agent)
        conversation = self._keeper.of(agent)
        self._soon(conversation, conversation.save(self._face.verbs, conversation.look()))

    def redact_latest_message(
        self, redact_message: StrandsMessage, agent: Any, **kwargs: Any
    ) -> None:
        """Take the content of the newest message out of the store, this in its place.

        In an event loop that is done before the next message, or before the invocation ends.

        Raises:
            SessionException: there is no message.
        """
        self._wake(agent)
        conversation = self._keeper.of(agent)
        self._soon(conversation, conversation.redact(self._face.verbs, redact_message))

    def sync_multi_agent(self, source: Any, **kwargs: Any) -> None:
        """Write the state of a graph or swarm. Raises Conflict where another process did."""
        self._face.block(
            self._keeper.watch(self._keeper.save_multi_agent(self._face.verbs, source))
        )

    def initialize_multi_agent(self, source: Any, **kwargs: Any) -> None:
        """Give a graph or swarm the state that is stored, or store the one that it has."""
        self._face.block(
            self._keeper.watch(self._keeper.start_multi_agent(self._face.verbs, source))
        )

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        """Do work here; a failure is raised in Strands' terms, or logged."""
        self._face.block(self._keeper.watch(work))

    def _wake(self, agent: Any) -> None:
        if is_asleep(agent):
            self.rouse(agent)

    def _soon(self, conversation: Conversation, work: Coroutine[Any, Any, None]) -> None:
        """Do what an agent asks for in the middle of its loop: beside it, awaited by a hook."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._do(work)
        else:
            conversation.unfinished.append(self._face.beside(self._keeper.watch(work)))

    async def _settle(self, agent: Any) -> None:
        """Wait for what was begun beside the loop; what failed of it waits, and is done again."""
        unfinished = self._keeper.of(agent).unfinished
        while unfinished:
            with suppress(S3SessionsError):
                await asyncio.wrap_future(unfinished.pop(0))


@functools.cache
def warn_of_storage() -> None:
    """Say once that an agent's own storage is not used."""
    warnings.warn(
        "Agent-level storage is set, but S3SessionManager does not use it: give it to a "
        "SnapshotSessionManager",
        stacklevel=4,
    )
