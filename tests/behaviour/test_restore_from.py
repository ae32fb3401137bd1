"""What restoring from a start promises: an index, or one that agent.json tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from s3sessions import AppendConflict, InvalidSettings, TooManyMessages
from tests.rig import Rig

AGENT = "session_s/agents/agent_default"
DOCUMENT = f"{AGENT}/agent.json"


def message(index: int) -> str:
    return f"{AGENT}/messages/message_{index}.json"


def fill(rig: Rig, count: int, offset: int | None = None) -> None:
    chat = rig.sessions().open("s")
    for n in range(count):
        chat.append({"n": n}, write_id=f"w{n}")
    if offset is not None:
        chat.save_state({}, fields={"window": {"offset": offset}})


def told(fields: Mapping[str, Any]) -> int:
    offset: int = fields.get("window", {}).get("offset", 0)
    return offset


def indexes(messages: Any) -> list[int]:
    return [message.index for message in messages]


def test_what_is_below_the_start_is_not_read(rig: Rig) -> None:
    fill(rig, 10)
    chat = rig.sessions().open("s")
    history = chat.restore(start=7)
    assert history.payloads == [{"n": 7}, {"n": 8}, {"n": 9}]
    assert (history.next_index, history.holes, history.missing) == (10, (), ())
    assert chat.requests.by_verb == {"list": 1, "get": 3 + 2}


def test_agent_json_can_tell_the_start(rig: Rig) -> None:
    fill(rig, 10, offset=6)
    chat = rig.sessions().open("s")
    history = chat.restore(start=told)
    assert indexes(history.messages) == [6, 7, 8, 9]
    assert history.agent_fields["window"] == {"offset": 6}
    assert chat.requests.by_verb == {"list": 1, "get": 4 + 2}
    before = chat.requests.by_verb
    chat.append({"n": 10})
    chat.save_state({"step": 1}, fields={"window": {"offset": 8}})
    assert chat.requests.by_verb == {**before, "put": 2}
    assert indexes(rig.sessions().open("s").restore(start=told).messages) == [8, 9, 10]


def test_a_function_that_tells_the_start_is_given_what_the_history_shows(rig: Rig) -> None:
    given: list[Mapping[str, Any]] = []

    def note(fields: Mapping[str, Any]) -> int:
        given.append(fields)
        return 0

    assert rig.sessions().open("s").restore(start=note).agent_fields == {}
    fill(rig, 2, offset=1)
    history = rig.sessions().open("s").restore(start=note)
    rig.plant(DOCUMENT, b"{torn")
    damaged = rig.sessions().open("s").restore(start=note)
    rig.remove(DOCUMENT)
    missing = rig.sessions().open("s").restore(start=note)
    assert given == [{}, history.agent_fields, {}, {}]
    assert history.agent_fields["agent_id"] == "default"
    assert [error.key for error in damaged.corrupt] == [rig.prefix + DOCUMENT]
    assert missing.missing == ("agent",)
    assert history.payloads == damaged.payloads == missing.payloads


def test_a_start_cuts_as_iterating_does(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append({"n": 0})
    chat.append_many([{"n": n} for n in range(1, 5)])
    chat.append({"n": 5})
    chat.append_many([{"n": n} for n in range(6, 8)])
    whole = chat.restore().messages
    for start in range(10):
        restored = memory_rig.sessions().open("s").restore(start=start)
        told_so = memory_rig.sessions().open("s").restore(start=lambda fields, s=start: s)
        iterated = list(memory_rig.sessions().open("s").iterate(start=start))
        assert restored.messages == told_so.messages == iterated
        assert restored.next_index == told_so.next_index == 8
        assert restored.messages == whole[len(whole) - len(iterated) :]
    # The batch of 1 to 4 counts at its first message and is given whole.
    assert indexes(chat.restore(start=1).messages) == [1, 2, 3, 4, 5, 6, 7]
    assert indexes(chat.restore(start=2).messages) == [5, 6, 7]


@pytest.mark.parametrize("start", [3, 50, lambda fields: 50], ids=["end", "above", "told"])
def test_behind_the_end_there_is_nothing_and_the_handle_goes_on(rig: Rig, start: Any) -> None:
    fill(rig, 3)
    chat = rig.sessions().open("s")
    history = chat.restore(start=start)
    assert (history.messages, history.next_index, history.holes) == ([], 3, ())
    assert chat.requests.by_verb == {"list": 1, "get": 2}
    rig.sessions().open("s").append({"n": 3})
    with pytest.raises(AppendConflict) as caught:
        chat.append({"n": 4})
    assert indexes(caught.value.messages) == [3]
    assert indexes(chat.refresh()) == [3]
    assert chat.append({"n": 4}).index == 4


def test_what_lacks_or_is_damaged_below_the_start_is_not_said(rig: Rig) -> None:
    fill(rig, 8)
    rig.remove(message(1))
    rig.plant(message(2), b"torn")
    rig.remove(message(5))
    chat = rig.sessions().open("s")
    history = chat.restore(start=4)
    assert indexes(history.messages) == [4, 6, 7]
    assert (history.holes, history.corrupt) == ((range(5, 6),), ())
    assert chat.append({"n": 8}).index == 8
    assert rig.sessions().open("s").restore(start=6).holes == ()
    assert rig.sessions().open("s").restore(start=50).next_index == 9


def test_a_handle_that_began_at_a_start_knows_the_write_ids_that_it_read_and_the_newest(
    memory_rig: Rig,
) -> None:
    fill(memory_rig, 30)
    chat = memory_rig.sessions().open("s")
    chat.restore(start=5)
    before = chat.requests.by_verb
    assert chat.append({"n": "again"}, write_id="w9").index == 9
    assert chat.requests.by_verb == {**before, "get": before["get"] + 1}
    few = memory_rig.sessions().open("s")
    few.restore(start=28)
    assert few.append({"n": "again"}, write_id="w20").index == 20
    assert few.append({"n": 30}, write_id="w30").index == 30


def test_a_handle_that_was_told_to_begin_at_the_beginning_has_read_all(memory_rig: Rig) -> None:
    fill(memory_rig, 3)
    chat = memory_rig.sessions().open("s")
    chat.restore(start=told)
    before = chat.requests.by_verb
    chat.append({"n": 3}, write_id="w3")
    assert chat.requests.by_verb == {**before, "put": 1}


def test_the_limit_counts_what_would_be_read(rig: Rig) -> None:
    fill(rig, 5, offset=3)
    chat = rig.sessions().open("s")
    for start in (3, told):
        assert len(chat.restore(start=start, max_messages=2).messages) == 2
        with pytest.raises(TooManyMessages, match="history has 2 messages"):
            chat.restore(start=start, max_messages=1)


@pytest.mark.parametrize("start", [-1, 1.0, "1", True, None])
def test_a_start_that_is_no_index_is_refused(memory_rig: Rig, start: Any) -> None:
    chat = memory_rig.sessions().open("s")
    with pytest.raises(InvalidSettings, match="must be a whole number, 0 or more"):
        chat.restore(start=start)
    assert chat.requests.total == 0
    with pytest.raises(InvalidSettings, match="what start gives is"):
        chat.restore(start=lambda fields: start)


@pytest.mark.parametrize("start", [1, told])
def test_a_start_and_a_number_of_the_newest_exclude_each_other(memory_rig: Rig, start: Any) -> None:
    chat = memory_rig.sessions().open("s")
    with pytest.raises(InvalidSettings, match="start and last are both given"):
        chat.restore(start=start, last=5)
    assert chat.requests.total == 0
