"""The model that is there without one: it answers by rule, offline, and says that it is none."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from s3sessions.cli.parts import Text
from s3sessions.cli.speech import read_speech
from s3sessions.cli.text import counted

__all__ = ["StandIn"]

_NAME: Final = re.compile(r"\b(?:my name is|call me|i am called)\s+([^\s.,;:!?]{1,40})", re.I)
_ASKS_NAME: Final = re.compile(r"\bwhat(?:'s| is) my name\b|\bwho am i\b", re.I)
_GREETS: Final = re.compile(r"\s*(?:hello|hi|hey|good (?:morning|day|evening))\b", re.I)
_ASKS_TIME: Final = re.compile(
    r"\bwhat (?:time|day|date)\b|\bwhat(?:'s| is) the (?:time|date)\b", re.I
)
_COUNTS: Final = re.compile(r"\bcount(?:\s+up)?\s+to\s+(\d{1,4})\b", re.I)


def _local_time() -> datetime:
    return datetime.now().astimezone()


class StandIn:
    """Answers the last message by a few rules, word by word.

    Args:
        pause: called after each word.
        now: the time.
    """

    def __init__(
        self,
        pause: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = _local_time,
    ) -> None:
        self._pause = pause
        self._now = now

    def __call__(self, messages: list[dict[str, Any]]) -> Iterator[str | dict[str, int]]:
        """Give the words of the answer, and as its usage the words that were read and said."""
        said = [_text(message) for message in messages if message.get("role") == "user"]
        words = re.findall(r"\S+\s*", self._answer(said))
        for word in words:
            yield word
            self._pause()
        read = sum(len(text.split()) for text in said)
        yield {"inputTokens": read, "outputTokens": len(words)}

    def _answer(self, said: Sequence[str]) -> str:
        asked = said[-1] if said else ""
        name = next((found[1] for text in reversed(said) if (found := _NAME.search(text))), None)
        if _NAME.search(asked):
            return f"Nice to meet you, {name}. Ask me for your name later, or in another process."
        if _ASKS_NAME.search(asked):
            return f"Your name is {name}." if name else "You have not told me your name."
        if count := _COUNTS.search(asked):
            return " ".join(map(str, range(1, int(count[1]) + 1))) + "."
        if _ASKS_TIME.search(asked):
            return f"It is {self._now():%H:%M on %A, %d %B %Y}."
        if _GREETS.match(asked):
            return f"Hello, {name}." if name else "Hello. What is your name?"
        heard = counted(len(said), "message")
        return (
            f"You said: {asked} That makes {heard} of yours here. I am only a stand-in: I know "
            "greetings, names and the time, and I can count (count to 300)."
        )


def pause_on_terminal() -> None:
    """Wait as long as a model takes for a word."""
    time.sleep(0.03)


def _text(message: Mapping[str, Any]) -> str:
    return " ".join(part.text for part in read_speech(message).parts if isinstance(part, Text))
