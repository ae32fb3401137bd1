"""The tool calls that an agent's last turn has left without results.

Also those of OpenAI's Responses, whose items have no role and stand by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s3sessions.models import Message
from s3sessions.tool_calls.shapes import NOTATIONS


def calls(payload: Mapping[str, Any]) -> set[str]:
    """Give the ids of the tool calls in a payload."""
    found = {mention.call_id for notation in NOTATIONS for mention in notation.calls(payload)}
    return found | _item(payload, "function_call")


def results(payload: Mapping[str, Any]) -> set[str]:
    """Give the ids of the tool calls that a payload answers."""
    found = {mention.call_id for notation in NOTATIONS for mention in notation.results(payload)}
    return found | _item(payload, "function_call_output")


def _item(payload: Mapping[str, Any], kind: str) -> set[str]:
    call_id = payload.get("call_id") if payload.get("type") == kind else None
    return {call_id} if isinstance(call_id, str) and call_id else set()


@dataclass
class ToolCalls:
    """The calls of the last assistant message, and all results, as messages are read.

    Messages may come in the order of their indexes, in which a batch is not read in its place.
    """

    index: int = -1
    _place: tuple[int, int] = (-1, 0)
    _calls: set[str] = field(default_factory=set)
    _results: set[str] = field(default_factory=set)

    def read(self, message: Message, place: tuple[int, int]) -> None:
        """Take in one visible message that is read at this place."""
        self._results |= results(message.payload)
        found = calls(message.payload)
        is_turn = message.payload.get("role") == "assistant"
        if not found and not is_turn:
            return
        if is_turn and place < self._place:
            return
        # Items without a role belong to the turn that they stand in.
        self._calls = found if is_turn else self._calls | found
        self.index, self._place = message.index, max(place, self._place)

    @property
    def unanswered(self) -> int:
        """How many calls of the last assistant message have no result."""
        return len(self._calls - self._results)
