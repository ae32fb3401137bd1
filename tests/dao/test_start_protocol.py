"""A start that agent.json tells, while agent.json changes under the restore."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from s3sessions import Sessions, StoreUnavailable
from s3sessions.models import History
from s3sessions.stores.memory import MemoryStore
from tests.interposed import Hook, Interposed

AGENT = "session_s/agents/agent_default/"
DOCUMENT = f"{AGENT}agent.json"


def message(index: int) -> str:
    return f"{AGENT}messages/message_{index}.json"


def filled(count: int, offset: int) -> MemoryStore:
    memory = MemoryStore()
    chat = Sessions(store=memory).open("s")
    for n in range(count):
        chat.append({"n": n})
    move(memory, offset)
    return memory


def move(memory: MemoryStore, offset: int) -> None:
    Sessions(store=memory).open("s").save_state({"offset": offset}, fields={"offset": offset})


def told(fields: Mapping[str, Any]) -> int:
    offset: int = fields.get("offset", 0)
    return offset


def restored(memory: MemoryStore, hook: Hook) -> tuple[History, dict[str, int]]:
    chat = Sessions(store=Interposed(memory, hook)).open("s")
    history = chat.restore(start=told)
    return history, dict(chat.requests.by_verb)


def shown(history: History) -> tuple[list[int], Any, Any]:
    indexes = [message.index for message in history.messages]
    return indexes, history.agent_fields.get("offset"), history.state.get("offset")


def after_the_first(verb: str, prefix: str, act: Callable[[], object]) -> Hook:
    """Do something right after the first such request has been answered."""
    pending = [True]

    def hook(kind: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        if kind == verb and key.startswith(prefix) and pending:
            pending.clear()
            act()
        return result

    return hook


def test_an_agent_document_that_is_newer_than_the_list_makes_it_list_again() -> None:
    memory = filled(6, offset=2)
    history, requests = restored(memory, after_the_first("list", AGENT, lambda: move(memory, 4)))
    assert shown(history) == ([4, 5], 4, 4)
    assert requests["list"] == 2


def test_an_agent_document_that_is_older_than_the_list_is_read_again() -> None:
    memory = filled(6, offset=2)
    old = memory.get(DOCUMENT)
    move(memory, 4)
    early = [old]

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        return early.pop() if verb == "get" and key == DOCUMENT and early else result

    history, requests = restored(memory, hook)
    assert shown(history) == ([4, 5], 4, 4)
    # agent.json twice, session.json and the messages.
    assert requests == {"list": 1, "get": 2 + 1 + 2}


def test_an_agent_document_that_vanishes_after_the_list_tells_nothing() -> None:
    memory = filled(4, offset=2)
    hook = after_the_first("list", AGENT, lambda: memory.delete(DOCUMENT))
    history, _ = restored(memory, hook)
    assert shown(history) == ([0, 1, 2, 3], None, None)
    assert history.missing == ("agent",)


def test_an_agent_document_that_appears_after_the_list_is_told_of() -> None:
    memory = filled(4, offset=0)
    memory.delete(DOCUMENT)
    history, _ = restored(memory, after_the_first("list", AGENT, lambda: move(memory, 3)))
    assert shown(history) == ([3], 3, 3)
    assert history.missing == ()


def test_a_second_list_has_a_start_of_its_own() -> None:
    """A message that was listed is gone; meanwhile agent.json tells another start."""
    memory = filled(6, offset=3)
    pending = [True]

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "get" and key == message(5) and pending:
            pending.clear()
            memory.delete(key)
            move(memory, 1)
        return call()

    history, requests = restored(memory, hook)
    assert shown(history) == ([1, 2, 3, 4], 1, 1)
    assert history.next_index == 5
    assert requests["list"] == 2


def test_an_agent_document_that_changes_behind_each_request_is_an_error_not_a_guess() -> None:
    memory = filled(3, offset=0)
    moves: list[int] = []

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        if verb == "list" or key == DOCUMENT:
            moves.append(len(moves) + 1)
            move(memory, moves[-1])
        return result

    with pytest.raises(StoreUnavailable, match=r"agent\.json changed under each of 5 lists"):
        restored(memory, hook)


def test_a_document_that_has_not_changed_is_not_read_again_with_the_second_list() -> None:
    memory = filled(5, offset=1)
    memory.delete(message(3))
    history, requests = restored(memory, lambda verb, key, call: call())
    assert (shown(history)[0], history.holes) == ([1, 2, 4], (range(3, 4),))
    # Two lists, session.json and the hole twice; agent.json and each message once.
    assert requests == {"list": 2, "get": 2 + 2 + 1 + 3}
