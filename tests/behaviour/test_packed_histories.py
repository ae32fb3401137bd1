"""What readers and writers meet in a packed history: the same as before, for fewer requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from s3sessions import CorruptObject, UnsupportedVersion
from s3sessions.segments import decode_segment
from s3sessions.testing.simulate.blocks import small_blocks
from tests.behaviour.counting import Counted
from tests.behaviour.packing import pack, segment_key, segments
from tests.behaviour.speaking import (
    AGENT,
    SESSION_DOCUMENT,
    document,
    heard,
    message_key,
    say,
    spoken,
    stored,
)
from tests.rig import Rig

COUNT: Final = 15


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    """Segments of 3 messages, and of 6."""
    with small_blocks():
        yield


@pytest.fixture
def rig(memory_rig: Rig) -> Rig:
    """A place with a history of 15 messages: six in one object, six in two, three loose."""
    spoken(memory_rig, 8)
    pack(memory_rig)
    pack(memory_rig)
    say(memory_rig.sessions().open("s"), range(8, COUNT))
    memory_rig.sessions().open("s").compact(min_age=0, pack=True)
    assert segments(memory_rig) == [(0, 5), (6, 8), (9, 11)]
    return memory_rig


def numbers(messages: Any) -> list[Any]:
    return [message.payload["n"] for message in messages]


def rewritten(rig: Rig, first: int, last: int, change: Callable[[Any], Any]) -> None:
    """Let a segment be another one."""
    key, block = segment_key(first, last), range(first, last + 1)
    rig.plant(key, change(decode_segment(key, block, rig.body(key))).encode())


# Reading


def test_it_is_restored_whole(rig: Rig) -> None:
    history = rig.sessions().open("s").restore()
    assert numbers(history.messages) == list(range(COUNT))
    assert (history.corrupt, history.holes) == ((), ())


def test_its_end_is_restored_wherever_a_segment_begins(rig: Rig) -> None:
    for last in range(COUNT + 2):
        history = rig.sessions().open("s").restore(last=last)
        assert numbers(history.messages) == list(range(max(0, COUNT - last), COUNT))


@pytest.mark.parametrize("stop", [None, 1, 6, 7, 12, 14])
def test_any_part_of_it_is_iterated(rig: Rig, stop: int | None) -> None:
    chat = rig.sessions().open("s")
    for start in range(COUNT + 1):
        part = chat.iterate(start=start, stop=stop)
        assert numbers(part) == list(range(COUNT))[start:stop]


def test_one_message_is_read_wherever_it_stands(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    assert [chat.read(n).payload["n"] for n in range(COUNT)] == list(range(COUNT))


def test_it_is_counted_as_before(rig: Rig) -> None:
    sessions = rig.sessions()
    assert [size.messages for size in sessions.sizes()] == [COUNT]
    assert sessions.info("s").agents == {"default": COUNT}


# Writing


def test_fresh_and_warm_handles_append_behind_it(memory_rig: Rig) -> None:
    warm = spoken(memory_rig, 8)
    restored = memory_rig.sessions().open("s")
    restored.restore()
    pack(memory_rig)
    assert memory_rig.sessions().open("s").append({"n": 8}).index == 8
    assert warm.refresh()[-1].index == 8
    assert warm.append({"n": 9}).index == 9
    assert numbers(restored.refresh()) == [8, 9]
    assert heard(memory_rig) == list(range(10))


def test_a_redelivery_is_recognised_in_a_segment(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append({"n": 0}, write_id="event")
    say(chat, range(1, 5))
    pack(memory_rig)
    assert memory_rig.sessions().open("s").append({"n": 0}, write_id="event").index == 0
    assert heard(memory_rig) == list(range(5))


@pytest.mark.parametrize("keep", [2, 3, 4, 5, 9, 14])
def test_it_is_truncated_and_compacted_wherever_a_segment_begins(rig: Rig, keep: int) -> None:
    chat = rig.sessions().open("s")
    chat.restore()
    chat.truncate(keep)
    assert heard(rig) == list(range(COUNT - keep, COUNT))
    pack(rig)
    assert heard(rig) == list(range(COUNT - keep, COUNT))
    assert all(last >= COUNT - keep for _, last in segments(rig))


def test_it_is_summarised_cleared_and_replaced(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.summarize("so far", keep_last=4)
    history = rig.sessions().open("s").restore()
    assert (history.summary.text, numbers(history.messages)) == ("so far", [11, 12, 13, 14])
    chat.replace([{"n": "new"}])
    assert heard(rig) == ["new"]
    chat.clear()
    pack(rig)
    assert (heard(rig), segments(rig)) == ([], [])


def test_forks_begin_with_all_of_it_or_with_a_part(rig: Rig) -> None:
    sessions = rig.sessions()
    sessions.fork("s", "whole")
    sessions.fork("s", "part", until=8)
    assert numbers(sessions.open("whole").restore().messages) == list(range(COUNT))
    assert numbers(sessions.open("part").restore().messages) == list(range(8))
    assert [key for key in rig.keys() if "archive" in key and "session_s/" not in key] == []


def test_deleting_takes_the_segments_of_an_agent_and_of_a_session(rig: Rig) -> None:
    sessions = rig.sessions()
    sessions.open("s", agent="other").append({"n": "other"})
    sessions.delete("s", agent="default")
    assert segments(rig) == []
    assert numbers(sessions.open("s", agent="other").restore().messages) == ["other"]
    sessions.delete("s")
    assert rig.keys() == []


# Copies


def test_a_loose_message_counts_over_its_copy(rig: Rig) -> None:
    line = json.loads(rig.body(segment_key(6, 8)).split(b"\n")[2])
    rig.plant(message_key(7), json.dumps({**line, "message": {"n": "seven"}}).encode())
    assert heard(rig)[6:9] == [6, "seven", 8]
    assert numbers(rig.sessions().open("s").iterate())[6:9] == [6, "seven", 8]
    assert rig.sessions().open("s").read(7).payload == {"n": "seven"}


def test_another_message_under_a_packed_index_is_reported_and_refuses_nothing(rig: Rig) -> None:
    line = json.loads(rig.body(segment_key(6, 8)).split(b"\n")[2])
    other = {**line, "message": {"n": "?"}, "s3sessions": {"v": 1, "write_id": "another"}}
    rig.plant(message_key(7), json.dumps(other).encode())
    history = rig.sessions().open("s").restore()
    assert numbers(history.messages) == list(range(COUNT))
    assert [error.key for error in history.corrupt] == [rig.prefix + message_key(7)]


def test_of_two_segments_the_smaller_counts(rig: Rig) -> None:
    rewritten(rig, 0, 5, lambda large: large)
    large = decode_segment("", range(6), rig.body(segment_key(0, 5)))
    line = json.loads(large.line(4))
    changed = json.dumps({**line, "message": {"n": "four"}}).encode()
    lines = [large.line(3), changed, large.line(5)]
    small = type(large)(range(3, 6), lines, large.life)
    rig.plant(segment_key(3, 5), small.encode())
    assert heard(rig)[3:6] == [3, "four", 5]


# Damage


DAMAGE: Final[dict[str, Callable[[bytes], bytes]]] = {
    "garbled": lambda body: b"?",
    "empty": lambda body: b"",
    "a line too few": lambda body: b"\n".join([*body.split(b"\n")[:2], b""]),
    "a line too many": lambda body: body + b"{}\n",
    "cut off": lambda body: body[:-1],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_segment_is_one_error_and_the_rest_is_read(rig: Rig, damage: str) -> None:
    rig.plant(segment_key(6, 8), DAMAGE[damage](rig.body(segment_key(6, 8))))
    rest = [n for n in range(COUNT) if n not in (6, 7, 8)]
    chat = rig.sessions().open("s")
    with pytest.raises(CorruptObject) as raised:
        chat.restore()
    assert raised.value.key == rig.prefix + segment_key(6, 8)
    history = chat.restore(on_corrupt="report")
    assert numbers(history.messages) == rest
    assert [error.key for error in history.corrupt] == [rig.prefix + segment_key(6, 8)]
    assert numbers(chat.iterate()) == rest
    assert numbers(chat.restore(last=3).messages) == [12, 13, 14]


def test_a_damaged_line_costs_its_message_alone(rig: Rig) -> None:
    rewritten(rig, 6, 8, lambda segment: segment.with_line(7, b"{"))
    history = rig.sessions().open("s").restore(on_corrupt="report")
    assert numbers(history.messages) == [n for n in range(COUNT) if n != 7]
    assert len(history.corrupt) == 1


def test_a_segment_of_a_newer_version_is_not_guessed_at(rig: Rig) -> None:
    body = rig.body(segment_key(6, 8))
    rig.plant(segment_key(6, 8), body.replace(b'"v":1', b'"v":2', 1))
    with pytest.raises(UnsupportedVersion):
        rig.sessions().open("s").restore()


def test_names_that_are_no_whole_block_are_foreign(rig: Rig) -> None:
    for name in ("segment_1-3.jsonl", "segment_0-1.jsonl", "segment_00-2.jsonl", "note.txt"):
        rig.plant(f"{AGENT}/archive/{name}", b"?")
    history = rig.sessions().open("s").restore()
    assert numbers(history.messages) == list(range(COUNT))
    assert history.foreign == 4


def test_objects_of_other_writers_are_read_from_a_segment(memory_rig: Rig) -> None:
    spoken(memory_rig, 5)
    for index in range(3):
        body = document(memory_rig, message_key(index))
        del body["s3sessions"]
        memory_rig.plant(message_key(index), json.dumps(body, indent=2).encode())
    pack(memory_rig)
    assert (stored(memory_rig), heard(memory_rig)) == ([3, 4], list(range(5)))


def test_a_lost_session_json_takes_over_the_life_of_the_segments(rig: Rig) -> None:
    life = document(rig, SESSION_DOCUMENT)["s3sessions"]["life"]
    rig.remove(SESSION_DOCUMENT)
    assert heard(rig) == list(range(COUNT))
    rig.sessions().open("s").append({"n": COUNT})
    assert document(rig, SESSION_DOCUMENT)["s3sessions"]["life"] == life
    assert heard(rig) == list(range(COUNT + 1))


# Requests


def test_a_restore_is_one_get_for_each_segment_and_loose_message(rig: Rig) -> None:
    counted = Counted(rig, None)
    documents = 2
    assert counted.cost(lambda s: s.open("s").restore()) == {"list": 1, "get": 3 + 3 + documents}
    assert counted.cost(lambda s: s.open("s").restore(last=2)) == {"list": 1, "get": 2 + documents}
    assert counted.cost(lambda s: s.open("s").restore(last=5)) == {"list": 1, "get": 4 + documents}
    assert counted.cost(lambda s: list(s.open("s").iterate())) == {"list": 1, "get": 3 + 3 + 1}
