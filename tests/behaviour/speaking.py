"""Histories of numbered messages: said, and read back as somebody reads who knows nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from tests.rig import Rig

AGENT: Final = "session_s/agents/agent_default"
HISTORY_DOCUMENT: Final = f"{AGENT}/history.json"
SESSION_DOCUMENT: Final = "session_s/session.json"

Act: TypeAlias = Callable[[Any], object]

VERBS: Final[dict[str, Act]] = {
    "truncate": lambda chat: chat.truncate(2),
    "summarize": lambda chat: chat.summarize("so far", keep_last=2),
    "summarize alone": lambda chat: chat.summarize("so far"),
    "clear": lambda chat: chat.clear(),
    "replace": lambda chat: chat.replace([{"n": "new"}]),
}
"""Each of these moves the beginning of a history of five messages."""


def message_key(index: int) -> str:
    return f"{AGENT}/messages/message_{index}.json"


def say(chat: Any, numbers: Iterable[int]) -> None:
    """Append a message for each number."""
    for n in numbers:
        chat.append({"n": n})


def spoken(rig: Rig, count: int, **options: Any) -> Any:
    """Give the handle that has said as many numbers, from 0 on."""
    chat = rig.sessions(**options).open("s")
    say(chat, range(count))
    return chat


def heard(rig: Rig) -> list[Any]:
    """Give the numbers that a fresh handle reads."""
    return [payload["n"] for payload in rig.sessions().open("s").restore().payloads]


def stored(rig: Rig) -> list[int]:
    """Give the indexes of the message objects, sorted."""
    keys = [key for key in rig.keys() if key.startswith(f"{AGENT}/messages/")]
    return sorted(int(key.rpartition("_")[2].removesuffix(".json")) for key in keys)


def document(rig: Rig, key: str = HISTORY_DOCUMENT) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(rig.body(key))
    return body
