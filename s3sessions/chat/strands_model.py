"""A model that is a Strands agent, tools and all; what it says is stored by the chat."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from s3sessions.chat.async_steps import AsyncSteps
from s3sessions.chat.model import Piece, Said
from s3sessions.converters import to_strands

if TYPE_CHECKING:
    from strands import Agent

__all__ = ["StrandsModel"]


class StrandsModel:
    """A Strands agent that is given the history anew for each answer.

    Its callback handler is taken off: the chat prints. Its conversation manager trims what the
    agent has in memory, and nothing that is stored.
    """

    def __init__(self, name: str, agent: Agent) -> None:
        agent.callback_handler = lambda **_: None
        self.name = name
        self.note = None
        self._agent = agent
        self._steps = AsyncSteps()

    def message(self, role: str, text: str) -> dict[str, Any]:
        return {"role": role, "content": [{"text": text}]}

    def ask(self, history: Sequence[Mapping[str, Any]]) -> Iterator[Piece]:
        # Copies: Strands gives each an id. Instructions among them give way to the agent's own.
        messages: Any = copy.deepcopy(to_strands(history).messages)
        self._agent.messages[:] = messages
        has_said = False
        # No prompt: the agent answers the last of its messages.
        for event in self._steps.drive(self._agent.stream_async(None)):
            if isinstance(text := event.get("data"), str):
                yield text
            elif isinstance(message := event.get("message"), Mapping):
                has_said = True
                yield Said(message, _usage(message))
            elif (result := event.get("result")) is not None:
                if result.stop_reason == "interrupt":
                    raise RuntimeError("the agent waits for a decision that chat cannot take in")
                if not has_said:
                    yield Said(result.message)

    def close(self) -> None:
        self._steps.close()


def _usage(message: Mapping[str, Any]) -> Mapping[str, Any] | None:
    metadata = message.get("metadata")
    usage = metadata.get("usage") if isinstance(metadata, Mapping) else None
    return usage if isinstance(usage, Mapping) else None
