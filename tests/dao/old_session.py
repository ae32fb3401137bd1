"""A session that is old, on a store that keeps versions, and what is told when it is pruned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from s3sessions import PruneReason, PruneResult, SessionNotFound, Sessions
from s3sessions.ports import SyncStore
from tests.dao.deleting import KillAt
from tests.versioned_memory import VersionedMemory

DAY = 86400.0
DOCUMENT = "session_s/session.json"
MOST_REQUESTS = 60

before_or_after = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
delete_or_purge = pytest.mark.parametrize("purge", [False, True], ids=["delete", "purge"])


class Old:
    """A store that keeps versions, with a session that is old and another that is not."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.memory = VersionedMemory(clock=lambda: self.now)
        for agent in ("one", "two"):
            chat = self.sessions().open("s", agent=agent)
            for n in range(3):
                chat.append({"n": n})
        self.now += 91 * DAY
        self.sessions().open("sa", agent="one").append({"n": 0})

    def sessions(self, store: SyncStore | None = None) -> Sessions:
        return Sessions(store=self.memory if store is None else store, clock=lambda: self.now)

    def prune(self, store: SyncStore | None = None, *, purge: bool = False) -> PruneResult | None:
        """What became of the session; None where it is not there any more."""
        results = {r.id: r for r in self.sessions(store).prune(90 * DAY, purge=purge)}
        assert results["sa"].reason is PruneReason.YOUNG
        return results.get("s")

    def payloads(self, agent: str = "one") -> list[Any]:
        """What readers see: nothing also where the session is not there."""
        try:
            return self.sessions().open("s", agent=agent).restore().payloads
        except SessionNotFound:
            return []

    def keys(self) -> list[str]:
        return [entry.key for entry in self.memory.list("session_s/").entries]

    def stamp(self) -> dict[str, Any]:
        stamp: dict[str, Any] = json.loads(self.memory.get(DOCUMENT).data)["s3sessions"]
        return stamp

    def versions(self) -> int:
        return len(self.memory.versions.list_versions("session_s/").versions)


WHOLE = [{"n": n} for n in range(3)]


def pruned(result: PruneResult | None) -> PruneResult:
    assert result is not None, "the session was not there"
    return result


def every_request(*, after: bool, least: int = 9, **strike: Any) -> Iterator[KillAt]:
    """Strike at each request in turn, until one comes that is never made."""
    for request in range(1, MOST_REQUESTS):
        hook = KillAt(request, after=after, **strike)
        yield hook
        if not hook.struck:
            assert request > least
            return
    pytest.fail("the prune never ended")


def is_sound(old: Old) -> None:
    """Check that readers see all of it or nothing, and that the other is as it was."""
    assert old.payloads("one") in (WHOLE, [])
    assert old.payloads("two") in (WHOLE, [])
    assert len(old.sessions().open("sa", agent="one").restore().messages) == 1
