"""What the fields of agent.json beside the state promise to who keeps something in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from s3sessions import InvalidMessage, InvalidSettings
from tests.rig import Rig

DOCUMENT = "session_s/agents/agent_default/agent.json"
RESERVED = ["agent_id", "state", "created_at", "updated_at", "s3sessions", "__bytes_encoded__"]
FIELDS = {"window": {"offset": 3, "raw": b"\x00"}, "count": 7}


def stored(rig: Rig) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(rig.body(DOCUMENT))
    return document


class Begun:
    """Gives what agent.json is to begin with, and counts how often it was asked."""

    def __init__(self, given: Any) -> None:
        self.given = given
        self.calls = 0

    def __call__(self) -> Any:
        self.calls += 1
        return self.given


# Fields beside the state


def test_fields_are_kept_beside_the_state_and_restored(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append({"role": "user"})
    assert chat.save_state({"step": 1}, fields=FIELDS) == {"step": 1}
    history = rig.sessions().open("s").restore()
    assert {name: history.agent_fields[name] for name in FIELDS} == FIELDS
    assert history.agent_fields["state"] == history.state == {"step": 1}
    assert "s3sessions" not in history.agent_fields
    assert stored(rig)["conversation_manager_state"]["removed_message_count"] == 0


def test_a_field_is_replaced_whole_and_the_others_stay(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.save_state({"a": 1}, fields={"one": {"x": 1, "y": 2}, "two": [1]})
    chat.save_state({"b": 2}, fields={"one": {"x": 3}})
    after = rig.sessions().open("s").restore().agent_fields
    assert (after["one"], after["two"], after["state"]) == ({"x": 3}, [1], {"a": 1, "b": 2})


def test_fields_that_other_writers_keep_are_shown_and_survive(rig: Rig) -> None:
    rig.sessions().open("s").append({"role": "user"})
    theirs = {
        "conversation_manager_state": {"__name__": "Own", "removed_message_count": 4},
        "_internal_state": {"raw": {"__bytes_encoded__": True, "data": "AAE="}},
        "damaged": {"__bytes_encoded__": True, "data": "?"},
    }
    rig.plant(DOCUMENT, json.dumps({**stored(rig), **theirs}).encode())
    chat = rig.sessions().open("s")
    fields = chat.restore().agent_fields
    assert {name: fields[name] for name in theirs} == {
        **theirs,
        "_internal_state": {"raw": b"\x00\x01"},
    }
    chat.save_state({}, fields={"ours": 1})
    after = stored(rig)
    assert {name: after[name] for name in theirs} == theirs
    assert after["ours"] == 1


def test_fields_cost_a_put_when_they_change_and_nothing_when_not(rig: Rig) -> None:
    first = rig.sessions().open("s")
    first.append({"role": "user"})
    first.save_state({"step": 1}, fields=FIELDS)
    chat = rig.sessions().open("s")
    history = chat.restore()
    before = chat.requests.by_verb
    for _ in range(3):
        chat.save_state({"step": 1}, fields=FIELDS)
        chat.save_state({}, fields={name: history.agent_fields[name] for name in FIELDS})
    assert chat.requests.by_verb == before
    chat.save_state({"step": 1}, fields={**FIELDS, "count": 8})
    chat.save_state({"step": 1}, fields={**FIELDS, "count": 8})
    assert chat.requests.by_verb == {**before, "put": 1}


def test_what_python_takes_for_equal_and_json_does_not_is_a_change(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    for value in (1, True, 1.0, [0], [False]):
        chat.save_state({"v": value}, fields={"f": {"v": value}})
        fields = memory_rig.sessions().open("s").restore().agent_fields
        assert repr((fields["state"], fields["f"])) == repr(({"v": value}, {"v": value}))


@pytest.mark.parametrize("name", RESERVED)
def test_a_reserved_field_is_refused_before_any_request(memory_rig: Rig, name: str) -> None:
    sessions = memory_rig.sessions()
    with pytest.raises(InvalidSettings, match=f"fields gives '{name}', which is reserved"):
        sessions.open("s").save_state({}, fields={name: {}})
    assert sessions.requests.total == 0


@pytest.mark.parametrize(
    ("fields", "error", "text"),
    [
        ({"x": {1}}, InvalidMessage, r"fields\.x is of type set"),
        ({"x": float("nan")}, InvalidMessage, r"fields\.x is nan"),
        ({"x": "\ud800"}, InvalidMessage, "lone surrogate"),
        ({3: 1}, InvalidMessage, "keys of a JSON object are strings"),
        ([1], InvalidSettings, "fields must give a mapping"),
    ],
)
def test_fields_that_json_cannot_hold_are_refused_before_any_request(
    memory_rig: Rig, fields: Any, error: type[Exception], text: str
) -> None:
    sessions = memory_rig.sessions()
    with pytest.raises(error, match=text):
        sessions.open("s").save_state({}, fields=fields)
    assert sessions.requests.total == 0


# What a new agent.json holds


def test_agent_json_begins_with_what_the_first_append_gives(rig: Rig) -> None:
    begun = Begun({"state": {"step": 1}, **FIELDS, "_internal_state": {"i": 1}})
    sessions = rig.sessions()
    chat = sessions.open("s", agent_metadata={"m": 1}, agent_fields=begun)
    assert begun.calls == 0
    chat.append({"role": "user"})
    assert (begun.calls, chat.requests.by_verb) == (1, {"list": 1, "get": 1, "put": 3})
    assert chat.save_state({"step": 1}, fields=FIELDS) == {"step": 1}
    assert chat.requests.by_verb == {"list": 1, "get": 1, "put": 3}
    history = rig.sessions().open("s").restore()
    assert (history.state, history.metadata) == ({"step": 1}, {"m": 1})
    assert {name: history.agent_fields[name] for name in FIELDS} == FIELDS
    assert history.agent_fields["_internal_state"] == {"i": 1}
    assert stored(rig)["conversation_manager_state"]["removed_message_count"] == 0


def test_agent_json_begins_with_it_where_a_state_is_saved_first(rig: Rig) -> None:
    begun = Begun({"state": {"a": 1, "b": 1, "c": 1}, "one": 1, "two": 1})
    chat = rig.sessions().open("s", agent_fields=begun)
    assert chat.save_state({"b": 2}, remove=["c"], fields={"two": 2}) == {"a": 1, "b": 2}
    fields = rig.sessions().open("s").restore().agent_fields
    assert (fields["state"], fields["one"], fields["two"]) == ({"a": 1, "b": 2}, 1, 2)
    assert begun.calls == 1


def test_nobody_is_asked_where_agent_json_is_there(rig: Rig) -> None:
    rig.sessions().open("s").save_state({"step": 1})
    begun = Begun({"state": {"step": 2}})
    rig.sessions().open("s", agent_fields=begun).append({"role": "user"})
    rig.sessions().open("s", agent_fields=begun).save_state({"x": 1})
    rig.sessions().open("s", agent_fields=begun).restore()
    rig.sessions().create("other", agent_fields=begun)
    assert begun.calls == 0
    assert rig.sessions().open("s").restore().state == {"step": 1, "x": 1}


def test_an_agent_json_that_was_lost_begins_anew_with_what_is_given_now(rig: Rig) -> None:
    rig.sessions().open("s").append({"role": "user"}, write_id="w")
    rig.remove(DOCUMENT)
    begun = Begun({"window": 2})
    chat = rig.sessions().open("s", agent_fields=begun)
    # The message is stored already; what lacks beside it is written.
    chat.append({"role": "user"}, write_id="w")
    assert (begun.calls, stored(rig)["window"]) == (1, 2)


USES: dict[str, Callable[[Any], Any]] = {
    "append": lambda chat: chat.append({"role": "user"}),
    "append_many": lambda chat: chat.append_many([{"role": "user"}] * 3),
    "save_state": lambda chat: chat.save_state({"x": 1}),
}
REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "a reserved name": ({"agent_id": "x"}, InvalidSettings, "which is reserved"),
    "a set": ({"x": {1}}, InvalidMessage, "is of type set"),
    "a set in the state": ({"state": {"x": {1}}}, InvalidMessage, r"state\.x is of type set"),
    "a lone surrogate": ({"state": {"x": "\ud800"}}, InvalidMessage, "lone surrogate"),
    "a state of another kind": ({"state": [1]}, InvalidMessage, "state is of type list"),
    "no mapping": (None, InvalidSettings, "agent_fields must give a mapping, not NoneType"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize(("given", "error", "text"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_stored_is_refused_before_anything_is_written(
    memory_rig: Rig,
    use: Callable[[Any], Any],
    given: Mapping[str, Any],
    error: type[Exception],
    text: str,
) -> None:
    begun = Begun(given)
    chat = memory_rig.sessions().open("s", agent_fields=begun)
    with pytest.raises(error, match=text):
        use(chat)
    assert memory_rig.keys() == []
    begun.given = {"window": 1}
    use(chat)
    assert stored(memory_rig)["window"] == 1


def test_an_error_of_the_callers_own_reaches_it_and_nothing_is_written(memory_rig: Rig) -> None:
    def fail() -> Mapping[str, Any]:
        raise LookupError("no such window")

    chat = memory_rig.sessions().open("s", agent_fields=fail)
    with pytest.raises(LookupError, match="no such window"):
        chat.append_many([{"role": "user"}] * 2)
    assert memory_rig.keys() == []


def test_what_is_given_is_a_function(memory_rig: Rig) -> None:
    with pytest.raises(InvalidSettings, match="agent_fields must be a function, not dict"):
        memory_rig.sessions().open("s", agent_fields={"window": 1})
