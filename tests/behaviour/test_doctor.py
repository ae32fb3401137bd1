"""The doctor finds what is planted, says what it means, and repairs what costs no message."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from s3sessions import InvalidId, SessionNotFound, Sessions
from s3sessions.health import Finding, FindingKind
from s3sessions.ports import Request
from s3sessions.stores.memory import MemoryStore
from tests.interposed import Interposed
from tests.rig import Rig

Plant = Callable[[Rig], None]

DAY = 86_400
AGENT = "session_s/agents/agent_default/"


def spoken(rig: Rig, count: int = 3, session_id: str = "s", **options: Any) -> None:
    chat = rig.sessions().open(session_id, **options)
    for n in range(count):
        chat.append({"role": "user", "content": f"text {n}"})


def diagnosed(rig: Rig, *, repair: bool = False, session_id: str | None = None) -> list[Finding]:
    """Look a day and a minute later: what is new now is old then."""
    sessions = rig.sessions(clock=lambda: time.time() + DAY + 60)
    return list(sessions.doctor(session_id, repair=repair))


def kinds(findings: list[Finding]) -> list[FindingKind]:
    return [finding.kind for finding in findings]


def message(index: int, payload: dict[str, Any] | None = None, **stamp: Any) -> bytes:
    """A message object as another process has written it."""
    fields = {
        "message": payload or {"role": "user", "content": f"planted {index}"},
        "message_id": index,
        "redact_message": None,
        "created_at": "2026-11-21T09:00:00+00:00",
        "updated_at": "2026-11-21T09:00:00+00:00",
        "s3sessions": {"v": 1, "write_id": f"planted-{index}", **stamp},
    }
    return json.dumps(fields).encode()


def plant_message(
    rig: Rig, index: int, payload: dict[str, Any] | None = None, **stamp: Any
) -> None:
    rig.plant(f"{AGENT}messages/message_{index}.json", message(index, payload, **stamp))


def member(index: int, commit: int, position: int = 1, batch: str = "b") -> dict[str, Any]:
    return {"batch": {"id": batch, "commit": commit, "position": position}}


def commit(index: int, *indexes: int, batch: str = "b") -> dict[str, Any]:
    fields = {"id": batch, "commit": index, "position": 0, "indexes": [index, *indexes]}
    return {"batch": fields}


def changed(rig: Rig, key: str, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(rig.body(key))
    change(document)
    rig.plant(key, json.dumps(document).encode())


# What is healthy


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


# What is found


def deleted_by_mark(rig: Rig) -> None:
    changed(
        rig,
        "session_s/session.json",
        lambda d: d["s3sessions"].update(deleted_at="2026-11-21T09:00:00Z", deletion="mark"),
    )


def agent_deleted_by_mark(rig: Rig) -> None:
    mark = {"deleted_at": "2026-11-21T09:00:00Z", "deletion": "mark"}
    changed(
        rig,
        "session_s/session.json",
        lambda d: d["s3sessions"].update(deleted_agents={"default": mark}),
    )


def born_later(rig: Rig) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    changed(rig, "session_s/session.json", lambda d: d.update(created_at=later))
    rig.remove(f"{AGENT}messages/message_0.json")


def documents_alone(rig: Rig) -> None:
    rig.remove("session_s/session.json")
    for n in range(3):
        rig.remove(f"{AGENT}messages/message_{n}.json")


def leased(expires_at: str) -> bytes:
    fields = {"holder": "turn", "taken_at": "2026-11-21T09:00:00+00:00", "expires_at": expires_at}
    return json.dumps({**fields, "s3sessions": {"v": 1}}).encode()


def expired_lease(rig: Rig) -> None:
    rig.plant(f"{AGENT}lease.json", leased("2026-11-21T09:01:00+00:00"))


def garbled_lease(rig: Rig) -> None:
    rig.plant(f"{AGENT}lease.json", b"not json")


def doubled(rig: Rig) -> None:
    payload = {"role": "user", "content": "once"}
    plant_message(rig, 3, payload, write_id="request-7/0")
    plant_message(rig, 4)
    plant_message(rig, 5, payload, write_id="request-7/0")


def reused_write_id(rig: Rig) -> None:
    plant_message(rig, 3, {"role": "user", "content": "one"}, write_id="request-7/0")
    plant_message(rig, 4, {"role": "user", "content": "two"}, write_id="request-7/0")


def absurd_index(rig: Rig) -> None:
    plant_message(rig, 10**12)


MESSAGES = f"{AGENT}messages/"
NEWER = b'{"message": {}, "s3sessions": {"v": 99}}'
DAMAGE: dict[str, tuple[Plant, FindingKind, str, bool]] = {
    "interrupted deletion": (
        deleted_by_mark,
        FindingKind.INTERRUPTED_DELETION,
        "session_s/session.json",
        True,
    ),
    "interrupted deletion of an agent": (
        agent_deleted_by_mark,
        FindingKind.INTERRUPTED_DELETION,
        "session_s/session.json",
        True,
    ),
    "session.json missing": (
        lambda rig: rig.remove("session_s/session.json"),
        FindingKind.MISSING_DOCUMENT,
        "session_s/session.json",
        True,
    ),
    "agent.json missing": (
        lambda rig: rig.remove(f"{AGENT}agent.json"),
        FindingKind.MISSING_DOCUMENT,
        f"{AGENT}agent.json",
        True,
    ),
    "ghost of an earlier life": (
        born_later,
        FindingKind.GHOST,
        f"{MESSAGES}message_1.json",
        False,
    ),
    "documents alone": (documents_alone, FindingKind.GHOST, "session_s/session.json", False),
    "expired lease": (expired_lease, FindingKind.EXPIRED_LEASE, f"{AGENT}lease.json", True),
    "garbled lease": (garbled_lease, FindingKind.EXPIRED_LEASE, f"{AGENT}lease.json", True),
    "newer lease": (
        lambda rig: rig.plant(f"{AGENT}lease.json", NEWER),
        FindingKind.NEWER_VERSION,
        f"{AGENT}lease.json",
        False,
    ),
    "doubled": (doubled, FindingKind.DUPLICATE_WRITE_ID, f"{MESSAGES}message_5.json", True),
    "write id used twice": (
        reused_write_id,
        FindingKind.DUPLICATE_WRITE_ID,
        f"{MESSAGES}message_4.json",
        False,
    ),
    "empty message": (
        lambda rig: rig.plant(f"{MESSAGES}message_1.json", b""),
        FindingKind.CORRUPT_OBJECT,
        f"{MESSAGES}message_1.json",
        False,
    ),
    "other JSON": (
        lambda rig: rig.plant(f"{MESSAGES}message_1.json", b"[1]"),
        FindingKind.CORRUPT_OBJECT,
        f"{MESSAGES}message_1.json",
        False,
    ),
    "corrupt session.json": (
        lambda rig: rig.plant("session_s/session.json", b"{"),
        FindingKind.CORRUPT_OBJECT,
        "session_s/session.json",
        False,
    ),
    "corrupt agent.json": (
        lambda rig: rig.plant(f"{AGENT}agent.json", b"{"),
        FindingKind.CORRUPT_OBJECT,
        f"{AGENT}agent.json",
        False,
    ),
    "corrupt document of a graph": (
        lambda rig: rig.plant("session_s/multi_agents/multi_agent_g/multi_agent.json", b"{"),
        FindingKind.CORRUPT_OBJECT,
        "session_s/multi_agents/multi_agent_g/multi_agent.json",
        False,
    ),
    "newer message": (
        lambda rig: rig.plant(f"{MESSAGES}message_1.json", NEWER),
        FindingKind.NEWER_VERSION,
        f"{MESSAGES}message_1.json",
        False,
    ),
    "foreign object": (
        lambda rig: rig.plant(f"{MESSAGES}notes.txt", b"?"),
        FindingKind.FOREIGN_OBJECT,
        f"{MESSAGES}notes.txt",
        False,
    ),
    "an index with a leading zero": (
        lambda rig: rig.plant(f"{MESSAGES}message_03.json", message(3)),
        FindingKind.FOREIGN_OBJECT,
        f"{MESSAGES}message_03.json",
        False,
    ),
    "object beside the sessions": (
        lambda rig: rig.plant("session_list.txt", b"?"),
        FindingKind.FOREIGN_OBJECT,
        "session_list.txt",
        False,
    ),
    "an id that nobody spells so": (
        lambda rig: rig.plant("session_%41/session.json", b"{}"),
        FindingKind.FOREIGN_OBJECT,
        "session_%41/",
        False,
    ),
    "hole": (
        lambda rig: rig.remove(f"{MESSAGES}message_1.json"),
        FindingKind.HOLE,
        f"{MESSAGES}message_1.json",
        False,
    ),
    "hole at the beginning": (
        lambda rig: rig.remove(f"{MESSAGES}message_0.json"),
        FindingKind.HOLE,
        f"{MESSAGES}message_0.json",
        False,
    ),
    "a member of a batch is missing": (
        lambda rig: plant_message(rig, 3, **commit(3, 4)),
        FindingKind.HOLE,
        f"{MESSAGES}message_4.json",
        False,
    ),
    "absurd index": (
        absurd_index,
        FindingKind.ABSURD_INDEX,
        f"{MESSAGES}message_{10**12}.json",
        False,
    ),
    "dead batch": (
        lambda rig: plant_message(rig, 4, **member(4, 3)),
        FindingKind.DEAD_BATCH,
        f"{MESSAGES}message_4.json",
        False,
    ),
    "stale partial message": (
        lambda rig: plant_message(rig, 3, status="partial"),
        FindingKind.STALE_PARTIAL,
        f"{MESSAGES}message_3.json",
        False,
    ),
    "unanswered call": (
        lambda rig: plant_message(
            rig, 3, {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1"}}]}
        ),
        FindingKind.UNANSWERED_CALL,
        f"{MESSAGES}message_3.json",
        False,
    ),
}


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


def readable(rig: Rig) -> list[Any]:
    try:
        history = rig.sessions().open("s").restore(on_corrupt="report")
    except SessionNotFound:
        return []
    return list(history.payloads)


def all_damage_at_once(rig: Rig) -> None:
    for number, (plant, *_) in enumerate(DAMAGE.values()):
        rig_of = Rig(rig.name, rig.colour, rig.url, rig.options, rig.raw, f"{rig.prefix}t{number}/")
        fill = Sessions(store=rig.raw).under(f"t{number}").open("s")
        for n in range(3):
            fill.append({"role": "user", "content": f"text {n}"})
        plant(rig_of)


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


# Batches


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


# Races with a repair


class Meanwhile:
    """Does something once, right before the n-th request of a kind goes out."""

    def __init__(self, verb: str, ending: str, act: Callable[[], None], *, skip: int = 0) -> None:
        self._verb, self._ending, self._act, self._skip = verb, ending, act, skip

    def __call__(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == self._verb and key.endswith(self._ending):
            if self._skip == 0:
                self._act()
            self._skip -= 1
        return call()


def raced(rig: Rig, meanwhile: Meanwhile) -> list[Finding]:
    store = Interposed(rig.raw, meanwhile)
    later = time.time() + DAY
    return list(Sessions(store=store, clock=lambda: later).doctor("s", repair=True))


@pytest.mark.parametrize("reads", [1, 2])
def test_a_new_life_that_began_meanwhile_is_not_deleted(memory_rig: Rig, reads: int) -> None:
    spoken(memory_rig)
    deleted_by_mark(memory_rig)

    def begin_anew() -> None:
        Sessions(store=memory_rig.raw).delete("s")
        spoken(memory_rig, 2)

    raced(memory_rig, Meanwhile("get", "session.json", begin_anew, skip=reads))
    assert len(readable(memory_rig)) == 2


def test_a_lease_that_was_renewed_meanwhile_stays(memory_rig: Rig) -> None:
    spoken(memory_rig)
    expired_lease(memory_rig)
    renewed = leased("2999-01-01T00:00:00+00:00")
    renew = Meanwhile(
        "delete", "lease.json", lambda: memory_rig.plant(f"{AGENT}lease.json", renewed)
    )
    (finding,) = raced(memory_rig, renew)
    assert not finding.repaired
    assert "not repaired" in finding.remedy
    assert memory_rig.body(f"{AGENT}lease.json") == renewed


EDITED = message(5, {"role": "user", "content": "edited"}, write_id="request-7/0")


@pytest.mark.parametrize(
    ("verb", "there"), [("get", EDITED), ("put", EDITED), ("get", b"{")], ids=str
)
def test_a_message_that_was_changed_meanwhile_stays(
    memory_rig: Rig, verb: str, there: bytes
) -> None:
    spoken(memory_rig)
    doubled(memory_rig)

    def change() -> None:
        memory_rig.plant(f"{MESSAGES}message_5.json", there)

    (finding,) = raced(memory_rig, Meanwhile(verb, "message_5.json", change, skip=verb == "get"))
    assert not finding.repaired
    assert memory_rig.body(f"{MESSAGES}message_5.json") == there


def test_no_document_is_made_for_a_session_that_was_deleted_meanwhile(memory_rig: Rig) -> None:
    spoken(memory_rig)
    memory_rig.remove("session_s/session.json")

    def delete() -> None:
        Sessions(store=memory_rig.raw).delete("s")

    meanwhile = Meanwhile("list", "agents/", delete)
    (finding,) = raced(memory_rig, meanwhile)
    assert not finding.repaired
    assert memory_rig.keys() == []


def test_a_document_that_somebody_made_meanwhile_is_kept(memory_rig: Rig) -> None:
    spoken(memory_rig)
    memory_rig.remove("session_s/session.json")
    theirs = b'{"session_id": "s", "title": "theirs"}'

    def create() -> None:
        memory_rig.plant("session_s/session.json", theirs)

    (finding,) = raced(memory_rig, Meanwhile("put", "session.json", create))
    assert finding.repaired
    assert memory_rig.body("session_s/session.json") == theirs


# Tool calls

SHAPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Bedrock": (
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "f"}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": []}}]},
    ),
    "Anthropic": (
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f"}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1"}]},
    ),
    "OpenAI": (
        {"role": "assistant", "content": None, "tool_calls": [{"id": "t1", "type": "function"}]},
        {"role": "tool", "tool_call_id": "t1", "content": "4"},
    ),
    "OpenAI Responses": (
        {"type": "function_call", "call_id": "t1", "id": "fc_1", "name": "f"},
        {"type": "function_call_output", "call_id": "t1", "output": "4"},
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_call_needs_its_result(memory_rig: Rig, shape: str) -> None:
    call, result = SHAPES[shape]
    chat = memory_rig.sessions().open("s")
    chat.append({"role": "user", "content": "what is 2 + 2?"})
    chat.append(call)
    (finding,) = diagnosed(memory_rig)
    assert finding.kind is FindingKind.UNANSWERED_CALL
    assert finding.key.endswith("message_1.json")
    chat.append(result)
    assert diagnosed(memory_rig) == []


def test_calls_before_the_last_assistant_message_are_not_looked_at(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append(SHAPES["Anthropic"][0])
    chat.append({"role": "assistant", "content": "never mind"})
    assert diagnosed(memory_rig) == []


def test_some_of_several_calls_are_counted(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    blocks = [{"type": "tool_use", "id": f"t{n}"} for n in range(3)]
    chat.append({"role": "assistant", "content": blocks})
    chat.append(SHAPES["Anthropic"][1])
    (finding,) = diagnosed(memory_rig)
    assert "2 tool calls without a result" in finding.meaning


def test_calls_that_stand_side_by_side_are_of_one_turn(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    for call_id in ("t1", "t2"):
        chat.append({"type": "function_call", "call_id": call_id})
    chat.append({"type": "function_call_output", "call_id": "t2"})
    (finding,) = diagnosed(memory_rig)
    assert "a tool call without a result" in finding.meaning


def test_the_last_assistant_message_is_the_one_that_is_read_last(memory_rig: Rig) -> None:
    spoken(memory_rig)
    plant_message(memory_rig, 3, {"role": "user", "content": "?"}, **commit(3, 5))
    plant_message(memory_rig, 4, {"role": "assistant", "content": "never mind"})
    plant_message(memory_rig, 5, SHAPES["OpenAI"][0], **member(5, 3))
    assert diagnosed(memory_rig) == []


def test_a_result_in_a_batch_answers_a_call_whatever_its_index(memory_rig: Rig) -> None:
    call, result = SHAPES["OpenAI"]
    spoken(memory_rig)
    plant_message(memory_rig, 3, {"role": "user", "content": "?"}, **commit(3, 5))
    plant_message(memory_rig, 5, call, **member(5, 3))
    plant_message(memory_rig, 4, result)
    assert diagnosed(memory_rig) == []


@pytest.mark.parametrize(
    "payload",
    [
        {"role": "assistant", "tool_calls": "no list"},
        {"role": "assistant", "tool_calls": [None, 7, {"id": 3}]},
        {"role": "assistant", "content": [{"toolUse": None}, {"type": "tool_use"}, "text"]},
        {"role": ["assistant"], "content": {"type": "tool_use", "id": "t1"}},
    ],
)
def test_payloads_of_other_shapes_are_nobody_s_calls(
    memory_rig: Rig, payload: dict[str, Any]
) -> None:
    memory_rig.sessions().open("s").append(payload)
    assert diagnosed(memory_rig) == []


# A server that lists backslashes as slashes, and what all this costs


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
