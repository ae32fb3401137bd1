"""A packing that was cut off is finished by the next one, and what contradicts it is named."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from s3sessions.testing.simulate.blocks import small_blocks
from tests.behaviour.packing import documents, lines, pack, segment_key, segments
from tests.behaviour.planting import (
    plant_message,
)
from tests.behaviour.speaking import (
    heard,
    message_key,
    spoken,
    stored,
)
from tests.rig import Rig


@pytest.fixture
def small() -> Iterator[None]:
    """Segments of 3 messages, and of 6."""
    with small_blocks():
        yield


@pytest.mark.usefixtures("small")
def test_loose_messages_that_a_packing_left_are_taken_over_and_deleted(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 5)
    before = {index: memory_rig.body(message_key(index)) for index in range(3)}
    pack(memory_rig)
    for index in (0, 2):
        memory_rig.plant(message_key(index), before[index])
    chat.update(chat.read(2), {"n": "two"})
    report = pack(memory_rig)
    assert (report.packed, report.segments, report.corrupt) == (2, 0, ())
    assert stored(memory_rig) == [3, 4]
    assert heard(memory_rig) == [0, 1, "two", 3, 4]


@pytest.mark.usefixtures("small")
def test_a_loose_message_that_is_another_than_the_packed_one_is_named_and_stays(
    memory_rig: Rig,
) -> None:
    spoken(memory_rig, 5)
    pack(memory_rig)
    plant_message(memory_rig, 1, {"n": "another"})
    stray = memory_rig.body(message_key(1))
    for _ in range(2):
        report = pack(memory_rig)
        assert [error.key for error in report.corrupt] == [message_key(1)]
        assert (report.packed, stored(memory_rig)) == (0, [1, 3, 4])
        assert memory_rig.body(message_key(1)) == stray
    assert [document["message"]["n"] for document in documents(memory_rig, 0, 2)] == [0, 1, 2]


@pytest.mark.usefixtures("small")
def test_a_segment_that_cannot_be_read_keeps_its_loose_messages(memory_rig: Rig) -> None:
    spoken(memory_rig, 5)
    before = memory_rig.body(message_key(1))
    pack(memory_rig)
    memory_rig.plant(message_key(1), before)
    memory_rig.plant(segment_key(0, 2), b"garbage")
    report = pack(memory_rig)
    assert [error.key for error in report.corrupt] == [segment_key(0, 2)]
    assert stored(memory_rig) == [1, 3, 4]


@pytest.mark.usefixtures("small")
def test_a_segment_of_an_earlier_life_is_left_alone(memory_rig: Rig) -> None:
    spoken(memory_rig, 5)
    pack(memory_rig)
    ghost = memory_rig.body(segment_key(0, 2))
    memory_rig.sessions().delete("s")
    spoken(memory_rig, 5)
    memory_rig.plant(segment_key(0, 2), ghost)
    report = pack(memory_rig)
    assert [error.key for error in report.corrupt] == [segment_key(0, 2)]
    assert (report.packed, stored(memory_rig)) == (0, [0, 1, 2, 3, 4])
    assert memory_rig.body(segment_key(0, 2)) == ghost


@pytest.mark.usefixtures("small")
def test_a_small_segment_that_a_packing_left_beside_the_large_one_is_taken_over(
    memory_rig: Rig,
) -> None:
    chat = spoken(memory_rig, 7)
    pack(memory_rig)
    small = memory_rig.body(segment_key(3, 5))
    chat.append({"n": 7})
    assert pack(memory_rig).segments == 1
    assert segments(memory_rig) == [(0, 5)]
    memory_rig.plant(segment_key(3, 5), small)
    chat.redact(4)
    assert json.loads(lines(memory_rig, 3, 5)[1])["s3sessions"]["redacted_at"]
    report = pack(memory_rig)
    assert (report.packed, report.segments, segments(memory_rig)) == (0, 0, [(0, 5)])
    assert memory_rig.sessions().open("s").read(4).redacted_at is not None
