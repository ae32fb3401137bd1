"""The few real conversations that the package carries."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

__all__ = ["AIRLINE", "TOOLS", "DemoConversation", "load_conversations"]

AIRLINE: Final = "airline-desk"
"""The longest one, in OpenAI's shape: 32 messages with 8 tool calls."""

TOOLS: Final = "largest-city"
"""A short one in Anthropic's shape, with thinking, a tool call and its result."""


@dataclass(frozen=True, slots=True)
class DemoConversation:
    """A conversation: `source` says where it comes from."""

    session_id: str
    source: str
    messages: list[dict[str, Any]]


def load_conversations() -> dict[str, DemoConversation]:
    """Read the conversations, by session id."""
    packed = files("s3sessions.demo").joinpath("conversations.jsonl.gz").read_bytes()
    lines = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    return {
        line["session_id"]: DemoConversation(line["session_id"], line["source"], line["messages"])
        for line in lines
    }
