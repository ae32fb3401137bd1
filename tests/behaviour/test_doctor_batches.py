"""What the doctor says of batches, of copies, and of what is being deleted."""

from __future__ import annotations

import time
from typing import Any

import pytest

from s3sessions.health import FindingKind
from tests.behaviour.planting import (
    MESSAGES,
    Plant,
    agent_deleted_by_mark,
    commit,
    deleted_by_mark,
    diagnosed,
    kinds,
    member,
    plant_message,
    spoken,
)
from tests.rig import Rig


@pytest.mark.parametrize(
    ("stamp", "why"),
    [({"write_id": "single"}, "another message"), (commit(3, 6), "not listed"),
     (commit(3, 4, batch="other"), "another batch")],
    ids=["another message", "not listed", "another batch"],
)  # fmt: skip
def test_a_member_is_dead_unless_its_commit_lists_it(
    memory_rig: Rig, stamp: dict[str, Any], why: str
) -> None:
    spoken(memory_rig)
    plant_message(memory_rig, 3, **stamp)
    plant_message(memory_rig, 4, **member(4, 3))
    plant_message(memory_rig, 6, **member(6, 3, 2))
    found = diagnosed(memory_rig)
    dead = [finding for finding in found if finding.kind is FindingKind.DEAD_BATCH]
    assert [finding.key for finding in dead] == [f"{MESSAGES}message_4.json"]


def test_a_batch_is_in_progress_for_a_quarter_of_an_hour_and_then_dead(memory_rig: Rig) -> None:
    spoken(memory_rig)
    plant_message(memory_rig, 4, **member(4, 3))
    for minutes, kind in ((14, FindingKind.BATCH_IN_PROGRESS), (16, FindingKind.DEAD_BATCH)):
        sessions = memory_rig.sessions(clock=lambda m=minutes: time.time() + 60 * m)
        (finding,) = sessions.doctor(repair=True)
        assert (finding.kind, finding.repaired) == (kind, False)
        assert finding.is_settled is (kind is FindingKind.BATCH_IN_PROGRESS)


def test_members_of_a_dead_batch_make_no_hole_and_are_one_finding(memory_rig: Rig) -> None:
    spoken(memory_rig)
    for position, index in enumerate((5, 6, 9), start=1):
        plant_message(memory_rig, index, **member(index, 4, position))
    assert kinds(diagnosed(memory_rig)) == [FindingKind.DEAD_BATCH]


def test_members_of_a_batch_whose_commit_is_corrupt_may_come_back(memory_rig: Rig) -> None:
    spoken(memory_rig)
    memory_rig.plant(f"{MESSAGES}message_3.json", b"{")
    plant_message(memory_rig, 4, **member(4, 3))
    corrupt, dead = diagnosed(memory_rig)
    assert (corrupt.kind, dead.kind) == (FindingKind.CORRUPT_OBJECT, FindingKind.DEAD_BATCH)
    assert "cannot be read" in dead.meaning
    assert "message_3.json" in dead.remedy


def test_the_copies_that_a_failed_try_left_are_no_duplicates(memory_rig: Rig) -> None:
    spoken(memory_rig)
    payload = {"role": "user", "content": "member"}
    plant_message(memory_rig, 4, payload, write_id="w/1", **member(4, 3, batch="first try"))
    plant_message(memory_rig, 3, write_id="w/0", **commit(3, 5))
    plant_message(memory_rig, 5, payload, write_id="w/1", **member(5, 3))
    assert kinds(diagnosed(memory_rig, repair=True)) == [FindingKind.DEAD_BATCH]


def test_of_two_that_are_the_same_the_one_that_is_read_later_goes(memory_rig: Rig) -> None:
    spoken(memory_rig)
    payload = {"role": "user", "content": "once"}
    plant_message(memory_rig, 3, **commit(3, 5))
    plant_message(memory_rig, 4, payload, write_id="w/1")
    plant_message(memory_rig, 5, payload, write_id="w/1", **member(5, 3))
    (finding,) = diagnosed(memory_rig, repair=True)
    assert (finding.key, finding.repaired) == (f"{MESSAGES}message_4.json", True)
    history = memory_rig.sessions().open("s").restore()
    assert [found.index for found in history.messages] == [0, 1, 2, 3, 5]


def test_of_three_that_are_the_same_the_first_stays(memory_rig: Rig) -> None:
    spoken(memory_rig)
    for index in (3, 4, 5):
        plant_message(memory_rig, index, {"role": "user", "content": "once"}, write_id="w/1")
    found = diagnosed(memory_rig, repair=True)
    assert [finding.key[-6:] for finding in found if finding.repaired] == ["4.json", "5.json"]
    assert diagnosed(memory_rig) == []


@pytest.mark.parametrize("mark", [deleted_by_mark, agent_deleted_by_mark])
def test_what_is_being_deleted_is_not_looked_at_any_closer(memory_rig: Rig, mark: Plant) -> None:
    spoken(memory_rig)
    memory_rig.remove(f"{MESSAGES}message_1.json")
    memory_rig.plant(f"{MESSAGES}message_2.json", b"{")
    mark(memory_rig)
    assert kinds(diagnosed(memory_rig)) == [FindingKind.INTERRUPTED_DELETION]
