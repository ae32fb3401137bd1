"""Sweeps: old sessions go, by as many calls as it takes, one at a time and no more often."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from s3sessions import (
    AccessDenied,
    InvalidId,
    InvalidSettings,
    PruneReason,
    PruneTotals,
    SweepFailure,
    SweepOutcome,
    SweepReport,
    UnsupportedVersion,
)
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.behaviour.ageing import AGE, Ageing
from tests.behaviour.conftest import make_rig
from tests.interposed import Interposed

DOCUMENT = "sweep_retention.json"
COMPLETED, UNFINISHED = SweepOutcome.COMPLETED, SweepOutcome.UNFINISHED
BUSY, NOT_DUE, REPEATED = SweepOutcome.BUSY, SweepOutcome.NOT_DUE, SweepOutcome.REPEATED


@pytest.fixture(params=["sync", "async"])
def place(request: pytest.FixtureRequest) -> Iterator[Ageing]:
    ageing = Ageing(request.param)
    yield ageing
    ageing.rig.close()


def old(place: Ageing, *session_ids: str) -> None:
    place.speak(*session_ids)
    place.wait(91)


def document(place: Ageing) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(place.rig.body(DOCUMENT))
    return found


def moment(place: Ageing) -> datetime:
    return datetime.fromtimestamp(place.now, UTC)


def slow_down(place: Ageing, verb: str, seconds: float) -> None:
    """Let each request of a kind take its time."""

    def take_time(asked: str, key: str, call: Callable[[], Any]) -> Any:
        place.now += seconds * (asked == verb)
        return call()

    place.rig.raw = Interposed(place.rig.raw, take_time)


def test_a_sweep_does_what_a_prune_does_and_reports_it(place: Ageing) -> None:
    place.speak("old", "older", "open", user="ann")
    place.speak("other")
    for session_id in ("old", "older", "other"):
        place.sessions().end(session_id)
    place.wait(91)
    place.speak("young", user="ann")
    asked: dict[str, Any] = {"user": "ann", "ended": True, "keep": ["older"]}
    foretold = place.sessions().prune(AGE, dry_run=True, **asked)
    assert {r.id: r.reason for r in foretold if r.reason} == {
        "older": PruneReason.OWN,
        "open": PruneReason.OPEN,
        "other": PruneReason.FILTERED,
        "young": PruneReason.YOUNG,
    }
    report = place.sessions().sweep(AGE, **asked)
    assert report.outcome is COMPLETED
    assert report.is_complete
    assert not report.is_skipped
    size = foretold.totals.bytes
    assert report.totals == PruneTotals(5, 1, 0, 4, 1, objects=3, bytes=size)
    assert report.kept == dict.fromkeys(("own", "open", "filtered", "young"), 1)
    assert (report.failures, report.next_after, report.due_at) == ((), None, None)
    assert place.ids() == ["older", "open", "other", "young"]


def test_what_it_writes_down_is_one_document_that_is_no_session_s(place: Ageing) -> None:
    old(place, "s")
    place.speak("young")
    began = place.now
    slow_down(place, "list", 2.0)
    report = place.sessions().sweep(AGE, event_id="event-1")
    assert report.seconds == place.now - began
    found = document(place)
    assert datetime.fromisoformat(found.pop("begun_at")).timestamp() == began
    assert datetime.fromisoformat(found.pop("ended_at")) == moment(place)
    assert found == {
        "event_id": "event-1",
        "reached": None,
        "holder": None,
        "expires_at": None,
        "s3sessions": {"v": 1},
    }
    sessions = place.sessions()
    assert [ref.id for ref in sessions.list()] == ["young"]
    stats = sessions.stats()
    assert (stats.sessions, stats.foreign) == (1, 0)
    assert list(sessions.doctor()) == []
    assert [size.id for size in sessions.browse()] == ["young"]


def test_calls_whose_time_is_over_go_on_where_the_last_one_ended(place: Ageing) -> None:
    ids = [f"s{n}" for n in range(9)]
    old(place, *ids)
    place.speak("s4")
    slow_down(place, "delete_many", 10.0)
    reports = []
    for _ in range(9):
        reports.append(place.sessions(width=2).sweep(AGE, seconds=25))
        if reports[-1].is_complete:
            break
        assert reports[-1].outcome is UNFINISHED
        assert document(place)["reached"] == reports[-1].next_after
    assert len(reports) > 2
    assert sum(report.totals.deleted for report in reports) == 8
    assert sum(report.totals.kept for report in reports) == 1
    assert not any(report.failures for report in reports)
    begun = [report.next_after for report in reports[:-1]]
    assert begun == sorted(begun)
    assert place.ids() == ["s4"]
    assert place.sessions().sweep(AGE).totals.sessions == 1, "it begins anew"


def test_a_call_that_goes_on_asks_for_what_is_left_alone(place: Ageing) -> None:
    old(place, "a", "b", "c")
    body = {"begun_at": "2026-11-21T00:00:00+00:00", "reached": "b"}
    place.rig.plant(DOCUMENT, json.dumps(body).encode())
    sessions = place.sessions()
    assert sessions.sweep(AGE).totals.sessions == 1
    assert place.ids() == ["a", "b"]


def test_each_call_costs_what_the_documentation_says(place: Ageing) -> None:
    old(place, "a")
    place.speak("b")
    prune = place.sessions()
    list(prune.prune(AGE, dry_run=True))
    assert prune.requests.by_verb == {"list": 1}
    place.speak("a")
    sessions = place.sessions()
    assert sessions.sweep(AGE).is_complete
    assert sessions.requests.by_verb == {"list": 1, "get": 1, "put": 2}
    again = place.sessions()
    assert again.sweep(AGE, every=3600).outcome is NOT_DUE
    assert again.requests.by_verb == {"get": 1}


def test_a_sweep_begins_no_more_often_than_every_so_long(place: Ageing) -> None:
    every = timedelta(days=1)
    assert place.sessions().sweep(AGE, every=every).is_complete
    began = moment(place)
    for _ in range(3):
        place.wait(0.3)
        report = place.sessions().sweep(AGE, every=every)
        assert (report.outcome, report.due_at) == (NOT_DUE, began + every)
        assert report.is_skipped
    place.wait(0.1)
    assert place.sessions().sweep(AGE, every=every.total_seconds()).is_complete


def test_one_that_is_not_finished_goes_on_however_young_it_is(place: Ageing) -> None:
    old(place, "a", "b")
    slow_down(place, "delete_many", 10.0)
    sessions = place.sessions(width=1)
    assert sessions.sweep(AGE, every=86400, seconds=5).outcome is UNFINISHED
    assert place.sessions().sweep(AGE, every=86400).is_complete
    assert place.sessions().sweep(AGE, every=86400).outcome is NOT_DUE


def test_a_clock_that_was_ahead_stops_no_sweep(place: Ageing) -> None:
    place.ahead = 400 * 86400.0
    assert place.sessions().sweep(AGE, every=86400).is_complete
    place.ahead = 0.0
    assert place.sessions().sweep(AGE, every=86400).is_complete


def test_an_event_that_is_delivered_twice_makes_one_sweep(place: Ageing) -> None:
    assert place.sessions().sweep(AGE, event_id="e1").is_complete
    report = place.sessions().sweep(AGE, event_id="e1")
    assert (report.outcome, report.due_at, report.is_skipped) == (REPEATED, None, True)
    assert place.sessions().sweep(AGE, event_id="e2").is_complete
    assert place.sessions().sweep(AGE).is_complete


def test_an_event_whose_sweep_was_cut_off_goes_on_with_it(place: Ageing) -> None:
    old(place, "a", "b", "c")
    slow_down(place, "delete_many", 10.0)
    sessions = place.sessions(width=1)
    assert sessions.sweep(AGE, event_id="e1", seconds=15).outcome is UNFINISHED
    assert sessions.sweep(AGE, event_id="e1").is_complete
    assert place.ids() == []


def test_a_dry_run_writes_nothing_whoever_sweeps(place: Ageing) -> None:
    old(place, "a", "b")
    claimed = {"holder": "somebody", "expires_at": "2999-01-01T00:00:00+00:00", "reached": "a"}
    place.rig.plant(DOCUMENT, json.dumps(claimed).encode())
    assert place.sessions().sweep(AGE).outcome is BUSY
    before = {key: place.rig.body(key) for key in place.rig.keys()}
    report = place.sessions().sweep(AGE, dry_run=True, every=86400, event_id="e")
    assert report.is_complete
    assert (report.totals.would_delete, report.totals.deleted) == (2, 0)
    assert {key: place.rig.body(key) for key in place.rig.keys()} == before


def test_sweeps_of_different_names_do_not_meet(place: Ageing) -> None:
    old(place, "a", "b")
    assert place.sessions().sweep(AGE, name="cron/7d", every=3600, user="ann").is_complete
    assert place.sessions().sweep(AGE, every=3600).totals.deleted == 2
    names = [key for key in place.rig.keys() if key.startswith("sweep_")]
    assert names == ["sweep_cron%2F7d.json", DOCUMENT]


def test_sessions_that_fail_are_named_and_stop_no_other(place: Ageing) -> None:
    ids = [f"s{n:03}" for n in range(120)]
    for session_id in ids:
        place.rig.plant(f"session_{session_id}/session.json", b"{")
        place.rig.plant(f"session_{session_id}/agents/agent_a/messages/message_0.json", b"{}")
    old(place, "zz")
    report = place.sessions().sweep(AGE)
    assert report.is_complete
    assert (report.totals.failed, report.totals.deleted) == (120, 1)
    assert report.failures[:2] == tuple(SweepFailure(i, "corrupt_object") for i in ids[:2])
    assert len(report.failures) == 100
    assert place.sessions().sweep(AGE).totals.failed == 120, "the next one meets them again"


def test_where_the_sessions_cannot_be_listed_it_raises_and_gives_its_claim_back() -> None:
    place = Ageing()
    old(place, "a")
    inner = place.rig.raw
    place.rig.raw = FaultyStore(inner, Rule(Fault.DENIED, verb="list"))
    with pytest.raises(AccessDenied):
        place.sessions().sweep(AGE)
    place.rig.raw = inner
    assert document(place)["holder"] is None
    assert place.sessions().sweep(AGE).totals.deleted == 1


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"reached": "", "begun_at": 7, "holder": []}'])
def test_a_document_that_cannot_be_read_is_nobody_s(place: Ageing, body: bytes) -> None:
    old(place, "a")
    place.rig.plant(DOCUMENT, body)
    assert place.sessions().sweep(AGE).totals.deleted == 1
    assert document(place)["ended_at"] is not None


def test_a_document_of_a_newer_version_is_left_alone(place: Ageing) -> None:
    old(place, "a")
    place.rig.plant(DOCUMENT, b'{"s3sessions": {"v": 99}}')
    with pytest.raises(UnsupportedVersion):
        place.sessions().sweep(AGE)
    assert place.ids() == ["a"]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"older_than": 0}, InvalidSettings),
        ({"seconds": 0}, InvalidSettings),
        ({"seconds": -1}, InvalidSettings),
        ({"seconds": float("nan")}, InvalidSettings),
        ({"seconds": "5"}, InvalidSettings),
        ({"every": -1}, InvalidSettings),
        ({"every": float("nan")}, InvalidSettings),
        ({"every": float("inf")}, InvalidSettings),
        ({"every": "1d"}, InvalidSettings),
        ({"event_id": ""}, InvalidSettings),
        ({"event_id": 7}, InvalidSettings),
        ({"name": ""}, InvalidId),
        ({"name": 7}, InvalidId),
        ({"keep": "one"}, InvalidSettings),
        ({"tag": ""}, InvalidSettings),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    place: Ageing, wrong: dict[str, Any], error: type[Exception]
) -> None:
    sessions = place.sessions()
    with pytest.raises(error):
        sessions.sweep(**{"older_than": AGE, **wrong})
    assert sessions.requests.total == 0


@pytest.mark.parametrize("store", ["local", "moto", "weed"])
def test_every_store_goes_on_where_the_last_call_ended(
    request: pytest.FixtureRequest, tmp_path: Path, store: str
) -> None:
    rig = make_rig(request, store, "sync", tmp_path)
    ids = ["a", "a-b", "a b", "ab", "z"]
    for session_id in ids:
        rig.sessions().open(session_id).append({"n": 0})
    order = [result.id for result in rig.sessions().prune(AGE)]
    assert sorted(order) == sorted(ids)
    for at, reached in enumerate(order):
        body = {"begun_at": "2026-11-21T00:00:00+00:00", "reached": reached}
        rig.plant(DOCUMENT, json.dumps(body).encode())
        report = rig.sessions().sweep(AGE)
        assert (report.is_complete, report.totals.kept) == (True, len(order) - at - 1)
    rig.close()


@pytest.mark.parametrize("store", ["local", "weed"])
def test_of_eight_that_start_at_once_one_sweeps(
    request: pytest.FixtureRequest, tmp_path: Path, store: str
) -> None:
    rig = make_rig(request, store, "sync", tmp_path)
    rig.sessions().open("s").append({"n": 0})
    together = threading.Barrier(8)

    def start(sessions: Any) -> SweepReport:
        together.wait(30)
        report: SweepReport = sessions.sweep(AGE, every=3600)
        return report

    with ThreadPoolExecutor(8) as threads:
        reports = list(threads.map(start, [rig.sessions() for _ in range(8)]))
    assert [report.totals.sessions for report in reports if report.is_complete] == [1]
    assert {report.outcome for report in reports} <= {COMPLETED, BUSY, NOT_DUE}
    assert json.loads(rig.body(DOCUMENT))["holder"] is None
    rig.close()
