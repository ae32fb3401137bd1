"""What packing promises: which messages are rewritten as segments, and that nobody sees it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from s3sessions import CorruptObject, SessionDeleted, UnsupportedVersion
from s3sessions.testing.simulate.blocks import small_blocks
from tests.behaviour.ageing import Ageing
from tests.behaviour.packing import lines, pack, segment_key, segments
from tests.behaviour.planting import (
    commit,
    deleted_by_mark,
    member,
    plant_message,
)
from tests.behaviour.speaking import (
    SESSION_DOCUMENT,
    heard,
    message_key,
    say,
    spoken,
    stored,
)
from tests.rig import Rig


@pytest.fixture
def ageing() -> Iterator[Ageing]:
    place = Ageing()
    yield place
    place.rig.close()


@pytest.fixture
def small() -> Iterator[None]:
    """Segments of 3 messages, and of 6."""
    with small_blocks():
        yield


def cost(chat: Any, before: dict[str, int]) -> dict[str, int]:
    after = chat.requests.by_verb
    return {verb: n - before.get(verb, 0) for verb, n in after.items() if n != before.get(verb, 0)}


def test_whole_blocks_of_a_hundred_are_packed_and_the_rest_stays_loose(
    memory_rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    chat = spoken(memory_rig, 230)
    before = {index: memory_rig.body(message_key(index)) for index in range(230)}
    with caplog.at_level(logging.INFO, "s3sessions"):
        report = chat.compact(min_age=0, pack=True)
    assert (report.packed, report.segments, report.corrupt) == (200, 2, ())
    fields = {"session": "s", "agent": "default", "messages": 200, "segments": 2}
    (record,) = [record for record in caplog.records if "history_packed" in record.getMessage()]
    assert record.__dict__["s3sessions"] == {"event": "history_packed", **fields}
    assert segments(memory_rig) == [(0, 99), (100, 199)]
    assert stored(memory_rig) == list(range(200, 230))
    assert lines(memory_rig, 0, 99) == [before[index] for index in range(100)]
    assert heard(memory_rig) == list(range(230))
    assert chat.append({"n": 230}).index == 230
    assert memory_rig.sessions().open("s").append({"n": 231}).index == 231
    again = pack(memory_rig)
    assert (again.objects, again.packed, again.segments) == (0, 0, 0)


def test_packing_costs_a_get_for_each_message_and_three_requests_for_each_block(
    memory_rig: Rig,
) -> None:
    chat = spoken(memory_rig, 201)
    before = chat.requests.by_verb
    chat.compact(min_age=0, pack=True)
    # One GET of session.json beside the list and behind each segment, one of the newest message.
    assert cost(chat, before) == {"list": 1, "get": 200 + 2 + 2, "put": 2, "delete_many": 2}
    before = chat.requests.by_verb
    chat.compact(min_age=0, pack=True)
    assert cost(chat, before) == {"list": 1, "get": 1}


@pytest.mark.usefixtures("small")
def test_packing_works_on_every_store(rig: Rig) -> None:
    spoken(rig, 8)
    report = pack(rig)
    assert (report.packed, report.segments) == (6, 3)
    assert segments(rig) == [(0, 5)]
    assert stored(rig) == [6, 7]
    assert heard(rig) == list(range(8))
    chat = rig.sessions().open("s")
    chat.redact(1)
    assert chat.read(1).redacted_at is not None
    assert chat.append({"n": 8}).index == 8


def test_nothing_is_packed_unless_it_is_asked(memory_rig: Rig) -> None:
    spoken(memory_rig, 150).compact(min_age=0)
    memory_rig.sessions().open("s").restore()
    assert segments(memory_rig) == []


def test_the_newest_message_is_never_packed(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 100)
    assert pack(memory_rig).packed == 0
    chat.append({"n": 100})
    assert pack(memory_rig).packed == 100
    assert stored(memory_rig) == [100]


def test_a_block_is_packed_once_all_of_it_is_a_day_old(ageing: Ageing) -> None:
    chat = ageing.sessions().open("s")
    say(chat, range(60))
    ageing.wait(0.7)
    say(chat, range(60, 101))
    ageing.wait(0.5)
    assert ageing.sessions().open("s").compact(pack=True).packed == 0
    ageing.wait(0.6)
    chat = ageing.sessions().open("s")
    assert chat.compact(pack=True).packed == 100
    assert chat.compact(pack=True).segments == 0


def test_the_newest_that_is_old_is_not_packed_though_younger_ones_are_behind_it(
    ageing: Ageing,
) -> None:
    say(ageing.sessions().open("s"), range(100))
    ageing.wait(2)
    say(ageing.sessions().open("s"), range(100, 110))
    assert ageing.sessions().open("s").compact(pack=True).packed == 0
    ageing.wait(2)
    assert ageing.sessions().open("s").compact(pack=True).packed == 100


@pytest.mark.usefixtures("small")
def test_a_message_that_was_changed_is_young_and_keeps_its_block_loose(ageing: Ageing) -> None:
    chat = ageing.sessions().open("s")
    say(chat, range(8))
    ageing.wait(2)
    chat.redact(1)
    assert ageing.sessions().open("s").compact(pack=True).packed == 3
    assert segments(ageing.rig) == [(3, 5)]
    ageing.wait(2)
    assert ageing.sessions().open("s").compact(pack=True).packed == 3
    # So does one that a packing which was cut off has left beside its segment.
    line = lines(ageing.rig, 0, 2)[1]
    ageing.rig.plant(message_key(1), line)
    assert ageing.sessions().open("s").compact(pack=True).packed == 0
    ageing.wait(2)
    assert ageing.sessions().open("s").compact(pack=True).packed == 1


@pytest.mark.usefixtures("small")
def test_batches_within_a_block_are_packed_and_those_that_cross_one_stay_loose(
    memory_rig: Rig,
) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append({"n": 0})
    chat.append_many([{"n": 1}, {"n": 2}])
    chat.append({"n": 3})
    chat.append_many([{"n": 4}, {"n": 5}, {"n": 6}])
    say(chat, range(7, 10))
    report = pack(memory_rig)
    assert (report.packed, report.corrupt) == (3, ())
    assert segments(memory_rig) == [(0, 2)]
    assert stored(memory_rig) == list(range(3, 10))
    assert heard(memory_rig) == list(range(10))
    messages = memory_rig.sessions().open("s").restore().messages
    assert messages[2].batch is not None
    assert (messages[2].batch.commit, messages[2].batch.position) == (1, 1)


@pytest.mark.usefixtures("small")
def test_members_of_a_dead_batch_are_packed_with_their_block_and_stay_unseen(
    memory_rig: Rig,
) -> None:
    spoken(memory_rig, 1)
    plant_message(memory_rig, 2, {"n": "dead"}, **member(2, 1, batch="dead"))
    plant_message(memory_rig, 1, {"n": 1})
    say(memory_rig.sessions().open("s"), range(2, 4))
    assert pack(memory_rig).packed == 3
    assert heard(memory_rig) == [0, 1, 2, 3]
    assert memory_rig.sessions().open("s").append({"n": 4}).index == 5


@pytest.mark.usefixtures("small")
def test_a_commit_of_what_stands_outside_of_the_block_keeps_it_loose(memory_rig: Rig) -> None:
    spoken(memory_rig, 2)
    plant_message(memory_rig, 3, {"n": 3}, **member(3, 2))
    plant_message(memory_rig, 2, {"n": 2}, **commit(2, 3))
    say(memory_rig.sessions().open("s"), range(4, 8))
    assert pack(memory_rig).packed == 0
    assert heard(memory_rig) == list(range(8))


@pytest.mark.usefixtures("small")
def test_a_block_with_a_hole_stays_loose(memory_rig: Rig) -> None:
    spoken(memory_rig, 8)
    memory_rig.remove(message_key(1))
    assert pack(memory_rig).packed == 3
    assert segments(memory_rig) == [(3, 5)]
    assert heard(memory_rig) == [0, *range(2, 8)]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (b"garbage", CorruptObject),
        (b"", CorruptObject),
        (b'{"message": {}, "s3sessions": {"v": 99}}', UnsupportedVersion),
    ],
)
def test_what_cannot_be_read_keeps_its_block_loose_and_is_named(
    memory_rig: Rig, damage: bytes, kind: type[Exception]
) -> None:
    spoken(memory_rig, 8)
    memory_rig.plant(message_key(4), damage)
    report = pack(memory_rig)
    assert (report.packed, segments(memory_rig)) == (3, [(0, 2)])
    assert [(type(error), error.key) for error in report.corrupt] == [(kind, message_key(4))]
    assert memory_rig.body(message_key(4)) == damage


@pytest.mark.usefixtures("small")
def test_objects_of_strands_become_lines_and_are_otherwise_byte_for_byte(memory_rig: Rig) -> None:
    spoken(memory_rig, 8)
    said = {"role": "user", "content": [{"text": "two\nlines, \r and a \\n and \u2028 é"}]}
    body = {
        "message": said,
        "message_id": 1,
        "redact_message": None,
        "created_at": "2026-11-21T09:00:00+00:00",
        "updated_at": "2026-11-21T09:00:00+00:00",
    }
    theirs = json.dumps(body, indent=2, ensure_ascii=False).encode().replace(b"\n", b"\r\n")
    memory_rig.plant(message_key(1), theirs)
    before = memory_rig.sessions().open("s").read(1)
    assert pack(memory_rig).packed == 6
    line = lines(memory_rig, 0, 5)[1]
    assert line == theirs.replace(b"\r\n", b"  ")
    assert memory_rig.sessions().open("s").read(1) == before
    assert before.payload == said


@pytest.mark.usefixtures("small")
def test_what_was_removed_redacted_and_cut_off_is_packed_as_it_is(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    for n in range(8):
        chat.append({"n": n, "b": bytes([n])}, status="partial" if n == 2 else None)
    chat.remove(0)
    chat.redact(1)
    before = memory_rig.sessions().open("s").restore()
    assert pack(memory_rig).packed == 6
    after = memory_rig.sessions().open("s").restore()
    assert after.messages == before.messages
    assert (after.holes, after.next_index) == ((), 8)
    assert [m.status for m in after.messages][:2] == [None, "partial"]


@pytest.mark.usefixtures("small")
def test_what_is_hidden_is_not_packed_and_goes_with_the_segments_that_hold_nothing_else(
    memory_rig: Rig,
) -> None:
    chat = spoken(memory_rig, 12)
    chat.truncate(8)
    report = chat.compact(min_age=0, pack=True)
    # Of the block 3 to 5 two are visible: it is not packed.
    assert (report.objects, report.packed) == (4, 3)
    assert (stored(memory_rig), segments(memory_rig)) == ([4, 5, 9, 10, 11], [(6, 8)])
    chat.truncate(4)
    report = chat.compact(min_age=0)
    assert report.objects == 2, "of the segment two messages are hidden and one is not"
    assert segments(memory_rig) == [(6, 8)]
    assert heard(memory_rig) == [8, 9, 10, 11]
    chat.truncate(2)
    size = len(memory_rig.body(segment_key(6, 8))) + len(memory_rig.body(message_key(9)))
    report = chat.compact(min_age=0)
    assert (report.objects, report.bytes) == (2, size)
    assert (stored(memory_rig), segments(memory_rig)) == ([10, 11], [])
    assert heard(memory_rig) == [10, 11]


@pytest.mark.usefixtures("small")
def test_a_hidden_segment_goes_once_it_is_a_day_old(ageing: Ageing) -> None:
    say(ageing.sessions().open("s"), range(5))
    ageing.wait(2)
    chat = ageing.sessions().open("s")
    assert chat.compact(pack=True).segments == 1
    chat.truncate(1)
    report = chat.compact()
    assert (report.objects, report.young) == (1, 1)
    ageing.wait(2)
    assert ageing.sessions().open("s").compact().objects == 1
    assert (stored(ageing.rig), segments(ageing.rig)) == ([4], [])


@pytest.mark.usefixtures("small")
def test_a_hidden_message_stays_as_long_as_a_segment_holds_a_copy(memory_rig: Rig) -> None:
    """What was taken out of the one may stand in the other still."""
    chat = spoken(memory_rig, 8)
    loose = memory_rig.body(message_key(1))
    pack(memory_rig)
    redacted = memory_rig.sessions().open("s").redact(1)
    now = lines(memory_rig, 0, 5)[1]
    # As a packing leaves it that read the message before, and died.
    whole = memory_rig.body(segment_key(0, 5))
    memory_rig.plant(segment_key(0, 5), whole.replace(now, loose))
    memory_rig.plant(message_key(1), now)
    chat.truncate(4)
    memory_rig.sessions().open("s").compact(min_age=0)
    assert memory_rig.sessions().open("s").read(1) == redacted
    chat.truncate(1)
    memory_rig.sessions().open("s").compact(min_age=0)
    assert segments(memory_rig) == []
    assert stored(memory_rig) == [7]


def test_nothing_is_packed_where_no_session_json_tells_whose_history_it_is(
    memory_rig: Rig,
) -> None:
    spoken(memory_rig, 120)
    whole = memory_rig.body(SESSION_DOCUMENT)
    memory_rig.remove(SESSION_DOCUMENT)
    assert pack(memory_rig).packed == 0
    memory_rig.plant(SESSION_DOCUMENT, b"{")
    assert pack(memory_rig).packed == 0
    memory_rig.plant(SESSION_DOCUMENT, whole)
    assert pack(memory_rig).packed == 100
    deleted_by_mark(memory_rig)
    with pytest.raises(SessionDeleted):
        pack(memory_rig)
