"""What an action costs, by the port's counter and at the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.rig import Rig
from tests.servers.wire import WireProxy

VERBS: Final = {
    "GetObject": "get",
    "PutObject": "put",
    "DeleteObject": "delete",
    "DeleteObjects": "delete_many",
    "ListObjectsV2": "list",
}


class Counted:
    """A rig that tells what an action cost."""

    def __init__(self, rig: Rig, wire: WireProxy | None) -> None:
        self.rig = rig
        self._wire = wire

    def cost(self, act: Callable[[Any], object], sessions: Any = None) -> dict[str, int]:
        sessions = sessions or self.rig.sessions()
        before = sessions.requests.by_verb
        if self._wire is not None:
            self._wire.reset()
        act(sessions)
        after = sessions.requests.by_verb
        told = {v: n - before.get(v, 0) for v, n in after.items() if n != before.get(v, 0)}
        if self._wire is not None:
            seen = {VERBS[operation]: n for operation, n in self._wire.counts().items() if n}
            assert seen == told, "the port's counter and the wire disagree"
        return told

    def fill(self, count: int, session_id: str = "s") -> None:
        chat = self.rig.sessions().open(session_id)
        for n in range(count):
            chat.append({"n": n})
