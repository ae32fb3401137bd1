"""Invocations that are delivered again: one that was answered is not run, one cut off goes on.

To run it again would be wrong: a model that takes another path the second time leaves a memory that
is not what is stored.
"""

from __future__ import annotations

from typing import Any

from strands.hooks import BeforeInvocationEvent
from strands.types.content import Message as StrandsMessage

from s3sessions.integrations.strands.conversation import Conversation
from s3sessions.integrations.strands.invocation import Invocation
from s3sessions.integrations.strands.unsaved import become


def take_up(
    conversation: Conversation, invocation: Invocation, event: BeforeInvocationEvent
) -> None:
    """Go on with what is stored of an invocation, if anything is.

    One whose last message is an answer is cancelled, and answers that again. One that was cut off
    adds no prompt, if nothing was said behind it since; else its prompt is a new one.
    """
    if invocation.name is None:
        return
    found = conversation.stored_as(invocation.name)
    invocation.said = len(found)
    if not found:
        prompts = len(event.messages or ())
        conversation.forget(invocation.name, prompts + 1)
    elif _is_answer(found[-1].message):
        invocation.answer = found[-1].stored
        event.cancel = True
    elif _is_last(found[-1].message, event.agent.messages):
        event.messages = []


def answer_again(invocation: Invocation, agent: Any, message: StrandsMessage) -> None:
    """Let the message with which Strands cancels be the stored answer, and add nothing."""
    if invocation.answer is not None:
        become(message, invocation.answer)
        agent.messages[:] = [other for other in agent.messages if other is not message]


def _is_answer(message: StrandsMessage) -> bool:
    calls = any("toolUse" in block for block in message["content"])
    return message["role"] == "assistant" and not calls


def _is_last(message: StrandsMessage, messages: list[StrandsMessage]) -> bool:
    """Tell whether nothing was said behind it but that its tool calls were interrupted."""
    names = {b["toolUse"]["toolUseId"] for b in message["content"] if "toolUse" in b}
    behind = next((at for at, m in enumerate(messages, 1) if m is message), len(messages) + 1)
    rest = [block for other in messages[behind:] for block in other["content"]]
    answered = (b["toolResult"]["toolUseId"] if "toolResult" in b else "" for b in rest)
    return behind <= len(messages) and all(name in names for name in answered)
