"""Who may write and not delete meets a deletion: told what has happened, and nothing is shown."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import AccessDenied, Conflict, SessionDeleted, SessionNotFound, Sessions
from s3sessions.stores.memory import MemoryStore
from tests.interposed import Hook, Interposed

MOST_REQUESTS = 40
MARKED = b'{"session_id":"s","s3sessions":{"v":1,"deleted_at":"2026-01-01T00:00:00+00:00"}}'
SECRET = "the lamp is under the stairs"


def refusing_deletes(meanwhile: Callable[[], object] = lambda: None, at: int = 0) -> Hook:
    """Run something behind the request of that number, and refuse every delete."""
    made = 0

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        nonlocal made
        if verb.startswith("delete"):
            raise AccessDenied("the store refuses this caller (403)", key=key)
        result = call()
        made += 1
        if made == at:
            meanwhile()
        return result

    return hook


@pytest.mark.parametrize(("deleted", "error"), [("c", Conflict), ("p", SessionNotFound)])
def test_a_fork_that_meets_a_deletion_says_so_and_leaves_nothing_to_read(
    deleted: str, error: type[Exception]
) -> None:
    outcomes = set[object]()
    for at in range(1, MOST_REQUESTS):
        memory = MemoryStore()
        others = Sessions(store=memory)
        others.open("p").append({"text": SECRET})

        def delete(others: Sessions = others) -> None:
            with suppress(SessionNotFound):
                others.delete(deleted)

        writer = Sessions(store=Interposed(memory, refusing_deletes(delete, at)), width=1)
        try:
            writer.fork("p", "c")
        except error:
            outcomes.add(error)
            assert deleted == "p" or not others.open("c").restore().messages
            entries = memory.list("session_c/").entries
            bodies = [memory.get(entry.key).data for entry in entries]
            assert deleted == "p" or not any(SECRET.encode() in body for body in bodies)
        else:
            outcomes.add(None)
    assert outcomes == {error, None}


def test_a_graph_that_is_saved_into_a_dying_session_hears_of_that() -> None:
    memory = MemoryStore()
    graph = Sessions(store=Interposed(memory, refusing_deletes())).multi_agent("s", "graph")
    assert graph.restore() is None
    memory.put("session_s/session.json", MARKED)
    with pytest.raises(SessionDeleted):
        graph.save({"node": 1})
