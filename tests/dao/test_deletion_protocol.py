"""Deletion that is killed, refused or overtaken, step by step; races are the simulator's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import AccessDenied, PartialDelete, SessionNotFound, Sessions
from s3sessions.ports import DeleteOutcome
from s3sessions.stores.memory import MemoryStore
from tests.interposed import Interposed


class KilledError(BaseException):
    """The process dies here."""


class KillAt:
    """Dies at the n-th request: before it, or after it took effect."""

    def __init__(self, request: int, *, after: bool) -> None:
        self._left, self._after = request, after

    def __call__(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise KilledError
        result = call()
        if self._left == 0:
            raise KilledError
        return result


def filled(count: int = 5) -> MemoryStore:
    memory = MemoryStore()
    sessions = Sessions(store=memory)
    for agent in ("one", "two"):
        chat = sessions.open("s", agent=agent)
        for n in range(count):
            chat.append({"n": n})
    sessions.open("sa").append({"n": 0})
    return memory


def keys(memory: MemoryStore, prefix: str = "session_s/") -> list[str]:
    return [entry.key for entry in memory.list(prefix).entries]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("agent", [None, "one"], ids=["session", "agent"])
def test_a_deletion_killed_at_any_request_is_run_again_and_ends(
    agent: str | None, after: bool
) -> None:
    for request in range(1, 40):
        memory = filled()
        try:
            Sessions(store=Interposed(memory, KillAt(request, after=after))).delete(
                "s", agent=agent
            )
        except KilledError:
            pass
        else:
            assert request > 8
            break
        _readers_see_all_or_nothing(memory)
        try:
            Sessions(store=memory).delete("s", agent=agent)
        except SessionNotFound:
            assert after, "only a deletion that had done its last request leaves nothing to do"
        if agent is None:
            assert keys(memory) == []
        else:
            assert keys(memory, "session_s/agents/agent_one/") == []
            assert len(Sessions(store=memory).open("s", agent="two").restore().messages) == 5
            document = json.loads(memory.get("session_s/session.json").data)
            assert "deleted_agents" not in document["s3sessions"]
        assert len(Sessions(store=memory).open("sa").restore().messages) == 1
    else:
        pytest.fail("the deletion never ended")


def _readers_see_all_or_nothing(memory: MemoryStore) -> None:
    try:
        seen = len(Sessions(store=memory).open("s", agent="one").restore().messages)
    except SessionNotFound:
        return
    assert seen in (0, 5)


def test_what_the_store_refuses_is_named_and_the_rest_goes_with_the_next_run() -> None:
    memory = filled()
    stuck = "session_s/agents/agent_one/messages/message_3.json"

    def refuse(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb != "delete_many":
            return call()
        body = memory.get(stuck)
        outcomes = call()
        memory.put(stuck, body.data)
        error = AccessDenied("object is locked", key=stuck)
        return [DeleteOutcome(o.key, error if o.key == stuck else o.error) for o in outcomes]

    with pytest.raises(PartialDelete, match="1 objects could not be deleted") as caught:
        Sessions(store=Interposed(memory, refuse)).delete("s")
    assert [key for key, _ in caught.value.left] == [stuck]
    assert keys(memory) == [stuck, "session_s/session.json"]
    assert Sessions(store=memory).delete("s").objects == 2
    assert keys(memory) == []


def test_an_object_that_changes_under_a_deletion_is_deleted_as_it_is_then() -> None:
    memory = filled()
    changed = "session_s/agents/agent_one/messages/message_0.json"
    pending = [True]

    def change(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "delete_many" and pending.pop() if pending else False:
            memory.put(changed, memory.get(changed).data + b" ")
        return call()

    Sessions(store=Interposed(memory, change)).delete("s")
    assert keys(memory) == []


def test_a_deletion_whose_mark_is_gone_stops_and_touches_no_new_life() -> None:
    memory = filled()
    pending = [True]

    def overtake(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        if verb == "list" and key == "session_s/" and pending:
            pending.clear()
            Sessions(store=memory).delete("s")
            Sessions(store=memory).open("s").append({"n": "new life"})
        return result

    Sessions(store=Interposed(memory, overtake)).delete("s")
    assert Sessions(store=memory).open("s").restore().payloads == [{"n": "new life"}]


@pytest.mark.parametrize("verb", ["delete_many", "delete"])
def test_a_stalled_deletion_takes_nothing_of_a_new_life(verb: str) -> None:
    memory = filled()
    pending = [True]

    def stall(asked: str, key: str, call: Callable[[], Any]) -> Any:
        if asked == verb and pending:
            pending.clear()
            Sessions(store=memory).delete("s")
            Sessions(store=memory).open("s", agent="one").append({"n": "new life"})
        return call()

    Sessions(store=Interposed(memory, stall)).delete("s")
    assert keys(memory) == [
        "session_s/agents/agent_one/agent.json",
        "session_s/agents/agent_one/messages/message_0.json",
        "session_s/session.json",
    ]


def test_messages_go_before_what_describes_them() -> None:
    memory = filled(count=1200)
    order: list[str] = []

    class Watching(Interposed):
        def delete_many(self, targets: Any) -> Any:
            order.extend(target.key for target in targets)
            return super().delete_many(targets)

        def observed(self, observer: Any) -> Interposed:
            return self

    Sessions(store=Watching(memory, lambda verb, key, call: call())).delete("s")
    documents = [at for at, key in enumerate(order) if key.endswith("agent.json")]
    messages = [at for at, key in enumerate(order) if "/messages/" in key]
    assert len(order) == 2402
    assert min(documents) > max(messages)
