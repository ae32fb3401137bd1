"""A model that answers at once and offline, so that what is measured is all but the model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Any

from strands import tool
from strands.models.model import Model
from strands.types.content import Messages

ANSWER = "A plain answer of the length that answers have, more or less. " * 3
WANTS_TOOL = "Look at the clock, and tell what it says."


@tool
def clock() -> str:
    """Tell the time."""
    return "noon"


class OfflineModel(Model):
    """Answers with text; with a tool call where it is asked for one.

    Args:
        on_call: called whenever the model is, with nothing done yet.
    """

    def __init__(self, on_call: Callable[[], object] = lambda: None) -> None:
        self._on_call = on_call

    def update_config(self, **model_config: Any) -> None:
        """Nothing can be configured."""

    def get_config(self) -> dict[str, Any]:
        return {}

    async def structured_output(
        self, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        yield {}

    async def stream(self, messages: Messages, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        self._on_call()
        is_tool_wanted = messages[-1]["content"][-1].get("text") == WANTS_TOOL
        for event in _tool_call() if is_tool_wanted else _text():
            yield event


def _text() -> Iterator[dict[str, Any]]:
    yield {"messageStart": {"role": "assistant"}}
    yield {"contentBlockStart": {"start": {}}}
    yield {"contentBlockDelta": {"delta": {"text": ANSWER}}}
    yield {"contentBlockStop": {}}
    yield {"messageStop": {"stopReason": "end_turn"}}


def _tool_call() -> Iterator[dict[str, Any]]:
    yield {"messageStart": {"role": "assistant"}}
    yield {"contentBlockStart": {"start": {"toolUse": {"toolUseId": "t1", "name": "clock"}}}}
    yield {"contentBlockDelta": {"delta": {"toolUse": {"input": "{}"}}}}
    yield {"contentBlockStop": {}}
    yield {"messageStop": {"stopReason": "tool_use"}}
