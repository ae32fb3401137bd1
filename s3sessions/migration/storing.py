"""A foreign session on its way into the store, and the proof that it arrived.

Each conversation is placed as import places it: what is there already is not written again, and
what is somebody else's stays. Then all is read back and compared, before anyone lets go of the
source. Cut off at any point, the next run finds what is there and completes it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from s3sessions.errors import AlreadyExists, Conflict, CorruptObject
from s3sessions.export.conversation import Conversation
from s3sessions.export.importing import Renaming
from s3sessions.export.resume import Placement
from s3sessions.migration.foreign import ForeignSession
from s3sessions.values import are_same

if TYPE_CHECKING:
    from s3sessions.models import History
    from s3sessions.sync import AgentSession, Sessions

__all__ = ["Storing"]


@dataclass(slots=True)
class Storing:
    """One session on its way into the store.

    Attributes:
        messages: of all its agents, that are stored and were read back.
        written: messages that were written.
        is_changed: whether anything was written.
        renamed: conversations that went to another agent id.
    """

    sessions: Sessions
    session: ForeignSession
    stop: threading.Event
    messages: int = 0
    written: int = 0
    is_changed: bool = False
    renamed: list[Renaming] = field(default_factory=list)

    def run(self) -> None:
        """Store what is lacking and read all of it back; ends early once `stop` is set.

        Requests: for each agent those of `Placement.run` and a whole restore, and those of
        `AgentSession.summarize` where there is a summary; 2 GET for each graph and swarm, and 2 GET
        and 1 PUT for one that is new.

        Raises:
            Conflict: another graph's state is stored under the same id.
            CorruptObject: what was read back is not what was stored.
            S3SessionsError: see `Placement.run`.
        """
        for agent in self.session.agents:
            if agent.messages:
                self._store(agent)
            elif agent.state or agent.summary:
                self._store_silent(agent)
            if self.stop.is_set():
                return
        for multi_agent_id, body in self.session.multi_agents.items():
            self._store_multi_agent(multi_agent_id, body)

    def _store(self, conversation: Conversation) -> None:
        # The summary comes last, from a handle that has read all there is.
        placement = Placement(self.sessions, replace(conversation, summary=None), self.stop)
        try:
            placement.run()
        finally:
            self.written += placement.written
            self.is_changed |= placement.written > 0
        if self.stop.is_set():
            return
        if placement.agent_id != conversation.agent_id:
            self.renamed.append(
                Renaming(conversation.session_id, conversation.agent_id, placement.agent_id)
            )
        chat = self.sessions.open(conversation.session_id, placement.agent_id)
        history = chat.restore(on_corrupt="report")
        _compare(history, conversation)
        self.messages += len(conversation.messages)
        self._summarize(chat, history, conversation.summary)

    def _summarize(self, chat: AgentSession, history: History, summary: str | None) -> None:
        """Set the summary where nobody has gone on summarising; hides nothing."""
        if summary and history.summary is None and history.first == 0:
            # It is of what came before: none of the messages that are here is in it.
            chat.summarize(summary, keep_last=len(history.messages))
            self.is_changed = True

    def _store_silent(self, conversation: Conversation) -> None:
        """Store an agent that has a state or a summary, and no message."""
        self._begin_session()
        chat = self.sessions.open(
            conversation.session_id,
            conversation.agent_id,
            agent_metadata=conversation.metadata,
        )
        history = chat.restore()
        if history.next_index > 0:
            return
        if not are_same(history.state, conversation.state or {}):
            chat.save_state(conversation.state or {}, fields=conversation.agent_fields)
            self.is_changed = True
        self._summarize(chat, history, conversation.summary)

    def _store_multi_agent(self, multi_agent_id: str, body: Mapping[str, Any]) -> None:
        session_id = self.session.session_id
        graph = self.sessions.multi_agent(session_id, multi_agent_id)
        stored = graph.restore()
        if stored is None:
            if self.messages == 0:
                self._begin_session()
            graph.save(body)
            self.is_changed = True
            stored = self.sessions.multi_agent(session_id, multi_agent_id).restore()
        if not are_same(stored, dict(body)):
            raise Conflict(
                f"session {session_id!r} has another state of {multi_agent_id!r}: not written over"
            )

    def _begin_session(self) -> None:
        """Create the session, which messages would: a graph's nodes store none."""
        with suppress(AlreadyExists):
            self.sessions.create(
                self.session.session_id,
                created_at=self.session.created_at,
                **self.session.details,
            )


def _compare(history: History, conversation: Conversation) -> None:
    """Raise CorruptObject where a message is not there as it was read from the source."""
    stored = {message.index: message.payload for message in history.messages}
    for index, message in enumerate(conversation.messages):
        if not are_same(stored.get(index), message):
            raise CorruptObject(
                f"message {index} of session {history.session_id!r}, agent {history.agent_id!r}, "
                "did not come back as it was stored: the source stays as it is"
            )
