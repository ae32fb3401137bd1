"""Another handle on a history, and the manners in which it speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from s3sessions import AppendConflict, Conflict
from s3sessions.stores.memory import MemoryStore
from tests.dao.past import opened


class Rival:
    """Another handle on the history, which has restored before anybody did anything."""

    def __init__(self) -> None:
        self.memory = MemoryStore()
        self.chat: Any = None

    def meet(self, memory: MemoryStore, **options: Any) -> None:
        self.memory = memory
        self.chat = opened(memory, **options)
        self.chat.restore()

    def insist(self, payload: dict[str, Any]) -> None:
        """Append as one does who extends only what is known."""
        for _ in range(3):
            try:
                self.chat.append(payload)
                return
            except AppendConflict:
                self.look()
        raise AssertionError("it never found a place")

    def look(self) -> None:
        try:
            self.chat.refresh()
        except Conflict:
            self.chat.restore()


RIVALS: dict[str, Callable[[Rival], None]] = {
    "strict": lambda rival: rival.insist({"n": "rival"}),
    "rebasing": lambda rival: opened(rival.memory, on_conflict="rebase").append({"n": "rival"}),
    "warm and rebasing": lambda rival: rival.chat.append({"n": "rival"}),
}
