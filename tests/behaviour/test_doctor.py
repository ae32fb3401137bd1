"""The doctor finds what is planted, says what it means, and repairs what costs no message."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import InvalidId, SessionNotFound, Sessions
from s3sessions.health import FindingKind
from s3sessions.ports import Request
from s3sessions.stores.memory import MemoryStore
from tests.behaviour.planting import (
    DAMAGE,
    DAY,
    MESSAGES,
    all_damage_at_once,
    commit,
    diagnosed,
    kinds,
    member,
    plant_message,
    readable,
    spoken,
)
from tests.interposed import Interposed
from tests.rig import Rig


def test_healthy_sessions_have_no_finding(rig: Rig) -> None:
    spoken(rig, 3)
    spoken(rig, 2, agent="second")
    spoken(rig, 1, "é ü:+%25", title="odd")
    rig.sessions().open("s").save_state({"step": 1})
    rig.sessions().create("silent")
    findings = rig.sessions().doctor()
    assert list(findings) == []
    assert findings.sessions == 3


def test_an_empty_place_has_no_finding(memory_rig: Rig) -> None:
    assert diagnosed(memory_rig) == []


def test_a_committed_batch_a_void_and_a_fresh_partial_message_are_healthy(memory_rig: Rig) -> None:
    rig = memory_rig
    spoken(rig, 2)
    plant_message(rig, 2, **commit(2, 3, 5))
    plant_message(rig, 3, **member(3, 2))
    plant_message(rig, 4, status="void")
    plant_message(rig, 5, **member(5, 2, 2))
    plant_message(rig, 6, status="partial")
    assert list(rig.sessions().doctor()) == []


def test_what_the_list_lacks_and_is_there_is_no_hole() -> None:
    memory = MemoryStore()
    chat = Sessions(store=memory).open("s")
    for n in range(4):
        chat.append({"n": n})

    def hide(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        if verb == "list":
            shown = [entry for entry in result.entries if "message_1." not in entry.key]
            return type(result)(shown, result.prefixes, result.token)
        return result

    assert list(Sessions(store=Interposed(memory, hide)).doctor()) == []


@pytest.mark.parametrize("name", DAMAGE)
def test_it_finds_what_is_wrong_and_names_the_key(memory_rig: Rig, name: str) -> None:
    plant, kind, key, repairable = DAMAGE[name]
    spoken(memory_rig)
    spoken(memory_rig, 1, "healthy")
    plant(memory_rig)
    (finding,) = diagnosed(memory_rig)
    assert (finding.kind, finding.key, finding.repairable) == (kind, key, repairable)
    assert not finding.repaired
    assert finding.meaning
    assert finding.remedy


def test_every_kind_is_planted_somewhere() -> None:
    elsewhere = {FindingKind.BACKSLASH_GHOST, FindingKind.BATCH_IN_PROGRESS}
    # Packed histories are in test_doctor_packed.py.
    elsewhere |= {FindingKind.CONFLICTING_COPY, FindingKind.UNFINISHED_PACKING}
    assert {kind for _, kind, _, _ in DAMAGE.values()} | elsewhere == set(FindingKind)


@pytest.mark.parametrize("name", DAMAGE)
def test_a_repair_is_made_once_and_loses_no_message(memory_rig: Rig, name: str) -> None:
    plant, kind, _, repairable = DAMAGE[name]
    spoken(memory_rig)
    plant(memory_rig)
    payloads = readable(memory_rig)
    (finding,) = diagnosed(memory_rig, repair=True)
    assert (finding.repaired, finding.is_settled) == (repairable, repairable)
    if kind is not FindingKind.INTERRUPTED_DELETION:
        after = readable(memory_rig)
        assert all(payload in after for payload in payloads)
        doubles = len(payloads) - len(after)
        assert doubles == (name == "doubled")
    again = diagnosed(memory_rig, repair=True)
    assert [found for found in again if found.repairable or found.repaired] == []
    assert len(again) == (not repairable)


def test_messages_without_beginning_and_document_are_left_for_a_person(memory_rig: Rig) -> None:
    spoken(memory_rig)
    memory_rig.remove("session_s/session.json")
    memory_rig.remove(f"{MESSAGES}message_0.json")
    before = memory_rig.keys()
    for repair in (False, True):
        found = diagnosed(memory_rig, repair=repair)
        assert kinds(found) == [FindingKind.GHOST, FindingKind.HOLE]
        assert not any(finding.repairable for finding in found)
    assert memory_rig.keys() == before


def test_a_dry_run_writes_nothing(memory_rig: Rig) -> None:
    all_damage_at_once(memory_rig)
    before = {key: memory_rig.raw.get(key) for key in memory_rig.keys()}
    seen: list[Request] = []
    sessions = memory_rig.sessions(on_request=seen.append, clock=lambda: time.time() + DAY)
    for number in range(len(DAMAGE)):
        assert list(sessions.under(f"t{number}").doctor()) != []
    assert {key: memory_rig.raw.get(key) for key in memory_rig.keys()} == before
    assert {request.verb for request in seen} == {"get", "list"}


def test_a_repair_writes_nothing_but_what_it_says(memory_rig: Rig) -> None:
    all_damage_at_once(memory_rig)
    seen: list[Request] = []
    sessions = memory_rig.sessions(on_request=seen.append, clock=lambda: time.time() + DAY)
    for number, (_, _, _, repairable) in enumerate(DAMAGE.values()):
        seen.clear()
        list(sessions.under(f"t{number}").doctor(repair=True))
        assert ({request.verb for request in seen} <= {"get", "list"}) is not repairable


def test_one_session_is_looked_at_and_no_other(memory_rig: Rig) -> None:
    for session_id in ("s", "t"):
        spoken(memory_rig, 3, session_id)
        memory_rig.remove(f"session_{session_id}/session.json")
    (finding,) = diagnosed(memory_rig, session_id="t", repair=True)
    assert (finding.session, finding.repaired) == ("t", True)
    assert kinds(diagnosed(memory_rig)) == [FindingKind.MISSING_DOCUMENT]


def test_a_session_that_is_not_there_is_an_error(memory_rig: Rig) -> None:
    with pytest.raises(SessionNotFound):
        diagnosed(memory_rig, session_id="nobody")
    with pytest.raises(InvalidId):
        diagnosed(memory_rig, session_id="")


def test_on_weed_a_backslash_in_an_id_is_told_from_foreign_objects(
    request: pytest.FixtureRequest, weed_bucket: str, weed: Any
) -> None:
    url = f"s3://{weed_bucket}/{request.node.name[-40:]}"
    with Sessions(url, endpoint_url=weed.endpoint_url) as sessions:
        sessions.open("a\\b\\c").append({"n": 0})
        sessions.open("plain", agent="x\\y").append({"n": 0})
        found = list(sessions.doctor())
    ghosts = {(f.session, f.agent) for f in found if f.kind is FindingKind.BACKSLASH_GHOST}
    assert ("a\\b\\c", "default") in ghosts
    assert ("plain", "x\\y") in ghosts
    assert FindingKind.FOREIGN_OBJECT not in kinds(found)


def test_each_object_is_read_once_and_a_window_at_a_time(memory_rig: Rig) -> None:
    spoken(memory_rig, 25)
    seen: list[Request] = []
    list(memory_rig.sessions(on_request=seen.append, width=4).doctor())
    gets = [request.key for request in seen if request.verb == "get"]
    assert len(gets) == len(set(gets)) == 27
    assert [request.verb for request in seen].count("list") == 2
