"""Where a conversation goes, and how much of it is there already.

An agent holds a conversation if one is the beginning of the other. Then only what is lacking is
appended, so that importing twice changes nothing and an import that was cut off goes on. An agent
that holds anything else is somebody else's, and the conversation goes to `<agent id>~2`, `~3` …
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from s3sessions.errors import (
    AppendConflict,
    CorruptObject,
    InvalidMessage,
    MessageNotFound,
    UnsupportedVersion,
)
from s3sessions.export.conversation import Chain, Conversation

if TYPE_CHECKING:
    from s3sessions.models import History, Message
    from s3sessions.sync import AgentSession, Sessions

__all__ = ["Placement"]

_MOST_CONFLICTS: Final = 10


class Placement:
    """One conversation on its way into the store.

    Attributes:
        agent_id: the agent that holds it; until then, the one that is being looked at.
        written: messages that were appended so far.
    """

    def __init__(
        self, sessions: Sessions, conversation: Conversation, stop: threading.Event
    ) -> None:
        self._sessions = sessions
        self._conversation = conversation
        self._stop = stop
        self._write_ids: list[str] = []
        self.agent_id = conversation.agent_id
        self.written = 0

    def run(self) -> None:
        """Bring the conversation into the store, or what is lacking of it.

        Requests: a restore of the last message; 1 PUT for each message that is lacking and for
        each missing document. More only where others wrote too.
        Stops after the current message once `stop` is set.

        Raises:
            InvalidId: an id that cannot stand in a key.
            InvalidMessage: a message that cannot be stored as it is; nothing was written, unless
                it is over the size limit.
            CorruptObject, UnsupportedVersion: the last stored message cannot be read.
            SessionDeleted: the session is being deleted.
            AppendConflict: others extended the agent's history at each of ten tries.
            S3SessionsError: any error of the store.
        """
        self._write_ids = self._conversation.write_ids()
        for agent_id in _candidates(self._conversation.agent_id):
            self.agent_id = agent_id
            if self._fits():
                return

    def _fits(self) -> bool:
        """Complete the conversation under the current agent; False if that one is taken."""
        conflicts = 0
        while True:
            chat = self._open()
            history = chat.restore(last=1)
            held = self._held(chat, history)
            if held is None:
                return False
            try:
                self._append_from(chat, held)
            except AppendConflict:
                conflicts += 1
                if conflicts == _MOST_CONFLICTS:
                    raise
                continue
            if history.next_index <= len(self._write_ids) and not self._stop.is_set():
                self._restore_state(chat, history)
                self._restore_summary(chat, history)
                if history.missing and held == len(self._write_ids):
                    # What a crash beside the last message has left out, and no append brings back.
                    self._open().save_state({})
            return True

    def _open(self) -> AgentSession:
        conversation = self._conversation
        return self._sessions.open(
            conversation.session_id,
            self.agent_id,
            created_at=conversation.created_at,
            agent_metadata=conversation.metadata,
            agent_fields=lambda: {**conversation.agent_fields, "state": conversation.state or {}},
            **conversation.session,
        )

    def _held(self, chat: AgentSession, history: History) -> int | None:
        """How many messages of the conversation the agent holds; None if it holds another's."""
        stored = history.next_index
        if stored == 0:
            return 0
        # Behind an end that is not visible any more, messages would not stand at their own index.
        if history.messages and history.messages[-1].index == stored - 1:
            last = history.messages[-1].write_id
            if stored <= len(self._write_ids) and self._write_ids[stored - 1] == last:
                return stored
            if stored > len(self._write_ids) and self._is_continued(chat):
                return len(self._write_ids)
        return self._compare(chat, stored)

    def _is_continued(self, chat: AgentSession) -> bool:
        """Whether it is all there, and somebody went on from its end."""
        try:
            return chat.read(len(self._write_ids) - 1).write_id == self._write_ids[-1]
        except (MessageNotFound, CorruptObject, UnsupportedVersion):
            return False

    def _compare(self, chat: AgentSession, stored: int) -> int | None:
        """Compare message by message: other writers, and exports, do not know our write ids."""
        chain = Chain(self._conversation)
        common = min(stored, len(self._write_ids))
        found = 0
        try:
            for found, message in enumerate(_beginning(chat, common), 1):
                if message.index != found - 1:
                    return None
                if chain.extend(message.payload) != self._write_ids[message.index]:
                    return None
        except (MessageNotFound, CorruptObject, UnsupportedVersion, InvalidMessage):
            return None
        return common if found == common else None

    def _append_from(self, chat: AgentSession, held: int) -> None:
        count = len(self._write_ids)
        times = self._conversation.times or [None] * count
        usage = self._conversation.usage or [None] * count
        for index in range(held, count):
            if self._stop.is_set():
                return
            chat.append(
                self._conversation.messages[index],
                write_id=self._write_ids[index],
                created_at=times[index],
                usage=usage[index],
                usage_total=self._conversation.usage_total if index == count - 1 else None,
            )
            self.written += 1

    def _restore_state(self, chat: AgentSession, history: History) -> None:
        state, fields = self._conversation.state, self._conversation.agent_fields
        if state is not None or fields:
            dropped = [] if state is None else [n for n in history.state if n not in state]
            chat.save_state(state or {}, remove=dropped, fields=fields)

    def _restore_summary(self, chat: AgentSession, history: History) -> None:
        summary = self._conversation.summary
        if summary and history.summary is None:
            # It is of what came before the messages, none of which it hides.
            chat.summarize(summary, keep_last=len(self._write_ids))


def _beginning(chat: AgentSession, stop: int) -> Iterator[Message]:
    """Give the first messages; the very first by itself, for mostly it tells enough."""
    yield chat.read(0)
    if stop > 1:
        yield from chat.iterate(start=1, stop=stop)


def _candidates(agent_id: str) -> Iterator[str]:
    yield agent_id
    number = 2
    while True:
        yield f"{agent_id}~{number}"
        number += 1
