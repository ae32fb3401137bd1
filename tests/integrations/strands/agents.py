"""Agents that answer offline, on sessions of ours: each test says what its model does."""

from __future__ import annotations

import copy
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from typing import Any, TypeAlias

from strands import Agent, tool
from strands.models.model import Model
from strands.types.exceptions import ContextWindowOverflowException

from s3sessions import Sessions
from s3sessions.integrations.strands import S3SessionManager

Step: TypeAlias = list[Any] | BaseException | Callable[[], Any]
"""What a model does when it is called: stream these events, fail, or what a function says.

The function may be a coroutine function, and gives events, or None for an answer like any other.
Among events there may be coroutine functions, which the stream waits for.
"""

ANSWER = "an answer"


def says(text: str = ANSWER) -> Step:
    """The model answers with text."""
    return [*_block({}, {"text": text}), {"messageStop": {"stopReason": "end_turn"}}]


def calls(name: str, call_id: str = "t1", arguments: str = "{}") -> Step:
    """The model calls a tool."""
    start = {"toolUse": {"toolUseId": call_id, "name": name}}
    events = _block(start, {"toolUse": {"input": arguments}})
    return [*events, {"messageStop": {"stopReason": "tool_use"}}]


def redacts(instead: str = "[redacted]") -> list[Any]:
    """A guardrail takes what the user said out, and answers in the model's place."""
    redaction = {"redactContent": {"redactUserContentMessage": instead}}
    stop = {"messageStop": {"stopReason": "guardrail_intervened"}}
    return [*_block({}, {"text": "I will not."}), redaction, stop]


def overflows() -> Step:
    """The model says that the conversation is too long for it."""
    return ContextWindowOverflowException("too long")


def _block(start: dict[str, Any], delta: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockStart": {"start": start}},
        {"contentBlockDelta": {"delta": delta}},
        {"contentBlockStop": {}},
    ]


class Scripted(Model):
    """A model that does one step after the other, and then answers with text for ever.

    Attributes:
        heard: the messages of each call, as they were then.
    """

    def __init__(self, *steps: Step, is_stateful: bool = False) -> None:
        self.heard: list[list[dict[str, Any]]] = []
        self._steps = list(steps)
        self._is_stateful = is_stateful

    @property
    def stateful(self) -> bool:
        return self._is_stateful

    def update_config(self, **model_config: Any) -> None:
        """Nothing can be configured."""

    def get_config(self) -> dict[str, Any]:
        return {}

    async def structured_output(
        self, output_model: Any, prompt: Any, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        self.heard.append(copy.deepcopy(prompt))
        yield {"output": output_model()}

    async def stream(self, messages: Any, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        self.heard.append(copy.deepcopy(messages))
        step: Any = self._steps.pop(0) if self._steps else says()
        if callable(step):
            step = step()
            step = (await step if inspect.isawaitable(step) else step) or says()
        if isinstance(step, BaseException):
            raise step
        for event in copy.deepcopy(step):
            if callable(event):
                await event()
            else:
                yield event


@tool
def clock() -> str:
    """Tell the time."""
    return "noon"


def agent_in(sessions: Sessions, session_id: str = "s", *steps: Step, **manager: Any) -> Agent:
    """An agent as a process starts it, over sessions."""
    return agent_of(S3SessionManager(session_id, sessions=sessions, **manager), *steps)


def agent_of(manager: Any, *steps: Step, **arguments: Any) -> Agent:
    """An agent of a session manager, whichever it is."""
    given: dict[str, Any] = {"model": Scripted(*steps), "callback_handler": None, **arguments}
    return Agent(session_manager=manager, **given)


def texts(messages: Iterable[Any]) -> list[str]:
    """What messages say, one text for each."""
    return [_text(message) for message in messages]


def _text(message: Any) -> str:
    blocks = message["content"]
    return " ".join(str(b["text"]) if "text" in b else f"<{next(iter(b))}>" for b in blocks)


def stored_texts(sessions: Sessions, session_id: str = "s", agent: str = "default") -> list[str]:
    """What the stored messages of an agent say."""
    return texts(sessions.open(session_id, agent).restore().payloads)
