"""A model that is none: it answers by rule, offline, and calls a tool when asked for an order."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any

from strands.models.model import Model
from strands.types.content import Message, Messages

__all__ = ["StandInModel"]

_NAME = re.compile(r"\b(?:my name is|call me|i am called)\s+([^\s.,;:!?]{1,40})", re.I)
_ASKS_NAME = re.compile(r"\bwhat(?:'s| is) my name\b|\bwho am i\b", re.I)
_ORDER = re.compile(r"\border\s+(?:number\s+)?#?([\w-]{1,40}\d)\b", re.I)


class StandInModel(Model):
    """Knows the name that it was told, and looks up orders; all else it says back."""

    def update_config(self, **model_config: Any) -> None:
        """Nothing can be configured."""

    def get_config(self) -> dict[str, Any]:
        return {}

    def structured_output(self, *args: Any, **kwargs: Any) -> AsyncGenerator[dict[str, Any], None]:
        raise NotImplementedError("the stand-in answers in text: choose a model with MODEL")

    async def stream(self, messages: Messages, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        """Give the events of one answer, as Bedrock's Converse stream gives them."""
        for event in _answer(messages):
            yield event


def _answer(messages: Messages) -> Iterator[dict[str, Any]]:
    if results := _tool_results(messages[-1]):
        return _text(" ".join(results))
    said = [text for message in messages if message["role"] == "user" for text in _texts(message)]
    asked = said[-1] if said else ""
    if order := _ORDER.search(asked):
        return _tool_call("order_status", {"order": order[1]}, f"order-{len(messages)}")
    name = next((found[1] for text in reversed(said) if (found := _NAME.search(text))), None)
    if _NAME.search(asked):
        return _text(f"Nice to meet you, {name}.")
    if _ASKS_NAME.search(asked):
        return _text(f"Your name is {name}." if name else "You have not told me your name.")
    return _text(f"You said: {asked} (I am a stand-in: set MODEL for a model.)")


def _texts(message: Message) -> list[str]:
    return [block["text"] for block in message["content"] if "text" in block]


def _tool_results(message: Message) -> list[str]:
    results = [block["toolResult"] for block in message["content"] if "toolResult" in block]
    return [part["text"] for result in results for part in result["content"] if "text" in part]


def _text(text: str) -> Iterator[dict[str, Any]]:
    yield {"messageStart": {"role": "assistant"}}
    yield {"contentBlockStart": {"start": {}}}
    for word in re.findall(r"\S+\s*", text):
        yield {"contentBlockDelta": {"delta": {"text": word}}}
    yield {"contentBlockStop": {}}
    yield {"messageStop": {"stopReason": "end_turn"}}


def _tool_call(name: str, arguments: dict[str, Any], call_id: str) -> Iterator[dict[str, Any]]:
    yield {"messageStart": {"role": "assistant"}}
    yield {"contentBlockStart": {"start": {"toolUse": {"toolUseId": call_id, "name": name}}}}
    yield {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(arguments)}}}}
    yield {"contentBlockStop": {}}
    yield {"messageStop": {"stopReason": "tool_use"}}
