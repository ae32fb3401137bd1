"""What is done for the agents, graphs and swarms of one session, in blocking and in async code."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from strands.hooks import BeforeInvocationEvent
from strands.types.content import Message as StrandsMessage
from strands.types.exceptions import SessionException

from s3sessions.errors import AmbiguousAgent, InvalidSettings, S3SessionsError
from s3sessions.integrations.strands.calls import Call, Face
from s3sessions.integrations.strands.conversation import Conversation
from s3sessions.integrations.strands.dormant import Waker, is_asleep
from s3sessions.integrations.strands.failures import Failures, as_strands
from s3sessions.integrations.strands.graphs import AsyncMultiAgent, MultiAgent
from s3sessions.integrations.strands.ids import checked_id
from s3sessions.integrations.strands.invocation import Invocation, NameInvocation
from s3sessions.integrations.strands.redelivery import answer_again, take_up
from s3sessions.models import History, Message

_DEFAULT_AGENT = "default"
_TWICE = "The `agent_id` of an agent must be unique in a session."


@dataclass(frozen=True)
class Ways:
    """How a session is kept; see `S3SessionManager`.

    Raises:
        InvalidSettings: an `on_conflict` that there is not.
    """

    on_conflict: Literal["raise", "rebase"] | None
    turns: bool
    turn_wait: float
    turn_lease: float
    name_invocation: NameInvocation

    def __post_init__(self) -> None:
        if self.on_conflict not in (None, "raise", "rebase"):
            raise InvalidSettings(f"on_conflict={self.on_conflict!r}: must be 'raise' or 'rebase'")


class Keeper:
    """Keeps what the agents of one session say; each verb is made through the `Call` given."""

    def __init__(
        self,
        session_id: str,
        sessions: Callable[[], Any],
        ways: Ways,
        failures: Failures,
        waker: Waker,
        face: Face,
    ) -> None:
        self._session_id = session_id
        self._sessions = sessions
        self._ways = ways
        self._failures = failures
        self._waker = waker
        self._multi_agent_kind = AsyncMultiAgent if face.is_async else MultiAgent
        self._rousing = threading.Lock()
        self._invocations: dict[str, Invocation] = {}
        self._multi_agents: dict[str, MultiAgent] = {}
        self.conversations: dict[str, Conversation] = {}

    async def watch(self, work: Coroutine[Any, Any, None]) -> None:
        """Do work of which a failure is raised in Strands' terms, or logged."""
        try:
            await work
        except S3SessionsError as error:
            self._failures.meet(error)

    # Agents

    def take_charge_of(self, agent: Any) -> None:
        """Begin to keep an agent. Raises SessionException for a second one of its id."""
        agent_id = checked_id("agent_id", agent.agent_id)
        if agent_id in self.conversations:
            raise SessionException(_TWICE)
        self.conversations[agent_id] = Conversation(agent, self._open)

    def of(self, agent: Any) -> Conversation:
        """Give what is known of an agent. Raises SessionException for one of another manager."""
        try:
            return self.conversations[agent.agent_id]
        except KeyError:
            raise SessionException(
                f"agent_id={agent.agent_id!r}: initialize the agent with this manager first"
            ) from None

    async def restore(self, call: Call, agent: Any) -> None:
        """Make an agent what is stored."""
        conversation, history, kept = await self._read(call, agent)
        conversation.revive(self._waker, history, kept)

    async def rouse(self, call: Call, agent: Any) -> None:
        """Restore an agent that sleeps; of several who come at once the first one does it."""
        conversation, history, kept = await self._read(call, agent)
        with self._rousing:
            if is_asleep(agent):
                conversation.revive(self._waker, history, kept)

    async def _read(
        self, call: Call, agent: Any
    ) -> tuple[Conversation, History, Sequence[Message]]:
        """Read what is stored of an agent, or of the one that there is where none was named."""
        conversation = self.of(agent)
        try:
            history, kept = await conversation.read(call)
            if agent.agent_id == _DEFAULT_AGENT and not (history.messages or history.agent_fields):
                others = await call(self._sessions().agents, self._session_id)
                if others and list(others) != [_DEFAULT_AGENT]:
                    self._adopt(conversation, others)
                    history, kept = await conversation.read(call)
        except S3SessionsError as error:
            raise as_strands(error) from None
        return conversation, history, kept

    def _adopt(self, conversation: Conversation, ids: Sequence[str]) -> None:
        """Go on as the one agent of the session, where none was named."""
        if len(ids) > 1:
            raise AmbiguousAgent(
                f"session {self._session_id!r} has several agents and none was named: give the "
                f"agent one of the ids {', '.join(map(repr, ids))}",
                ids=ids,
            )
        if ids[0] in self.conversations:
            raise SessionException(_TWICE)
        conversation.adopt(ids[0])
        self.conversations[ids[0]] = self.conversations.pop(_DEFAULT_AGENT)

    def _open(self, agent_id: str, first_fields: Callable[[], dict[str, Any]]) -> Any:
        return self._sessions().open(
            self._session_id,
            agent_id,
            on_conflict=self._ways.on_conflict,
            agent_fields=first_fields,
        )

    # Invocations

    async def begin(self, call: Call, event: BeforeInvocationEvent) -> None:
        """Begin an invocation. Raises SessionBusy where another has the turn."""
        agent = event.agent
        conversation = self.of(agent)
        invocation = Invocation(self._ways.name_invocation(event.invocation_state))
        # Strands tells of no end where a hook behind this one has raised.
        await self._invocations.pop(agent.agent_id, Invocation()).end(call)
        self._invocations[agent.agent_id] = invocation
        if self._ways.turns:
            await self._claim(call, agent, invocation)
        try:
            if invocation.name is not None:
                await self.watch(conversation.store(call))
            take_up(conversation, invocation, event)
        except BaseException:
            # Strands tells of no end where the beginning has failed.
            await invocation.end(call)
            raise

    async def _claim(self, call: Call, agent: Any, invocation: Invocation) -> None:
        """Take the turn, and see what others said until then."""
        conversation = self.of(agent)

        def turn() -> Any:
            return conversation.chat.turn(wait=0.0, lease=self._ways.turn_lease)

        try:
            await invocation.claim(call, turn, wait=self._ways.turn_wait)
            await conversation.catch_up(call, self._waker)
        except BaseException as error:
            await invocation.end(call)
            raise as_strands(error) if isinstance(error, S3SessionsError) else error from None

    async def added(self, call: Call, agent: Any, message: StrandsMessage) -> None:
        """Store a message that an agent has added, and its state if that changed."""
        conversation = self.of(agent)
        invocation = self._invocations.setdefault(agent.agent_id, Invocation())
        if invocation.answer is not None:
            answer_again(invocation, agent, message)
            return
        await self.watch(conversation.append(call, message, invocation.next_write_id))
        await self.watch(conversation.sync(call))

    async def end(self, call: Call, agent: Any) -> None:
        """End an invocation: redact what waits, store the state if it changed, end the turn."""
        try:
            await self.watch(self.of(agent).make_redactions(call))
            await self.watch(self.of(agent).sync(call))
        finally:
            await self.watch(self._invocations.pop(agent.agent_id, Invocation()).end(call))

    # Graphs and swarms

    async def start_multi_agent(self, call: Call, source: Any) -> None:
        """Give a graph or swarm the state that is stored, or store the one that it has."""
        multi_agent = self._multi_agent(source.id)
        body = await multi_agent.restore(call)
        if body is None:
            await multi_agent.save(call, source)
        else:
            source.deserialize_state(body)

    async def save_multi_agent(self, call: Call, source: Any) -> None:
        """Store the state of a graph or swarm if it changed."""
        await self._multi_agent(source.id).save(call, source)

    def _multi_agent(self, multi_agent_id: str) -> MultiAgent:
        if multi_agent_id not in self._multi_agents:
            checked_id("multi_agent_id", multi_agent_id)
            handle = self._sessions().multi_agent(self._session_id, multi_agent_id)
            self._multi_agents[multi_agent_id] = self._multi_agent_kind(handle)
        return self._multi_agents[multi_agent_id]
