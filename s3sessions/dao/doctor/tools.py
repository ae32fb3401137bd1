"""Tool calls and their results in a payload, in the shapes of Bedrock, Anthropic and OpenAI.

Pure and total: whatever JSON a payload holds, reading it raises nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from s3sessions.models import Message

_CALLS = frozenset({"tool_use", "function_call"})
_RESULTS = frozenset({"tool_result", "function_call_output"})


def calls(payload: Mapping[str, Any]) -> set[str]:
    """Give the ids of the tool calls in a payload."""
    found = {_text(call, "id") for call in _mappings(payload.get("tool_calls"))}
    for block in _blocks(payload):
        if block.get("type") in _CALLS:
            found.add(_text(block, "call_id", "id"))
        found |= {_text(inner, "toolUseId") for inner in _mappings([block.get("toolUse")])}
    return found - {""}


def results(payload: Mapping[str, Any]) -> set[str]:
    """Give the ids of the tool calls that a payload answers."""
    found = {_text(payload, "tool_call_id")}
    for block in _blocks(payload):
        if block.get("type") in _RESULTS:
            found.add(_text(block, "tool_use_id", "call_id"))
        found |= {_text(inner, "toolUseId") for inner in _mappings([block.get("toolResult")])}
    return found - {""}


def _blocks(payload: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give the content blocks, and the payload itself: an item of OpenAI's Responses is one."""
    yield payload
    yield from _mappings(payload.get("content"))


def _mappings(items: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(items, list):
        yield from (item for item in items if isinstance(item, Mapping))


def _text(block: Mapping[str, Any], *names: str) -> str:
    texts = (block.get(name) for name in names)
    return next((text for text in texts if isinstance(text, str)), "")


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
