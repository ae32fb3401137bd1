"""The conversation that a chat is in: what was restored and said, and what waits to be stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from s3sessions import AgentSession, History, Message, SessionDetails, Sessions, TooManyMessages
from s3sessions.tool_calls import repair
from s3sessions.usage import fold

__all__ = ["Conversation", "Unsaved"]

MOST_MESSAGES: Final = 20_000
"""Of a longer history only the newest are read."""

NEWEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A message that is not stored yet; its write id keeps it from being stored twice."""

    payload: Mapping[str, Any]
    write_id: str
    status: Literal["partial"] | None = None
    usage: Mapping[str, Any] | None = None


class Conversation:
    """One agent's history in one session, and what was said since it was restored.

    Attributes:
        messages: as they are stored, in order.
        unsaved: what was said after them, in order.
    """

    def __init__(self, sessions: Sessions, details: SessionDetails) -> None:
        self.sessions = sessions
        self.messages: list[Message] = []
        self.unsaved: list[Unsaved] = []
        self._details = details
        self._history: History
        self._chat: AgentSession

    @property
    def session_id(self) -> str:
        return self._chat.session_id

    @property
    def agent_id(self) -> str:
        return self._chat.agent_id

    @property
    def chat(self) -> AgentSession:
        """The handle that everything is stored through."""
        return self._chat

    @property
    def usage(self) -> dict[str, Any]:
        """What was used so far, added up."""
        return fold(self.messages[len(self._history.messages) :], self._history.usage)

    def open(self, session_id: str, agent_id: str) -> History:
        """Go to an agent of a session, there already or not, and restore it.

        Raises:
            InvalidId: an id that cannot stand in a key.
            S3SessionsError: as `AgentSession.restore`; where the conversation was, it stays.
        """
        chat = self.sessions.open(session_id, agent_id, **self._details)
        try:
            history = chat.restore(max_messages=MOST_MESSAGES, on_corrupt="report")
        except TooManyMessages:
            history = chat.restore(last=NEWEST, on_corrupt="report")
        self._chat, self._history, self.messages = chat, history, list(history.messages)
        return history

    def as_the_model_reads_it(self) -> Sequence[Mapping[str, Any]]:
        """Give what was said, tool calls that a crash has left alone mended."""
        said = [message.payload for message in self.messages]
        return repair([*said, *(unsaved.payload for unsaved in self.unsaved)])

    @property
    def summary(self) -> str | None:
        """What stands for messages that are not read any more."""
        return self._history.summary.text if self._history.summary else None

    def store_next(self) -> None:
        """Store the first of what is unsaved.

        Raises:
            S3SessionsError: as `AgentSession.append`; it stays unsaved.
        """
        first = self.unsaved[0]
        stored = self._chat.append(
            first.payload, write_id=first.write_id, status=first.status, usage=first.usage
        )
        del self.unsaved[0]
        self.messages.append(stored)

    def read_others(self) -> Sequence[Message]:
        """Read what others have said meanwhile, to go on after it.

        Raises:
            S3SessionsError: as `AgentSession.refresh`.
        """
        others = self._chat.refresh()
        self.messages += others
        return others
