"""How each provider writes a tool call and its result; nothing else spells their keys.

Total: whatever JSON a payload holds, reading it raises nothing. What is not as the provider writes
it (no role, no id, an id that is no text) is nobody's call.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol

__all__ = ["NOTATIONS", "Mention", "Notation", "Shape", "is_result", "notations"]

INTERRUPTED: Final = "Tool was interrupted."
"""What a model is told of a call whose result nobody has; the words are those of Strands."""


class Shape(enum.StrEnum):
    """Whose messages they are; a value never changes once released."""

    CONVERSE = "converse"
    """Bedrock's Converse and Strands: blocks `toolUse` and `toolResult`."""
    ANTHROPIC = "anthropic"
    """Anthropic's Messages: blocks of type `tool_use` and `tool_result`."""
    OPENAI = "openai"
    """OpenAI's chat completions: `tool_calls`, and messages of role `tool`."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A call or a result in a message: its place among the parts, and the id of the call."""

    at: int
    call_id: str


class Notation(Protocol):
    """How one provider writes calls and results.

    Attributes:
        answering: role of the messages that hold results.
        joins: whether neighbours of one role are one turn to the provider.
        is_whole: whether a result is a message of its own, rather than one block of several.
    """

    shape: ClassVar[Shape]
    answering: ClassVar[str]
    joins: ClassVar[bool]
    is_whole: ClassVar[bool]

    def calls(self, message: Mapping[str, Any]) -> list[Mention]:
        """Find the calls of an assistant message that wait for a result of the caller's."""

    def results(self, message: Mapping[str, Any]) -> list[Mention]:
        """Find the results among the parts of a message."""

    def result_id(self, part: Any) -> str:
        """Give the id of the call that a part answers; nothing where it answers none."""

    def parts(self, message: Mapping[str, Any]) -> list[Any] | None:
        """Give what a message is made of: its blocks, or itself; None where it has no parts."""

    def with_parts(self, message: Mapping[str, Any], parts: list[Any]) -> list[dict[str, Any]]:
        """Make the message anew of these parts; nothing of none."""

    def answer(self, results: list[Any]) -> list[dict[str, Any]]:
        """Make new messages of results."""

    def interrupted(self, call_id: str) -> dict[str, Any]:
        """Make the result that says that there is none."""

    def renamed_result(self, part: Any, call_id: str) -> dict[str, Any]:
        """Give the same result for another id."""

    def renamed_calls(self, message: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
        """Give the same message with other ids for some of its calls, by their places."""


class _Blocks(ABC):
    """Calls and results as blocks among the content: what Converse and Anthropic share."""

    answering: ClassVar[str] = "user"
    is_whole: ClassVar[bool] = False

    def calls(self, message: Mapping[str, Any]) -> list[Mention]:
        if message.get("role") != "assistant":
            return []
        # A tool that the provider runs itself has its result beside the call.
        answered = {self.result_id(block) for block in _blocks(message)}
        return [
            mention
            for mention in _mentions(_blocks(message), self.call_id)
            if mention.call_id not in answered
        ]

    def results(self, message: Mapping[str, Any]) -> list[Mention]:
        if message.get("role") != self.answering:
            return []
        return _mentions(_blocks(message), self.result_id)

    def parts(self, message: Mapping[str, Any]) -> list[Any] | None:
        content = message.get("content")
        return content if isinstance(content, list) else None

    def with_parts(self, message: Mapping[str, Any], parts: list[Any]) -> list[dict[str, Any]]:
        return [{**message, "content": parts}] if parts else []

    def answer(self, results: list[Any]) -> list[dict[str, Any]]:
        return [{"role": self.answering, "content": results}]

    def renamed_calls(self, message: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
        blocks = [
            self.renamed_call(block, names[at]) if at in names else block
            for at, block in enumerate(_blocks(message))
        ]
        return {**message, "content": blocks}

    @abstractmethod
    def call_id(self, block: Any) -> str:
        """Give the id of the call that the block is; nothing where it is none."""

    @abstractmethod
    def result_id(self, part: Any) -> str: ...

    @abstractmethod
    def renamed_call(self, block: Any, call_id: str) -> dict[str, Any]:
        """Give the same call under another id."""


class _Converse(_Blocks):
    shape: ClassVar[Shape] = Shape.CONVERSE
    joins: ClassVar[bool] = False

    def call_id(self, block: Any) -> str:
        call = _field(block, "toolUse")
        return "" if _field(call, "type") == "server_tool_use" else _text(call, "toolUseId")

    def result_id(self, part: Any) -> str:
        return _text(_field(part, "toolResult"), "toolUseId")

    def interrupted(self, call_id: str) -> dict[str, Any]:
        content = [{"text": INTERRUPTED}]
        return {"toolResult": {"toolUseId": call_id, "status": "error", "content": content}}

    def renamed_call(self, block: Any, call_id: str) -> dict[str, Any]:
        return {**block, "toolUse": {**block["toolUse"], "toolUseId": call_id}}

    def renamed_result(self, part: Any, call_id: str) -> dict[str, Any]:
        return {**part, "toolResult": {**part["toolResult"], "toolUseId": call_id}}


class _Anthropic(_Blocks):
    shape: ClassVar[Shape] = Shape.ANTHROPIC
    joins: ClassVar[bool] = True

    def call_id(self, block: Any) -> str:
        return _text(block, "id") if _field(block, "type") == "tool_use" else ""

    def result_id(self, part: Any) -> str:
        return _text(part, "tool_use_id") if _field(part, "type") == "tool_result" else ""

    def interrupted(self, call_id: str) -> dict[str, Any]:
        return {
            "type": "tool_result",
            "tool_use_id": call_id,
            "is_error": True,
            "content": INTERRUPTED,
        }

    def renamed_call(self, block: Any, call_id: str) -> dict[str, Any]:
        return {**block, "id": call_id}

    def renamed_result(self, part: Any, call_id: str) -> dict[str, Any]:
        return {**part, "tool_use_id": call_id}


class _OpenAI:
    shape: ClassVar[Shape] = Shape.OPENAI
    answering: ClassVar[str] = "tool"
    joins: ClassVar[bool] = False
    is_whole: ClassVar[bool] = True

    def calls(self, message: Mapping[str, Any]) -> list[Mention]:
        if message.get("role") != "assistant":
            return []
        return _mentions(_list(message.get("tool_calls")), lambda call: _text(call, "id"))

    def results(self, message: Mapping[str, Any]) -> list[Mention]:
        return _mentions([message], self.result_id)

    def result_id(self, part: Any) -> str:
        return _text(part, "tool_call_id") if _field(part, "role") == self.answering else ""

    def parts(self, message: Mapping[str, Any]) -> list[Any] | None:
        return [message]

    def with_parts(self, message: Mapping[str, Any], parts: list[Any]) -> list[dict[str, Any]]:
        return parts

    def answer(self, results: list[Any]) -> list[dict[str, Any]]:
        return results

    def interrupted(self, call_id: str) -> dict[str, Any]:
        return {"role": self.answering, "tool_call_id": call_id, "content": INTERRUPTED}

    def renamed_result(self, part: Any, call_id: str) -> dict[str, Any]:
        return {**part, "tool_call_id": call_id}

    def renamed_calls(self, message: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
        calls = [
            {**call, "id": names[at]} if at in names else call
            for at, call in enumerate(message["tool_calls"])
        ]
        return {**message, "tool_calls": calls}


def _field(item: Any, name: str) -> Any:
    return item.get(name) if isinstance(item, Mapping) else None


def _text(item: Any, name: str) -> str:
    text = _field(item, name)
    return text if isinstance(text, str) else ""


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _blocks(message: Mapping[str, Any]) -> Sequence[Any]:
    return _list(message.get("content"))


def _mentions(parts: Sequence[Any], id_of: Callable[[Any], str]) -> list[Mention]:
    found = ((at, id_of(part)) for at, part in enumerate(parts))
    return [Mention(at, call_id) for at, call_id in found if call_id]


NOTATIONS: Final[tuple[Notation, ...]] = (_Converse(), _Anthropic(), _OpenAI())


def is_result(part: Any) -> bool:
    """Tell whether a part of a message is a result, of any shape."""
    return any(notation.result_id(part) for notation in NOTATIONS)


def notations(shape: Shape | str | None) -> tuple[Notation, ...]:
    """Give the notation of a shape, or all of them for None.

    Raises:
        ValueError: there is no such shape.
    """
    if shape is None:
        return NOTATIONS
    chosen = tuple(notation for notation in NOTATIONS if notation.shape == shape)
    if not chosen:
        names = ", ".join(Shape)
        raise ValueError(f"shape is {shape!r}: it is one of {names}, or None for all of them")
    return chosen
