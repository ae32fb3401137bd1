"""Documents that change between a read and its write, step by step; races are the simulator's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import Conflict, Sessions
from s3sessions.stores.memory import MemoryStore
from tests.interposed import Interposed

DOCUMENT = "session_s/agents/agent_default/agent.json"


@pytest.mark.parametrize("restores", [False, True], ids=["fresh", "restored"])
def test_a_key_that_another_saved_between_our_read_and_our_write_stays(restores: bool) -> None:
    memory = MemoryStore()
    Sessions(store=memory).open("s").append({})
    pending = [True]

    def meanwhile(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key == DOCUMENT and pending:
            pending.clear()
            Sessions(store=memory).open("s").save_state({"theirs": 1})
        return call()

    chat = Sessions(store=Interposed(memory, meanwhile)).open("s")
    if restores:
        chat.restore()
    assert chat.save_state({"ours": 1}) == {"theirs": 1, "ours": 1}
    assert Sessions(store=memory).open("s").restore().state == {"theirs": 1, "ours": 1}


def test_a_document_that_changes_under_each_try_is_a_conflict_and_keeps_what_others_wrote() -> None:
    memory = MemoryStore()
    Sessions(store=memory).open("s").append({})
    rival = Sessions(store=memory).open("s")
    saved: list[dict[str, Any]] = []

    def beaten(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key == DOCUMENT:
            saved.append(rival.save_state({"theirs": len(saved)}))
        return call()

    chat = Sessions(store=Interposed(memory, beaten), attempts=4).open("s")
    with pytest.raises(Conflict, match="changed under each of 4 tries"):
        chat.save_state({"ours": 1})
    assert Sessions(store=memory).open("s").restore().state == {"theirs": 3}
