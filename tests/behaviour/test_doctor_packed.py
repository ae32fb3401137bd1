"""What the doctor says of packed histories, and what it mends of them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from s3sessions.health import Finding, FindingKind
from s3sessions.segments import Segment, decode_segment
from s3sessions.testing.simulate.blocks import small_blocks
from tests.behaviour.packing import pack, segment_key, segments
from tests.behaviour.speaking import (
    SESSION_DOCUMENT,
    document,
    heard,
    message_key,
    spoken,
    stored,
)
from tests.rig import Rig

SECRET = "4111-1111-1111-1111"


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    """Segments of 3 messages, and of 6."""
    with small_blocks():
        yield


def days_later() -> float:
    return time.time() + 3 * 86400


def examined(rig: Rig, **options: Any) -> list[Finding]:
    return list(rig.sessions(clock=days_later).doctor("s", **options))


def found(findings: list[Finding]) -> list[tuple[FindingKind, str]]:
    return [(finding.kind, finding.key) for finding in findings]


def half_packed(rig: Rig, count: int = 5) -> None:
    """Leave behind what a packing leaves that dies before it deletes anything."""
    spoken(rig, count)
    loose = {index: rig.body(message_key(index)) for index in range(3)}
    pack(rig)
    for index, body in loose.items():
        rig.plant(message_key(index), body)


def rewritten(rig: Rig, first: int, last: int, change: Any) -> None:
    """Let a segment be another one."""
    key, block = segment_key(first, last), range(first, last + 1)
    rig.plant(key, change(decode_segment(key, block, rig.body(key))).encode())


@pytest.mark.parametrize("count", [5, 15])
def test_a_packed_history_has_no_finding(memory_rig: Rig, count: int) -> None:
    spoken(memory_rig, count)
    pack(memory_rig)
    pack(memory_rig)
    assert segments(memory_rig)
    assert examined(memory_rig) == []


def test_segments_below_the_beginning_are_no_finding(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 7)
    pack(memory_rig)
    chat.truncate(1)
    assert segments(memory_rig) == [(0, 2), (3, 5)]
    assert examined(memory_rig) == []


def test_a_packing_that_died_is_found_and_ended(memory_rig: Rig) -> None:
    half_packed(memory_rig)
    assert found(examined(memory_rig)) == [(FindingKind.UNFINISHED_PACKING, segment_key(0, 2))]
    assert [finding.repaired for finding in examined(memory_rig, repair=True)] == [True]
    assert examined(memory_rig) == []
    assert stored(memory_rig) == [3, 4]
    assert heard(memory_rig) == list(range(5))


def test_what_was_taken_out_of_a_message_goes_from_the_copy_that_a_packing_left(
    memory_rig: Rig,
) -> None:
    chat = memory_rig.sessions().open("s")
    for text in (SECRET, "b", "c", "d", "e"):
        chat.append({"role": "user", "content": text})
    loose = {index: memory_rig.body(message_key(index)) for index in range(3)}
    pack(memory_rig)
    redacted = chat.redact(0)
    # The packing had read the message before, and died behind its PUT.
    line = memory_rig.body(segment_key(0, 2)).split(b"\n")[1]
    memory_rig.plant(message_key(0), line)
    rewritten(memory_rig, 0, 2, lambda segment: segment.with_line(0, loose[0]))
    finding = examined(memory_rig)[0]
    assert finding.kind is FindingKind.UNFINISHED_PACKING
    assert SECRET not in f"{finding.meaning}{finding.remedy}"
    assert examined(memory_rig, repair=True)[0].repaired
    assert [key for key in memory_rig.keys() if SECRET.encode() in memory_rig.body(key)] == []
    assert memory_rig.sessions().open("s").read(0).payload == redacted.payload


def test_what_may_still_be_created_again_is_left_to_the_next_day(memory_rig: Rig) -> None:
    half_packed(memory_rig)
    findings = list(memory_rig.sessions().doctor("s", repair=True))
    assert found(findings) == [(FindingKind.UNFINISHED_PACKING, segment_key(0, 2))]
    assert not findings[0].repairable
    assert stored(memory_rig) == list(range(5))


def test_a_small_segment_beside_the_large_one_is_merged(memory_rig: Rig) -> None:
    spoken(memory_rig, 15)
    pack(memory_rig)
    lines = memory_rig.body(segment_key(0, 2)) if (0, 2) in segments(memory_rig) else b""
    pack(memory_rig)
    assert (0, 5) in segments(memory_rig)
    key = segment_key(0, 5)
    large = decode_segment(key, range(6), memory_rig.body(key))
    small = Segment(range(3), large.lines[:3], large.life).encode()
    assert lines in (b"", small)
    memory_rig.plant(segment_key(0, 2), small)
    assert found(examined(memory_rig)) == [(FindingKind.UNFINISHED_PACKING, key)]
    assert examined(memory_rig, repair=True)[0].repaired
    assert (0, 2) not in segments(memory_rig)
    assert heard(memory_rig) == list(range(15))


def test_another_message_under_a_packed_index_is_named_and_left_alone(memory_rig: Rig) -> None:
    half_packed(memory_rig)
    other = json.loads(memory_rig.body(message_key(1)))
    other["message"] = {"n": SECRET}
    other["s3sessions"]["write_id"] = "another"
    memory_rig.plant(message_key(1), json.dumps(other).encode())
    findings = examined(memory_rig, repair=True)
    assert found(findings) == [
        (FindingKind.CONFLICTING_COPY, message_key(1)),
        (FindingKind.UNFINISHED_PACKING, segment_key(0, 2)),
    ]
    assert [finding.repaired for finding in findings] == [False, True]
    assert stored(memory_rig) == [1, 3, 4]
    assert SECRET not in str(findings)
    history = memory_rig.sessions().open("s").restore(on_corrupt="report")
    assert [message.payload["n"] for message in history.messages] == list(range(5))


def test_a_segment_that_cannot_be_read_is_one_finding(memory_rig: Rig) -> None:
    spoken(memory_rig, 5)
    pack(memory_rig)
    memory_rig.plant(segment_key(0, 2), b"not a segment")
    findings = examined(memory_rig, repair=True)
    assert found(findings) == [(FindingKind.CORRUPT_OBJECT, segment_key(0, 2))]
    assert not findings[0].repairable


def test_a_line_that_cannot_be_read_is_a_finding_and_the_others_are_read(memory_rig: Rig) -> None:
    spoken(memory_rig, 5)
    pack(memory_rig)
    rewritten(memory_rig, 0, 2, lambda segment: segment.with_line(1, b"{"))
    assert found(examined(memory_rig)) == [(FindingKind.CORRUPT_OBJECT, segment_key(0, 2))]


def test_a_segment_of_a_newer_version_is_named_and_left_alone(memory_rig: Rig) -> None:
    spoken(memory_rig, 5)
    pack(memory_rig)
    body = memory_rig.body(segment_key(0, 2)).replace(b'"v":1', b'"v":9', 1)
    memory_rig.plant(segment_key(0, 2), body)
    findings = examined(memory_rig, repair=True)
    assert found(findings) == [(FindingKind.NEWER_VERSION, segment_key(0, 2))]
    assert memory_rig.body(segment_key(0, 2)) == body


def test_a_segment_of_an_earlier_life_is_deleted(memory_rig: Rig) -> None:
    spoken(memory_rig, 5)
    pack(memory_rig)
    left = memory_rig.body(segment_key(0, 2))
    memory_rig.sessions().delete("s")
    spoken(memory_rig, 2)
    memory_rig.plant(segment_key(0, 2), left)
    assert heard(memory_rig) == [0, 1]
    findings = examined(memory_rig)
    assert (FindingKind.GHOST, segment_key(0, 2)) in found(findings)
    examined(memory_rig, repair=True)
    assert segments(memory_rig) == []
    assert heard(memory_rig) == [0, 1]


def test_what_may_belong_to_a_session_json_that_was_lost_is_left_alone(memory_rig: Rig) -> None:
    spoken(memory_rig, 5)
    pack(memory_rig)
    lost = document(memory_rig, SESSION_DOCUMENT)
    later = "2126-01-01T00:00:00+00:00"
    anew = {**lost, "created_at": later, "s3sessions": {**lost["s3sessions"], "life": "anew"}}
    memory_rig.plant(SESSION_DOCUMENT, json.dumps(anew).encode())
    findings = examined(memory_rig, repair=True)
    ghost = next(finding for finding in findings if finding.key == segment_key(0, 2))
    assert (ghost.kind, ghost.repairable) == (FindingKind.GHOST, False)
    assert segments(memory_rig) == [(0, 2)]


def test_a_lost_session_json_comes_back_with_the_life_that_the_segments_name(
    memory_rig: Rig,
) -> None:
    spoken(memory_rig, 5)
    pack(memory_rig)
    life = document(memory_rig, SESSION_DOCUMENT)["s3sessions"]["life"]
    memory_rig.remove(SESSION_DOCUMENT)
    assert heard(memory_rig) == list(range(5))
    assert examined(memory_rig, repair=True)[0].kind is FindingKind.MISSING_DOCUMENT
    assert document(memory_rig, SESSION_DOCUMENT)["s3sessions"]["life"] == life
    assert heard(memory_rig) == list(range(5))
    assert examined(memory_rig) == []


def test_a_message_delivered_twice_is_voided_where_it_is_packed(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    for n in range(7):
        chat.append({"n": n})
    for index in (1, 4):
        twin = json.loads(memory_rig.body(message_key(index)))
        twin["message"], twin["s3sessions"]["write_id"] = {"n": "twice"}, "event"
        memory_rig.plant(message_key(index), json.dumps(twin).encode())
    pack(memory_rig)
    assert segments(memory_rig) == [(0, 2), (3, 5)]
    findings = examined(memory_rig, repair=True)
    assert [finding.kind for finding in findings] == [FindingKind.DUPLICATE_WRITE_ID]
    assert findings[0].repaired
    assert heard(memory_rig) == [0, "twice", 2, 3, 5, 6]
