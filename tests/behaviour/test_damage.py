"""Damage of any kind to any object: it is named, costs nothing else, and stays as it is."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sessions import CorruptObject, SessionDeleted
from s3sessions.stores.memory import MemoryStore
from tests.behaviour.damage import (
    AGENT_DOCUMENT,
    COMMIT,
    DOCUMENT_FIELDS,
    DOCUMENTS,
    LEASE,
    MEMBER,
    MESSAGE_FIELDS,
    MESSAGES,
    NEWEST,
    OBJECTS,
    ODD,
    SESSION_DOCUMENT,
    SINGLE,
    UNREADABLE,
    UNSEEN,
    Damage,
    furnish,
    with_field,
)
from tests.behaviour.surviving import bodies, check_all, numbers
from tests.rig import Rig


@pytest.fixture
def place() -> Iterator[Rig]:
    """A furnished place in memory, in blocking code."""
    rig = Rig("memory", "sync", None, {}, MemoryStore())
    furnish(rig)
    yield rig
    rig.close()


@pytest.mark.parametrize("damage", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("key", OBJECTS)
def test_an_object_that_cannot_be_read_is_named_and_costs_nothing_else(
    memory_rig: Rig, key: str, damage: Damage
) -> None:
    furnish(memory_rig)
    memory_rig.plant(key, damage(memory_rig.body(key)))
    assert check_all(memory_rig, key, UNSEEN.get(key, frozenset())) == {key}


@pytest.mark.parametrize("other", OBJECTS)
@pytest.mark.parametrize("key", OBJECTS)
def test_an_object_under_the_key_of_another_is_named_and_costs_nothing_else(
    place: Rig, key: str, other: str
) -> None:
    if key == other:
        return
    place.plant(key, place.body(other))
    assert check_all(place, key, UNSEEN.get(key, frozenset())) == {key}


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("path", MESSAGE_FIELDS, ids=".".join)
@pytest.mark.parametrize("key", [SINGLE, COMMIT, MEMBER])
def test_a_field_of_another_kind_in_a_message_is_either_harmless_or_named(
    place: Rig, key: str, path: tuple[str, ...], value: Any
) -> None:
    data = with_field(place.body(key), path, value)
    if data is None:
        return
    place.plant(key, data)
    history = place.sessions().open("s").restore(on_corrupt="report")
    unseen = set(range(6)) - {message.index for message in history.messages}
    reported = check_all(place, key, unseen)
    if key == COMMIT and unseen == {3, 4} and not reported:
        # What a single writer would have stored there: it took the index of a batch, which died.
        assert history.messages[2].batch is None
    else:
        assert bool(reported) >= bool(unseen)


@pytest.mark.parametrize("key", [COMMIT, MEMBER])
def test_a_commit_and_a_member_that_contradict_each_other_are_named(place: Rig, key: str) -> None:
    data = with_field(place.body(key), ("s3sessions", "batch", "id"), "another")
    place.plant(key, data or b"")
    reported = {
        error.key for error in place.sessions().open("s").restore(on_corrupt="report").corrupt
    }
    assert reported == ({MEMBER, MEMBER.replace("3", "4")} if key == COMMIT else {MEMBER})


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("path", DOCUMENT_FIELDS, ids=".".join)
@pytest.mark.parametrize("key", DOCUMENTS)
def test_a_field_of_another_kind_in_a_document_costs_no_message(
    place: Rig, key: str, path: tuple[str, ...], value: Any
) -> None:
    data = with_field(place.body(key), path, value)
    if data is None:
        return
    place.plant(key, data)
    assert check_all(place, key, set()) <= {key}


def by_order(history: Any) -> list[int]:
    return [message.index for message in history.messages]


@pytest.mark.parametrize(
    ("key", "seen", "hole"),
    [
        (SINGLE, [0, 2, 3, 4, 5], [range(1, 2)]),
        (COMMIT, [0, 1, 5], [range(2, 3)]),
        (MEMBER, [0, 1, 2, 4, 5], [range(3, 4)]),
        (NEWEST, [0, 1, 2, 3, 4], []),
    ],
)
def test_a_message_that_was_removed_by_hand_is_a_hole_which_nobody_fills(
    memory_rig: Rig, key: str, seen: list[int], hole: list[range]
) -> None:
    furnish(memory_rig)
    memory_rig.remove(key)
    chat = memory_rig.sessions().open("s")
    history = chat.restore()
    assert (by_order(history), list(history.holes)) == (seen, hole)
    stream = memory_rig.sessions(width=1).open("s").iterate()
    assert [message.index for message in stream] == seen
    assert list(stream.holes) == hole
    assert chat.append({"n": 6}).index == (5 if key == NEWEST else 6)


@pytest.mark.parametrize("keys", [[key] for key in DOCUMENTS] + [list(DOCUMENTS)], ids=str)
def test_a_session_whose_documents_vanished_is_not_a_new_one(
    memory_rig: Rig, keys: list[str]
) -> None:
    furnish(memory_rig)
    for key in keys:
        memory_rig.remove(key)
    chat = memory_rig.sessions().open("s")
    history = chat.restore()
    assert by_order(history) == [0, 1, 2, 3, 4, 5]
    assert len(history.missing) == len(keys)
    assert [ref.id for ref in memory_rig.sessions().list()] == ["other", "s"]
    assert memory_rig.sessions().info("s").messages == 7
    assert chat.append({"n": 6}).index == 6
    assert set(keys) <= set(memory_rig.keys())
    assert memory_rig.sessions().open("s").append({"n": 7}).index == 7
    assert by_order(memory_rig.sessions().open("s").restore()) == list(range(8))


def test_of_a_hundred_messages_one_that_is_torn_costs_one(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append_many([{"n": n} for n in range(50)])
    chat.append_many([{"n": n} for n in range(50, 100)])
    torn = f"{MESSAGES}/message_73.json"
    data = rig.body(torn)[:-20]
    rig.plant(torn, data)
    history = rig.sessions().open("s").restore(on_corrupt="report")
    assert numbers(history.messages) == [n for n in range(100) if n != 73]
    assert [error.key for error in history.corrupt] == [rig.prefix + torn]
    assert rig.body(torn) == data


def test_names_that_are_no_messages_are_passed_over_and_counted(memory_rig: Rig) -> None:
    furnish(memory_rig)
    names = (".DS_Store", "message_old.json", "message_01.json", "message_-1.json")
    for name in (*names, "sub/message_1.json", "message_9.json.tmp", "message_9"):
        memory_rig.plant(f"{MESSAGES}/{name}", b"not ours")
    before = bodies(memory_rig)
    chat = memory_rig.sessions().open("s")
    history = chat.restore()
    assert (len(history.messages), history.foreign, history.holes) == (6, 7, ())
    assert memory_rig.sessions().info("s").foreign == 7
    assert chat.append({"n": 6}).index == 6
    after = bodies(memory_rig)
    assert {key: after[key] for key in before} == before


def test_a_message_that_is_appended_behind_a_torn_one_is_seen(rig: Rig) -> None:
    furnish(rig)
    rig.plant(NEWEST, rig.body(NEWEST)[:30])
    assert rig.sessions().open("s").append({"n": 6}).index == 6
    history = rig.sessions().open("s").restore(on_corrupt="report")
    assert by_order(history) == [0, 1, 2, 3, 4, 6]
    assert [error.key for error in history.corrupt] == [rig.prefix + NEWEST]


def test_an_agent_document_of_garbage_costs_one_warning(
    memory_rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    furnish(memory_rig)
    memory_rig.plant(AGENT_DOCUMENT, b"garbage")
    chat = memory_rig.sessions().open("s")
    with caplog.at_level(logging.WARNING, "s3sessions"):
        assert len(chat.restore().messages) == 6
        chat.append({"n": 6})
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == 1
    assert AGENT_DOCUMENT in warnings[0]


def test_a_state_that_is_damaged_is_not_merged_with(memory_rig: Rig) -> None:
    furnish(memory_rig)
    document = json.loads(memory_rig.body(AGENT_DOCUMENT))
    document["state"] = {
        "good": {"__bytes_encoded__": True, "data": "AQI="},
        "bad": {"__bytes_encoded__": True, "data": "?"},
    }
    data = json.dumps(document).encode()
    memory_rig.plant(AGENT_DOCUMENT, data)
    chat = memory_rig.sessions().open("s")
    assert [error.key for error in chat.restore().corrupt] == [AGENT_DOCUMENT]
    with pytest.raises(CorruptObject):
        chat.save_state({"x": 1})
    assert memory_rig.body(AGENT_DOCUMENT) == data


@pytest.mark.parametrize("odd", [float("nan"), "\ud800"], ids=["NaN", "surrogate"])
def test_a_session_document_that_no_json_writer_may_write_again_is_deleted(
    memory_rig: Rig, odd: object
) -> None:
    furnish(memory_rig)
    document = json.loads(memory_rig.body(SESSION_DOCUMENT)) | {"theirs": odd}
    memory_rig.plant(SESSION_DOCUMENT, json.dumps(document).encode())
    assert memory_rig.sessions().info("s").corrupt.key == SESSION_DOCUMENT
    memory_rig.sessions().delete("s")
    assert [ref.id for ref in memory_rig.sessions().list()] == ["other"]


@pytest.mark.parametrize("damage", UNREADABLE.values(), ids=UNREADABLE)
def test_a_lease_that_cannot_be_read_is_nobodys(place: Rig, damage: Damage) -> None:
    lease = {"holder": "h", "taken_at": "2026-01-01", "expires_at": "9999-01-01"}
    place.plant(LEASE, damage(json.dumps(lease).encode()))
    assert by_order(place.sessions().open("s").restore()) == list(range(6))
    chat = place.sessions().open("s")
    with chat.turn():
        chat.append({"n": 6})
    assert LEASE not in place.keys()
    assert by_order(place.sessions().open("s").restore()) == list(range(7))


@settings(max_examples=150, derandomize=True, database=None, deadline=None)
@given(
    key=st.sampled_from(OBJECTS),
    cut=st.integers(0, 600),
    flips=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=4),
)
def test_whatever_byte_is_cut_or_changed_nothing_breaks(
    key: str, cut: int, flips: list[tuple[int, int]]
) -> None:
    place = Rig("memory", "sync", None, {}, MemoryStore())
    furnish(place)
    data = bytearray(place.body(key)[: cut or None])
    for at, byte in flips:
        data[at % len(data)] = byte
    place.plant(key, bytes(data))
    try:
        history = place.sessions().open("s").restore(on_corrupt="report")
    except SessionDeleted:
        return
    unseen = set(range(6)) - set(by_order(history))
    reported = check_all(place, key, unseen)
    assert reported <= {key, MEMBER, MEMBER.replace("3", "4")}
