"""An agent that a session manager keeps, in one turn: what it has said, and what it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from s3sessions.models import Message

if TYPE_CHECKING:
    from s3sessions import AgentSession
    from s3sessions.integrations.strands import S3SessionManager

__all__ = ["KeptAgent"]

_FILLER: Final = [{"text": "Tool was interrupted."}]
"""What Strands puts in the place of a result that is missing."""


class KeptAgent:
    """An agent in one turn, which is known by the write id of its messages."""

    def __init__(self, agent: Any, manager: S3SessionManager, write_id: str) -> None:
        self._agent = agent
        self._manager = manager
        self._write_id = write_id

    @property
    def chat(self) -> AgentSession:
        """The handle that its messages are stored through."""
        return cast("AgentSession", self._manager.chat(self._agent))

    @property
    def said(self) -> list[Message]:
        """What is stored of this turn, in order."""
        return [message for message in self._manager.stored(self._agent) if self._is_ours(message)]

    @property
    def last(self) -> Message | None:
        """The last message of this turn; of one that said nothing, that which waits to be told."""
        stored = self._manager.stored(self._agent)
        said = [message for message in stored if self._is_ours(message)]
        if said or not self.interrupts:
            return said[-1] if said else None
        return stored[-1] if stored else None

    @property
    def interrupts(self) -> list[str]:
        """The ids of what it has asked and waits to be told, or was told in part."""
        return [asked.id for asked in self._manager.interrupts(self._agent)]

    @property
    def unanswered(self) -> tuple[Mapping[str, Any], ...]:
        """What it still waits to be told."""
        return tuple(
            {"id": asked.id, "name": asked.name, "reason": asked.reason}
            for asked in self._manager.interrupts(self._agent)
            if asked.response is None
        )

    @property
    def is_over(self) -> bool:
        """Whether this turn has ended before: with an answer, or with what another turn tells."""
        said = self.said
        if not said or said[-1].payload.get("role") != "assistant":
            return False
        calls = {call["toolUseId"] for call in _blocks(said[-1], "toolUse")}
        return not calls or bool(self.interrupts) or self._were_answered(calls, said[-1])

    def ask(self, prompt: Any) -> None:
        """Run it."""
        self._agent(prompt, invocation_state={"write_id": self._write_id})

    def _is_ours(self, message: Message) -> bool:
        write_id = message.write_id
        return write_id is not None and write_id.startswith(f"{self._write_id}/")

    def _were_answered(self, calls: set[str], by: Message) -> bool:
        """Tell whether another turn has given results of calls, and not what fills their place."""
        stored = self._manager.stored(self._agent)
        behind = stored[stored.index(by) + 1 :]
        results = [result for message in behind for result in _blocks(message, "toolResult")]
        return any(r["toolUseId"] in calls and r.get("content") != _FILLER for r in results)


def _blocks(message: Message, kind: str) -> list[Any]:
    return [block[kind] for block in message.payload.get("content", ()) if kind in block]
