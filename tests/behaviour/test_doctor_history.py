"""What the doctor says of hidden messages, of history.json and of children that are gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import AccessDenied, Sessions
from s3sessions.health import FindingKind
from s3sessions.ports import Request
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.behaviour.planting import (
    HISTORY,
    MESSAGES,
    changed,
    commit,
    diagnosed,
    history,
    kinds,
    marker,
    member,
    plant_message,
    readable,
    spoken,
)
from tests.behaviour.test_doctor_races import Meanwhile, raced
from tests.rig import Rig

CALL = {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1"}}]}
NEW = [{"role": "user", "content": f"new {n}"} for n in range(3)]


def texts(rig: Rig) -> list[str]:
    return [payload["content"] for payload in readable(rig)]


# Healthy


PASTS: dict[str, Callable[[Any], Any]] = {
    "truncated": lambda chat: chat.truncate(2),
    "truncated to none": lambda chat: chat.truncate(0),
    "summarized": lambda chat: chat.summarize("so far", keep_last=1),
    "summarized, all kept": lambda chat: chat.summarize("so far"),
    "cleared": lambda chat: chat.clear(),
    "replaced": lambda chat: chat.replace(NEW),
    "replaced by none": lambda chat: chat.replace([]),
    "replaced twice": lambda chat: (chat.replace(NEW), chat.append({}), chat.replace(NEW[:1])),
}


@pytest.mark.parametrize("past", PASTS)
@pytest.mark.parametrize("then", ["as it is", "compacted", "spoken in again", "both"])
def test_a_history_with_a_past_has_no_finding(memory_rig: Rig, past: str, then: str) -> None:
    spoken(memory_rig, 6)
    chat = memory_rig.sessions().open("s")
    PASTS[past](chat)
    if then in ("compacted", "both"):
        chat.compact(min_age=0)
    if then in ("spoken in again", "both"):
        chat.append({"n": 10})
    assert diagnosed(memory_rig) == []


def test_what_is_hidden_is_not_looked_at(memory_rig: Rig) -> None:
    spoken(memory_rig, 3)
    plant_message(memory_rig, 3, CALL, status="partial")
    plant_message(memory_rig, 4, write_id="once")
    memory_rig.sessions().open("s").truncate(0)
    plant_message(memory_rig, 5, write_id="once")
    plant_message(memory_rig, 6, **member(6, 2))
    memory_rig.plant(f"{MESSAGES}message_0.json", b"{")
    memory_rig.remove(f"{MESSAGES}message_1.json")
    seen: list[Request] = []
    assert list(memory_rig.sessions(on_request=seen.append).doctor()) == []
    read = {request.key for request in seen if request.verb == "get"}
    assert {key for key in read if "messages" in key} == {
        f"{MESSAGES}message_5.json",
        f"{MESSAGES}message_6.json",
    }


def test_what_is_visible_behind_a_truncation_is_looked_at(memory_rig: Rig) -> None:
    spoken(memory_rig, 4)
    plant_message(memory_rig, 4, CALL)
    memory_rig.sessions().open("s").truncate(2)
    plant_message(memory_rig, 6)
    found = diagnosed(memory_rig)
    assert [(f.kind, f.key) for f in found] == [
        (FindingKind.HOLE, f"{MESSAGES}message_5.json"),
        (FindingKind.UNANSWERED_CALL, f"{MESSAGES}message_4.json"),
    ]


# session.json is lost


@pytest.mark.parametrize("compacted", [False, True])
def test_a_session_document_that_is_created_anew_keeps_hidden_what_was(
    memory_rig: Rig, compacted: bool
) -> None:
    spoken(memory_rig, 5)
    chat = memory_rig.sessions().open("s")
    chat.summarize("so far", keep_last=2)
    if compacted:
        chat.compact(min_age=0)
    memory_rig.remove("session_s/session.json")
    (finding,) = diagnosed(memory_rig, repair=True)
    assert (finding.kind, finding.repaired) == (FindingKind.MISSING_DOCUMENT, True)
    restored = memory_rig.sessions().open("s").restore()
    assert restored.summary.text == "so far"
    assert texts(memory_rig) == ["text 3", "text 4"]
    assert diagnosed(memory_rig) == []


# history.json that cannot be read


def test_a_corrupt_beginning_is_taken_away_and_shows_what_it_showed_before(
    memory_rig: Rig,
) -> None:
    spoken(memory_rig, 4)
    memory_rig.sessions().open("s").truncate(1)
    memory_rig.plant(HISTORY, b'{"first": "3"}')
    before = texts(memory_rig)
    assert before == ["text 0", "text 1", "text 2", "text 3"]
    (finding,) = diagnosed(memory_rig, repair=True)
    assert finding.repaired
    assert HISTORY not in memory_rig.keys()
    assert texts(memory_rig) == before
    memory_rig.sessions().open("s").truncate(1)
    assert texts(memory_rig) == ["text 3"]


def test_a_replacement_stays_shown_when_what_names_it_cannot_be_read(memory_rig: Rig) -> None:
    spoken(memory_rig, 2)
    memory_rig.sessions().open("s").replace(NEW)
    memory_rig.sessions().open("s").append({"content": "after"})
    memory_rig.plant(HISTORY, b"{")
    before = texts(memory_rig)
    assert before == ["text 0", "text 1", "new 0", "new 1", "new 2", "after"]
    (finding,) = diagnosed(memory_rig, repair=True)
    assert finding.repaired
    assert texts(memory_rig) == before
    assert diagnosed(memory_rig) == []


def test_which_of_two_replacements_counts_is_left_for_a_person(memory_rig: Rig) -> None:
    spoken(memory_rig, 2)
    for _ in range(2):
        memory_rig.sessions().open("s").replace(NEW)
    memory_rig.plant(HISTORY, b"{")
    (finding,) = diagnosed(memory_rig, repair=True)
    assert (finding.kind, finding.repairable) == (FindingKind.CORRUPT_OBJECT, False)
    assert "2, 5" in finding.remedy
    assert memory_rig.body(HISTORY) == b"{"


def test_a_beginning_that_was_mended_meanwhile_stays(memory_rig: Rig) -> None:
    spoken(memory_rig, 4)
    memory_rig.plant(HISTORY, b"{")
    mended = history(2)
    (finding,) = raced(
        memory_rig, Meanwhile("delete", HISTORY, lambda: memory_rig.plant(HISTORY, mended))
    )
    assert not finding.repaired
    assert memory_rig.body(HISTORY) == mended


# history.json of another life


def test_a_beginning_of_an_earlier_life_goes_and_hides_nothing(memory_rig: Rig) -> None:
    spoken(memory_rig, 4)
    memory_rig.sessions().open("s").truncate(1)
    left = memory_rig.body(HISTORY)
    memory_rig.sessions().delete("s")
    spoken(memory_rig, 4)
    memory_rig.plant(HISTORY, left)
    (finding,) = diagnosed(memory_rig, repair=True)
    assert (finding.kind, finding.repaired) == (FindingKind.GHOST, True)
    assert HISTORY not in memory_rig.keys()
    assert len(texts(memory_rig)) == 4


def test_a_beginning_that_counts_by_now_is_not_taken_for_one_of_an_earlier_life(
    memory_rig: Rig,
) -> None:
    spoken(memory_rig, 4)
    memory_rig.plant(HISTORY, history(2, life="another"))

    def heal() -> None:
        document = "session_s/session.json"
        changed(memory_rig, document, lambda d: d["s3sessions"].update(life="another"))

    (finding,) = raced(memory_rig, Meanwhile("get", "session.json", heal, skip=1))
    assert not finding.repaired
    assert texts(memory_rig) == ["text 2", "text 3"]


def test_a_beginning_that_a_writer_left_behind_a_deletion_goes_with_the_rest_mended(
    memory_rig: Rig,
) -> None:
    spoken(memory_rig, 9)
    memory_rig.sessions().open("s").truncate(1)
    left = memory_rig.body(HISTORY)
    memory_rig.sessions().delete("s")
    spoken(memory_rig, 2)
    memory_rig.plant(HISTORY, left)
    memory_rig.remove("session_s/session.json")
    found = diagnosed(memory_rig, repair=True)
    assert [(f.kind, f.repaired) for f in found] == [
        (FindingKind.MISSING_DOCUMENT, True),
        (FindingKind.GHOST, True),
    ]
    assert texts(memory_rig) == ["text 0", "text 1"]
    assert diagnosed(memory_rig) == []


# A beginning behind the end


def test_what_was_appended_where_nobody_saw_it_is_shown_again(memory_rig: Rig) -> None:
    spoken(memory_rig, 6)
    memory_rig.sessions().open("s").summarize("so far", keep_last=1)
    for n in range(6):
        memory_rig.remove(f"{MESSAGES}message_{n}.json")
    spoken(memory_rig, 2)
    assert texts(memory_rig) == []
    (finding,) = diagnosed(memory_rig, repair=True)
    assert (finding.kind, finding.repaired) == (FindingKind.BEGINNING_PAST_END, True)
    assert texts(memory_rig) == ["text 0", "text 1"]
    assert memory_rig.sessions().open("s").restore().summary.text == "so far"
    assert diagnosed(memory_rig) == []


def test_of_what_stands_before_it_only_the_newer_is_shown(memory_rig: Rig) -> None:
    spoken(memory_rig, 3)
    memory_rig.plant(HISTORY, history(8))
    spoken(memory_rig, 2)
    (finding,) = diagnosed(memory_rig, repair=True)
    assert finding.repaired
    assert texts(memory_rig) == ["text 0", "text 1"]


def test_a_history_that_goes_on_while_it_is_looked_at_does_not_end_before_it_begins(
    memory_rig: Rig,
) -> None:
    spoken(memory_rig, 3)

    def go_on() -> None:
        spoken(memory_rig, 2)
        Sessions(store=memory_rig.raw).open("s").truncate(0)

    memory_rig.plant(HISTORY, history(0))
    assert raced(memory_rig, Meanwhile("get", "history.json", go_on)) == []


def test_a_history_that_has_reached_its_beginning_meanwhile_stays_as_it_is(memory_rig: Rig) -> None:
    spoken(memory_rig, 3)
    memory_rig.plant(HISTORY, history(4))
    speak = Meanwhile("get", "history.json", lambda: spoken(memory_rig, 2), skip=1)
    (finding,) = raced(memory_rig, speak)
    assert not finding.repaired
    assert texts(memory_rig) == ["text 1"]


def test_members_that_nobody_committed_do_not_move_the_end(memory_rig: Rig) -> None:
    spoken(memory_rig, 2)
    plant_message(memory_rig, 6, **member(6, 3))
    memory_rig.plant(HISTORY, history(4))
    assert kinds(diagnosed(memory_rig)) == [FindingKind.BEGINNING_PAST_END]


# Replacements that failed


def test_a_replacement_that_failed_is_one_finding_once_it_is_old(memory_rig: Rig) -> None:
    spoken(memory_rig, 2)
    store = FaultyStore(memory_rig.raw, Rule(Fault.DENIED, verb="put", key="*history.json"))
    with pytest.raises(AccessDenied):
        Sessions(store=store).open("s").replace(NEW)
    memory_rig.sessions().open("s").append({"content": "after"})
    (young,) = memory_rig.sessions().doctor()
    assert (young.kind, young.is_settled) == (FindingKind.BATCH_IN_PROGRESS, True)
    (old,) = diagnosed(memory_rig, repair=True)
    assert (old.kind, old.key, old.repairable) == (
        FindingKind.DEAD_BATCH,
        f"{MESSAGES}message_2.json",
        False,
    )
    assert "messages 2, 3, 4" in old.meaning
    assert texts(memory_rig) == ["text 0", "text 1", "after"]


def test_a_replacement_that_failed_is_no_finding_once_it_is_hidden(memory_rig: Rig) -> None:
    spoken(memory_rig, 2)
    plant_message(memory_rig, 3, **member(3, 2))
    plant_message(memory_rig, 2, batch={**commit(2, 3)["batch"], "replaces": True})
    assert kinds(diagnosed(memory_rig)) == [FindingKind.DEAD_BATCH]
    memory_rig.sessions().open("s").replace(NEW)
    assert diagnosed(memory_rig) == []


def test_a_call_in_a_replacement_that_nobody_sees_waits_for_no_result(memory_rig: Rig) -> None:
    spoken(memory_rig, 2)
    plant_message(memory_rig, 2, CALL, batch={**commit(2)["batch"], "replaces": True})
    assert kinds(diagnosed(memory_rig)) == [FindingKind.DEAD_BATCH]


# Children


def test_markers_of_children_that_are_there_are_healthy(memory_rig: Rig) -> None:
    spoken(memory_rig)
    sessions = memory_rig.sessions()
    sessions.fork("s", "branch")
    sessions.fork("s", "work", kind="delegate", messages=NEW)
    assert diagnosed(memory_rig) == []


def test_a_child_without_a_document_is_not_gone(memory_rig: Rig) -> None:
    spoken(memory_rig)
    memory_rig.sessions().fork("s", "branch")
    memory_rig.remove("session_branch/session.json")
    (finding,) = diagnosed(memory_rig)
    assert (finding.kind, finding.session) == (FindingKind.MISSING_DOCUMENT, "branch")
    assert diagnosed(memory_rig, session_id="s", repair=True) == []
    assert [child.id for child in memory_rig.sessions().children("s")] == ["branch"]


def test_a_marker_that_another_fork_has_taken_meanwhile_stays(memory_rig: Rig) -> None:
    spoken(memory_rig)
    key = "session_s/children/branch_again.json"
    memory_rig.plant(key, marker("again"))

    def fork() -> None:
        Sessions(store=memory_rig.raw).fork("s", "again")

    (finding,) = raced(memory_rig, Meanwhile("delete", "branch_again.json", fork))
    assert not finding.repaired
    assert [child.id for child in memory_rig.sessions().children("s")] == ["again"]
    assert json.loads(memory_rig.body(key))["s3sessions"]["life"] != "gone"


def test_a_marker_that_cannot_be_read_is_reported(memory_rig: Rig) -> None:
    spoken(memory_rig)
    spoken(memory_rig, session_id="there")
    memory_rig.plant("session_s/children/branch_there.json", b"{")
    assert kinds(diagnosed(memory_rig)) == [FindingKind.CORRUPT_OBJECT]
