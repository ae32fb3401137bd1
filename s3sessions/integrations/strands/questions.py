"""What an agent has asked by an interrupt: agent.json says it, and may be behind the messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def forget_questions_answered_by(message: Mapping[str, Any], agent: Any) -> None:
    """Let an agent wait for nothing where its last message has the results that it waited for.

    Messages are stored before agent.json: a process that died in between has left the questions
    there, and to answer them again would be to run the tools again.
    """
    state = getattr(agent, "_interrupt_state", None)
    pending = state.pending_tool_execution if state is not None and state.activated else None
    if state is None or pending is None:
        return
    asked = {call["toolUseId"] for call in _blocks(pending.assistant_message, "toolUse")}
    given = {result["toolUseId"] for result in _blocks(message, "toolResult")}
    if asked and asked <= given:
        state.end_tool_cycle()


def _blocks(message: Mapping[str, Any], kind: str) -> list[Any]:
    return [block[kind] for block in message.get("content", ()) if kind in block]
