"""Batches: several messages that become visible together, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3sessions import AppendConflict, InvalidId, InvalidMessage, MessageNotFound
from tests.rig import Rig

MESSAGES = "session_s/agents/agent_default/messages"


def numbered(*numbers: int) -> list[dict[str, Any]]:
    return [{"role": "user", "n": n} for n in numbers]


def plant_member(rig: Rig, index: int, commit: int, position: int, batch: str = "b") -> None:
    """Put the member of an unfinished batch, as a writer that died has left it."""
    stamp = {"v": 1, "write_id": f"w/{position}"}
    fields = {"id": batch, "commit": commit, "position": position}
    body = {
        "message": {"n": "unseen"},
        "message_id": index,
        "s3sessions": {**stamp, "batch": fields},
    }
    rig.plant(f"{MESSAGES}/message_{index}.json", json.dumps(body).encode())


def all_of(rig: Rig) -> list[Any]:
    return [payload["n"] for payload in rig.sessions().open("s").restore().payloads]


def test_a_batch_is_stored_in_order_behind_what_is_there(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append({"n": 0})
    stored = chat.append_many(numbered(1, 2, 3))
    assert [message.index for message in stored] == [1, 2, 3]
    assert [message.payload for message in stored] == numbered(1, 2, 3)
    assert chat.append({"n": 4}).index == 4
    history = rig.sessions().open("s").restore()
    assert [payload["n"] for payload in history.payloads] == [0, 1, 2, 3, 4]
    assert history.messages[1:4] == stored
    assert history.next_index == 5
    assert not history.holes


def test_the_first_message_of_a_batch_lists_all_and_the_others_name_it(memory_rig: Rig) -> None:
    stored = memory_rig.sessions().open("s").append_many(numbered(0, 1, 2))
    commit, *members = stored
    assert commit.batch is not None
    assert commit.batch.indexes == (0, 1, 2)
    for position, member in enumerate(members, 1):
        assert member.batch is not None
        assert (member.batch.id, member.batch.commit) == (commit.batch.id, 0)
        assert (member.batch.position, member.batch.indexes) == (position, None)
    body = json.loads(memory_rig.body(f"{MESSAGES}/message_2.json"))
    assert body["s3sessions"]["batch"] == {"id": commit.batch.id, "commit": 0, "position": 2}


def test_a_batch_costs_one_put_for_each_message(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append({"n": 0})
    before = dict(chat.requests.by_verb)
    chat.append_many(numbered(1, 2, 3, 4))
    assert chat.requests.by_verb == {**before, "put": before["put"] + 4}


def test_a_batch_of_none_is_nothing_and_a_batch_of_one_is_a_message(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    chat = sessions.open("s")
    assert chat.append_many([]) == []
    assert chat.requests.total == 0
    (stored,) = chat.append_many(numbered(0))
    assert stored.batch is None
    assert all_of(memory_rig) == [0]


def test_a_batch_in_a_new_session_brings_the_documents_with_it(rig: Rig) -> None:
    rig.sessions().open("s", title="a talk").append_many(numbered(0, 1))
    assert rig.sessions().info("s").title == "a talk"
    assert rig.sessions().open("s").restore().missing == ()


def test_one_bad_message_keeps_the_whole_batch_from_being_written(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    with pytest.raises(InvalidMessage):
        chat.append_many([{"n": 0}, {"n": {1, 2}}])
    with pytest.raises(InvalidMessage, match="split it"):
        chat.append_many([{"n": 0}] * 1001)
    with pytest.raises(InvalidId):
        chat.append_many([{"n": 0}], write_id="")
    assert memory_rig.keys() == []


def test_a_repeated_batch_is_given_back_and_not_written_again(rig: Rig) -> None:
    first = rig.sessions().open("s").append_many(numbered(0, 1, 2), write_id="event-1")
    again = rig.sessions().open("s").append_many(numbered(0, 1, 2), write_id="event-1")
    assert again == first
    restored = rig.sessions().open("s")
    restored.restore()
    assert restored.append_many(numbered(0, 1, 2), write_id="event-1") == first
    assert restored.append({"role": "user", "n": 1}, write_id="event-1/1") == first[1]
    assert all_of(rig) == [0, 1, 2]


def test_what_is_stored_of_a_repeated_batch_is_not_written_again(memory_rig: Rig) -> None:
    memory_rig.sessions().open("s").append({"role": "user", "n": 1}, write_id="event-1/1")
    stored = memory_rig.sessions().open("s").append_many(numbered(0, 1, 2), write_id="event-1")
    assert [message.payload["n"] for message in stored] == [0, 1, 2]
    assert all_of(memory_rig) == [1, 0, 2]


def test_members_of_an_unfinished_batch_are_seen_by_nobody(rig: Rig) -> None:
    rig.sessions().open("s").append({"n": 0})
    plant_member(rig, 2, commit=1, position=1)
    plant_member(rig, 3, commit=1, position=2)
    chat = rig.sessions().open("s")
    assert [message.payload["n"] for message in chat.iterate()] == [0]
    assert chat.restore().payloads == [{"n": 0}]
    assert chat.restore(last=1).payloads == [{"n": 0}]
    with pytest.raises(MessageNotFound):
        chat.read(2)
    assert chat.restore().next_index == 1


def test_the_next_message_takes_the_index_that_an_unfinished_batch_waits_for(rig: Rig) -> None:
    rig.sessions().open("s").append({"n": 0})
    plant_member(rig, 2, commit=1, position=1)
    plant_member(rig, 3, commit=1, position=2)
    chat = rig.sessions().open("s")
    assert [chat.append({"n": n}).index for n in (1, 2)] == [1, 4]
    assert rig.sessions().open("s").append({"n": 3}).index == 5
    assert all_of(rig) == [0, 1, 2, 3]


def test_a_dead_batch_is_no_conflict_for_a_handle_that_restored(memory_rig: Rig) -> None:
    memory_rig.sessions().open("s").append({"n": 0})
    chat = memory_rig.sessions().open("s")
    chat.restore()
    assert chat.append({"n": 1}).index == 1
    plant_member(memory_rig, 2, commit=1, position=1)
    assert chat.append({"n": 2}).index == 3
    assert all_of(memory_rig) == [0, 1, 2]


def test_a_batch_goes_around_the_members_of_dead_ones(rig: Rig) -> None:
    rig.sessions().open("s").append({"n": 0})
    plant_member(rig, 2, commit=1, position=1)
    plant_member(rig, 4, commit=1, position=2)
    stored = rig.sessions().open("s").append_many(numbered(1, 2, 3))
    assert [message.index for message in stored] == [1, 3, 5]
    assert rig.sessions().open("s").append({"n": 4}).index == 6
    assert all_of(rig) == [0, 1, 2, 3, 4]
    assert [message.payload["n"] for message in rig.sessions().open("s").iterate()] == [
        0,
        1,
        2,
        3,
        4,
    ]


def test_a_window_never_cuts_a_batch(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append({"n": 0})
    chat.append_many(numbered(1, 2, 3))
    chat.append({"n": 4})
    reader = rig.sessions().open("s")
    assert [payload["n"] for payload in reader.restore(last=1).payloads] == [4]
    assert [payload["n"] for payload in reader.restore(last=2).payloads] == [1, 2, 3, 4]
    assert [payload["n"] for payload in reader.restore(last=5).payloads] == [0, 1, 2, 3, 4]
    windows = {(0, 1): [0], (1, 2): [1, 2, 3], (2, 4): [], (2, None): [4], (0, 2): [0, 1, 2, 3]}
    for (start, stop), expected in windows.items():
        found = reader.iterate(start=start, stop=stop)
        assert [message.payload["n"] for message in found] == expected, (start, stop)


def test_an_iterator_with_a_small_window_gives_batches_whole_and_once(memory_rig: Rig) -> None:
    chat = memory_rig.sessions(width=2).open("s")
    chat.append_many(numbered(*range(5)))
    chat.append({"n": 5})
    chat.append_many(numbered(6, 7, 8))
    found = memory_rig.sessions(width=2).open("s").iterate()
    assert [message.payload["n"] for message in found] == list(range(9))
    assert not found.holes


def test_a_member_that_was_removed_by_hand_is_a_hole_and_not_the_end_of_the_batch(
    rig: Rig,
) -> None:
    rig.sessions().open("s").append_many(numbered(0, 1, 2))
    rig.remove(f"{MESSAGES}/message_1.json")
    chat = rig.sessions().open("s")
    history = chat.restore()
    assert [payload["n"] for payload in history.payloads] == [0, 2]
    assert history.holes == (range(1, 2),)
    assert rig.sessions().open("s").append({"n": 3}).index == 3
    rig.remove(f"{MESSAGES}/message_3.json")
    rig.remove(f"{MESSAGES}/message_2.json")
    history = chat.restore()
    assert history.holes == (range(1, 3),)
    found = chat.iterate()
    assert [message.payload["n"] for message in found] == [0]
    assert found.holes == (range(1, 3),)


def test_without_its_first_message_a_batch_is_not_visible(rig: Rig) -> None:
    rig.sessions().open("s").append({"n": 0})
    rig.sessions().open("s").append_many(numbered(1, 2))
    rig.remove(f"{MESSAGES}/message_1.json")
    assert all_of(rig) == [0]


def test_a_hole_that_somebody_left_is_neither_filled_nor_taken_for_a_batch(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    for n in range(4):
        chat.append({"n": n})
    rig.remove(f"{MESSAGES}/message_1.json")
    fresh = rig.sessions().open("s")
    assert fresh.append({"n": 4}).index == 4
    assert [message.index for message in fresh.append_many(numbered(5, 6))] == [5, 6]
    history = rig.sessions().open("s").restore()
    assert [payload["n"] for payload in history.payloads] == [0, 2, 3, 4, 5, 6]
    assert history.holes == (range(1, 2),)


def test_a_handle_that_restored_is_told_of_a_batch(rig: Rig) -> None:
    rig.sessions().open("s").append({"n": 0})
    chat = rig.sessions().open("s")
    chat.restore()
    rig.sessions().open("s").append_many(numbered(1, 2))
    with pytest.raises(AppendConflict) as caught:
        chat.append_many(numbered(3, 4))
    assert caught.value.index == 1
    assert [message.payload["n"] for message in caught.value.messages] == [1, 2]
    assert [message.payload["n"] for message in chat.refresh()] == [1, 2]
    chat.append_many(numbered(3, 4))
    assert all_of(rig) == [0, 1, 2, 3, 4]
