"""Sweeps that race, die, stall and lose answers, step by step."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from s3sessions import (
    SessionDeleted,
    SessionNotFound,
    Sessions,
    StoreUnavailable,
    SweepOutcome,
    SweepReport,
)
from s3sessions.deadline import seconds_left
from s3sessions.ports import SyncStore
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.dao.deleting import KilledError
from tests.dao.interleaving import every_order
from tests.dao.mishaps import Mishap, raced, repeated, unanswered, unsent
from tests.dao.old_session import (
    DAY,
    Old,
    before_or_after,
    delete_or_purge,
    every_request,
    is_sound,
)
from tests.interposed import Interposed
from tests.versioned_memory import held

DOCUMENT = "sweep_retention.json"
COMPLETED, UNFINISHED = SweepOutcome.COMPLETED, SweepOutcome.UNFINISHED
BUSY, NOT_DUE, LOST = SweepOutcome.BUSY, SweepOutcome.NOT_DUE, SweepOutcome.LOST
AGE = 90 * DAY
START = 1_800_000_000.0


class Swept(Old):
    """An old session and a young one, to be swept."""

    def sweep(self, store: SyncStore | None = None, **asked: Any) -> SweepReport:
        return self.sessions(store).sweep(AGE, **asked)

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.memory.get(DOCUMENT).data)
        return found


# One at a time


@pytest.mark.parametrize("before", ["never", "ended", "cut off"])
def test_of_eight_that_start_at_once_one_sweeps(before: str) -> None:
    memory = MemoryStore()
    Sessions(store=memory).open("s").append({"n": 0})
    body: dict[str, str | None] = {}
    if before == "ended":
        body = {"begun_at": "2026-01-01T00:00:00+00:00", "ended_at": "2026-01-02T00:00:00+00:00"}
    if before == "cut off":
        body = {"begun_at": datetime.now(UTC).isoformat(), "ended_at": None}
    if before != "never":
        memory.put(DOCUMENT, json.dumps(body).encode())
    together = threading.Barrier(8)
    looked: set[int] = set()

    def all_look_first(verb: str, key: str, call: Callable[[], Any]) -> Any:
        answer = error = None
        try:
            answer = call()
        except Exception as raised:
            error = raised
        if (verb, key) == ("get", DOCUMENT) and threading.get_ident() not in looked:
            looked.add(threading.get_ident())
            together.wait(30)
        if error is not None:
            raise error
        return answer

    reports: list[SweepReport] = []

    def start() -> None:
        sessions = Sessions(store=Interposed(memory, all_look_first))
        reports.append(sessions.sweep(AGE, every=3600))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(report.outcome is COMPLETED for report in reports) == 1
    assert sum(report.outcome in (BUSY, NOT_DUE) for report in reports) == 7
    assert sum(report.totals.sessions for report in reports) == 1


def test_of_two_one_sweeps_in_every_order_of_their_requests() -> None:
    reports: list[SweepReport] = []
    old = Swept()

    def prepare() -> SyncStore:
        nonlocal old
        old = Swept()
        reports.clear()
        return old.memory

    async def sweep(sessions: Any) -> None:
        reports.append(await sessions.sweep(AGE, every=3600))

    outcomes = set()
    for _ in every_order(prepare, lambda key: key == DOCUMENT, sweep, sweep, of=lambda s: s):
        assert sorted(report.is_complete for report in reports) == [False, True]
        assert {report.is_skipped for report in reports} == {False, True}
        assert sum(report.totals.sessions for report in reports) == 2
        assert old.document()["holder"] is None
        outcomes |= {report.outcome for report in reports}
    assert outcomes == {COMPLETED, BUSY, NOT_DUE}


def test_who_comes_while_another_sweeps_is_told_until_when() -> None:
    old = Swept()
    told: list[SweepReport] = []

    def come(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "list" and not told:
            told.append(old.sweep())
        return call()

    assert old.sweep(Interposed(old.memory, come), seconds=30).is_complete
    assert told[0].outcome is BUSY
    assert told[0].due_at is not None
    assert told[0].due_at.timestamp() == old.now + 40
    assert told[0].totals.sessions == 0


# Who dies


@before_or_after
@delete_or_purge
def test_one_that_dies_at_any_request_is_taken_over_when_its_claim_ends(
    purge: bool, after: bool
) -> None:
    for kill in every_request(after=after, least=12):
        old = Swept()
        with suppress(KilledError):
            old.sweep(Interposed(old.memory, kill), purge=purge, seconds=60)
        is_sound(old)
        is_held = kill.struck and DOCUMENT in [e.key for e in old.memory.list("").entries]
        if is_held and old.document()["holder"] is not None:
            assert old.sweep(purge=purge).outcome is BUSY
            old.now += 71
        assert old.sweep(purge=purge).is_complete
        assert old.keys() == []
        assert old.document()["holder"] is None


# The end of the time


def in_time(verb: str, key: str, call: Callable[[], Any]) -> Any:
    """Answer as stores do that wait no longer than their caller."""
    left = seconds_left()
    if left is not None and left <= 0:
        raise StoreUnavailable("no answer in time", key=key)
    return call()


@delete_or_purge
def test_what_is_cut_off_at_any_request_is_no_failure_and_goes_on_with_the_next_call(
    purge: bool,
) -> None:
    old = Swept()

    def the_time_is_over() -> None:
        old.now += 1000

    outcomes = []
    for late in every_request(after=True, least=12, instead=the_time_is_over):
        old = Swept()
        store = Interposed(Interposed(old.memory, late), in_time)
        report = old.sweep(store, purge=purge, seconds=60)
        outcomes.append(report.outcome)
        assert (report.totals.failed, report.failures) == (0, ())
        is_sound(old)
        if report.outcome is UNFINISHED:
            assert report.next_after is None
            assert old.document()["holder"] is None
            again = old.sweep(purge=purge, seconds=60)
            assert again.is_complete
            assert again.totals.sessions in (1, 2)
        assert old.keys() == []
        assert not (purge and old.versions())
    assert UNFINISHED in outcomes
    assert outcomes[-1] is COMPLETED


def test_no_request_is_begun_behind_the_end_of_the_time_but_the_last_note(
    caplog: pytest.LogCaptureFixture,
) -> None:
    old = Swept()
    old.sessions().open("a").append({"n": 0})
    old.now += 91 * DAY
    old.sessions().open("sa", agent="one").append({"n": 1})
    ends_at = old.now + 60
    asked: list[str] = []

    def slowly(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if old.now >= ends_at:
            asked.append(f"{verb} {key}")
        old.now += 3
        return call()

    report = old.sweep(Interposed(old.memory, slowly), seconds=60)
    assert (report.outcome, report.next_after, report.totals.deleted) == (UNFINISHED, "a", 1)
    assert asked == [f"put {DOCUMENT}"]
    assert caplog.text == ""


def test_a_list_that_takes_longer_than_there_is_time_is_gone_on_with() -> None:
    old = Swept()
    for n in range(3000):
        old.memory.put(f"session_a{n:04}/agents/agent_x/messages/message_0.json", b"{}")

    def slowly(verb: str, key: str, call: Callable[[], Any]) -> Any:
        old.now += 40 * (verb == "list" and key == "session_")
        return call()

    store = Interposed(old.memory, slowly)
    reports = [old.sweep(store, seconds=60)]
    while not reports[-1].is_complete and len(reports) < 9:
        reports.append(old.sweep(store, seconds=60))
    assert len(reports) > 1
    assert reports[-1].is_complete
    assert sum(report.totals.kept for report in reports) == 3001
    assert old.keys() == []


def test_an_answer_that_never_came_in_time_is_no_failure() -> None:
    old = Swept()

    def hang(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb != "put" or key == DOCUMENT:
            return call()
        old.now += 60
        raise StoreUnavailable("no answer")

    report = old.sweep(Interposed(old.memory, hang), seconds=60)
    assert (report.outcome, report.failures) == (UNFINISHED, ())
    assert old.sweep().totals.deleted == 1


# Notes


def test_what_was_reached_is_noted_once_a_minute_and_the_claim_renewed() -> None:
    old = Swept()
    ids = [f"s{n}" for n in range(9)]
    for session_id in ids:
        old.sessions().open(session_id).append({"n": 0})
    old.now += 91 * DAY
    began = old.now
    notes: list[tuple[float, str | None, float]] = []

    def watch(verb: str, key: str, call: Callable[[], Any]) -> Any:
        answer = call()
        if verb == "delete_many":
            old.now += 25
        if (verb, key) == ("put", DOCUMENT):
            body = old.document()
            if body["holder"]:
                ends = datetime.fromisoformat(body["expires_at"]).timestamp()
                notes.append((old.now - began, body["reached"], ends - old.now))
        return answer

    store = Interposed(old.memory, watch)
    sessions = Sessions(store=store, clock=lambda: old.now, width=1)
    assert sessions.sweep(AGE, seconds=1000).is_complete
    assert len(notes) == 4
    assert notes[0] == (0.0, None, 910.0)
    reached = [place for _, place, _ in notes[1:]]
    assert reached == sorted(place for place in reached if place)
    assert all(60 <= b[0] - a[0] <= 120 for a, b in itertools.pairwise(notes))
    # Of what is left of the time, and ten seconds to conclude.
    assert notes[-1][2] == pytest.approx(1000 - notes[-1][0] + 10)


def test_one_that_stood_still_leaves_the_rest_to_who_has_taken_over() -> None:
    old = Swept()
    for session_id in ("a", "b"):
        old.sessions().open(session_id).append({"n": 0})
    old.now += 91 * DAY
    others: list[SweepReport] = []
    asked: list[str] = []

    def stand_still(verb: str, key: str, call: Callable[[], Any]) -> Any:
        asked.append(f"{verb} {key}")
        answer = call()
        if verb == "delete_many" and not others:
            old.now += 2000
            others.append(old.sweep(event_id="other"))
        return answer

    store = Interposed(old.memory, stand_still)
    sessions = Sessions(store=store, clock=lambda: old.now, width=1)
    report = sessions.sweep(AGE, event_id="first")
    assert others[0].is_complete
    assert report.outcome is LOST
    assert not report.is_complete
    # The claim and the note that is refused, each behind or before a look.
    assert [asked.count(f"{verb} {DOCUMENT}") for verb in ("get", "put")] == [2, 2]
    found = old.document()
    assert (found["holder"], found["reached"]) == (None, None)
    assert found["ended_at"] is not None
    with pytest.raises(SessionNotFound):
        old.sessions().info("b")


def test_a_note_that_the_client_sent_twice_is_known_for_our_own() -> None:
    old = Swept()

    def take_long(verb: str, key: str, call: Callable[[], Any]) -> Any:
        old.now += 100 * (verb == "delete_many")
        return call()

    notes = Rule(Fault.REPEATED, verb="put", key=DOCUMENT, nth=2, count=2)
    store = FaultyStore(Interposed(old.memory, take_long), notes)
    assert old.sweep(store, seconds=900).is_complete
    assert store.injected[Fault.REPEATED] == 2
    assert old.document()["holder"] is None


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.LOST_ANSWER, Fault.DENIED])
def test_a_note_that_cannot_be_written_costs_nothing_but_the_note(fault: Fault) -> None:
    old = Swept()
    # The first write is the claim.
    rule = Rule(fault, verb="put", key=DOCUMENT, nth=2, count=None)
    report = old.sweep(FaultyStore(old.memory, rule))
    assert report.is_complete
    assert report.totals.deleted == 1


# Answers that are lost


@pytest.mark.parametrize("mishap", [unanswered, repeated, raced])
def test_a_claim_whose_answer_was_lost_is_ours(mishap: Mishap) -> None:
    old = Swept()
    left = [mishap]

    def meet(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if (verb, key) == ("put", DOCUMENT) and left:
            return left.pop()(call)
        return call()

    assert old.sweep(Interposed(old.memory, meet)).is_complete
    assert old.keys() == []


def test_a_claim_that_never_arrived_is_said_and_may_be_made_again() -> None:
    old = Swept()

    def meet(verb: str, key: str, call: Callable[[], Any]) -> Any:
        return unsent(call) if (verb, key) == ("put", DOCUMENT) else call()

    with pytest.raises(StoreUnavailable):
        old.sweep(Interposed(old.memory, meet))
    assert len(old.keys()) > 1
    assert old.sweep().is_complete


def test_a_claim_that_always_races_is_given_up() -> None:
    old = Swept()

    def meet(verb: str, key: str, call: Callable[[], Any]) -> Any:
        return raced(call) if (verb, key) == ("put", DOCUMENT) else call()

    assert old.sweep(Interposed(old.memory, meet)).outcome is BUSY


# Whoever speaks meanwhile


@before_or_after
def test_what_is_said_meanwhile_is_refused_or_kept(after: bool) -> None:
    told: list[str] = []
    ever: set[str] = set()
    old = Swept()

    def speak() -> None:
        try:
            old.sessions().open("s", agent="one").append({"n": "late"})
            told.append("acknowledged")
        except SessionDeleted:
            told.append("refused")

    for late in every_request(after=after, least=12, instead=speak):
        old = Swept()
        told.clear()
        assert old.sweep(Interposed(old.memory, late)).is_complete
        # Of a request without an answer, behind which nobody speaks, nothing is told.
        said = [{"n": "late"}] if told == ["acknowledged"] else []
        assert old.payloads()[-1:] == said
        ever.update(told)
    assert ever == {"acknowledged", "refused"}


def test_a_purge_leaves_no_version() -> None:
    old = Swept()
    assert old.versions() > 0
    assert old.sweep(purge=True).totals.deleted == 1
    assert old.versions() == 0


def test_what_a_purge_had_to_leave_is_a_failure_and_the_next_session_goes() -> None:
    old = Swept()
    key = old.keys()[0]
    old.memory.kept.refusals[key] = held(key)
    report = old.sweep(purge=True)
    assert report.is_complete
    assert [failure.kind for failure in report.failures] == ["partial_delete"]
