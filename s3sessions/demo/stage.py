"""What every step of the demo works with: the sessions, a voice, and a way to check a claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from s3sessions import Sessions
from s3sessions.cli.output import Output
from s3sessions.cli.show import Line
from s3sessions.demo.child import Place
from s3sessions.demo.conversations import DemoConversation
from s3sessions.ports import Request

__all__ = ["ClaimFailed", "Stage", "spell_requests"]

T = TypeVar("T")

_INDENT = 3
_VERBS = ("list", "get", "put", "delete", "delete_many", "copy")


class ClaimFailed(Exception):
    """Something that the demo says does not hold."""


@dataclass
class Stage:
    """The demo under way.

    Attributes:
        read_keys: keys of all objects that were read so far.
    """

    output: Output
    sessions: Sessions
    place: Place
    conversations: dict[str, DemoConversation]
    read_keys: set[str]
    _step: int = field(default=0, init=False)

    def step(self, title: str) -> None:
        """Announce a step."""
        self._step += 1
        self.output.line()
        self.output.spans((f"{self._step}  ", "dim"), (title, "heading"))

    def say(self, text: str) -> None:
        self.output.lines([Line.of(text, indent=_INDENT)])

    def check(self, claim: str, holds: bool) -> None:
        """State a claim that has been put to the test. Raises ClaimFailed where it failed."""
        if not holds:
            raise ClaimFailed(claim)
        self.output.lines([Line((("✓ ", "good"), (claim, "")), _INDENT)])

    def cost_of(self, action: Callable[[], T]) -> tuple[T, Counter[str]]:
        """Do something and count its requests by verb."""
        before = Counter(self.sessions.requests.by_verb)
        result = action()
        return result, Counter(self.sessions.requests.by_verb) - before


def watch_reads(keys: set[str]) -> Callable[[Request], None]:
    """Make an observer that notes the key of every object that was read."""

    def observe(request: Request) -> None:
        if request.verb == "get" and request.status == 200:
            keys.add(request.key)

    return observe


def spell_requests(counts: Counter[str]) -> str:
    """Write requests by kind: `1 LIST + 34 GET`."""
    spelled = [f"{counts[verb]} {verb.upper()}" for verb in _VERBS if counts[verb]]
    return " + ".join(spelled) or "0"
