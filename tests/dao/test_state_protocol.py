"""Documents that change between a read and its write, step by step; races are the simulator's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import Conflict, Sessions, StoreUnavailable
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


@pytest.mark.parametrize("restores", [False, True], ids=["fresh", "restored"])
def test_fields_that_another_saved_meanwhile_stay_but_for_those_that_are_given(
    restores: bool,
) -> None:
    memory = MemoryStore()
    Sessions(store=memory).open("s").append({})
    pending = [True]

    def meanwhile(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key == DOCUMENT and pending:
            pending.clear()
            theirs = {"theirs": {"x": 1}, "both": {"theirs": 1}}
            Sessions(store=memory).open("s").save_state({"theirs": 1}, fields=theirs)
        return call()

    chat = Sessions(store=Interposed(memory, meanwhile)).open("s")
    if restores:
        chat.restore()
    chat.save_state({"ours": 1}, fields={"ours": {"x": 2}, "both": {"ours": 1}})
    fields = Sessions(store=memory).open("s").restore().agent_fields
    assert fields["state"] == {"theirs": 1, "ours": 1}
    assert (fields["theirs"], fields["ours"], fields["both"]) == ({"x": 1}, {"x": 2}, {"ours": 1})


def test_an_agent_document_that_could_not_be_created_is_created_with_the_next_message() -> None:
    memory = MemoryStore()
    pending = [True]
    given = {"window": 1}

    def refused(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key == DOCUMENT and pending:
            pending.clear()
            raise StoreUnavailable("slow down")
        return call()

    chat = Sessions(store=Interposed(memory, refused)).open("s", agent_fields=lambda: given)
    chat.append({})
    given["window"] = 2
    chat.append({})
    history = Sessions(store=memory).open("s").restore()
    assert (len(history.messages), history.agent_fields["window"]) == (2, 2)


def test_of_two_that_begin_an_agent_at_once_one_gives_the_fields_and_none_is_lost_later() -> None:
    memory = MemoryStore()
    pending = [True]

    def rival(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and pending:
            pending.clear()
            theirs = Sessions(store=memory).open("s", agent_fields=lambda: {"theirs": 1})
            theirs.append({"by": "them"})
        return call()

    sessions = Sessions(store=Interposed(memory, rival))
    chat = sessions.open("s", agent_fields=lambda: {"ours": 1, "state": {"step": 1}})
    chat.append({"by": "us"})
    assert "ours" not in Sessions(store=memory).open("s").restore().agent_fields
    chat.save_state({"step": 1}, fields={"ours": 1})
    history = Sessions(store=memory).open("s").restore()
    assert [payload["by"] for payload in history.payloads] == ["them", "us"]
    assert (history.agent_fields["theirs"], history.agent_fields["ours"]) == (1, 1)
    assert history.state == {"step": 1}


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
