"""Pruning: what is old goes, what is not stays, and each session says what became of it."""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from s3sessions import (
    AccessDenied,
    CorruptObject,
    InvalidId,
    InvalidSettings,
    PruneOutcome,
    PruneReason,
    PruneTotals,
    SessionNotFound,
    Sessions,
    UnsupportedVersion,
)
from s3sessions.ports import Observer, Page, SyncStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.behaviour.ageing import AGE, DAY, Ageing
from tests.behaviour.conftest import make_rig
from tests.conftest import S3_COLOURS
from tests.interposed import Interposed

YOUNG, OPEN, OWN = PruneReason.YOUNG, PruneReason.OPEN, PruneReason.OWN


@pytest.fixture(params=["sync", "async"])
def place(request: pytest.FixtureRequest) -> Iterator[Ageing]:
    ageing = Ageing(request.param)
    yield ageing
    ageing.rig.close()


def pruned(sessions: Any, older_than: Any = AGE, **asked: Any) -> dict[str, str]:
    """What became of each session: why it was kept, or its outcome."""
    results = list(sessions.prune(older_than, **asked))
    return {result.id: str(result.reason or result.outcome) for result in results}


def cost(sessions: Any, act: Callable[[Any], object]) -> dict[str, int]:
    before = sessions.requests.by_verb
    act(sessions)
    after = sessions.requests.by_verb
    return {verb: n - before.get(verb, 0) for verb, n in after.items() if n != before.get(verb, 0)}


def test_the_old_go_and_the_young_stay(place: Ageing) -> None:
    place.speak("old", "odd", "revived")
    place.wait(91)
    place.speak("revived", "new")
    results = place.sessions().prune(AGE)
    found = {result.id: result for result in results}
    assert {i: r.outcome for i, r in found.items()} == {
        "old": PruneOutcome.DELETED,
        "odd": PruneOutcome.DELETED,
        "revived": PruneOutcome.KEPT,
        "new": PruneOutcome.KEPT,
    }
    assert place.ids() == ["new", "revived"]
    old = found["old"]
    assert (old.reason, old.error, old.receipt) == (None, None, None)
    assert (old.objects, old.last_active.timestamp()) == (3, place.now - 91 * DAY)
    assert results.totals == PruneTotals(
        sessions=4, deleted=2, kept=2, objects=6, bytes=2 * old.bytes
    )
    with pytest.raises(SessionNotFound):
        place.sessions().info("old")


def test_the_age_is_that_of_the_newest_message_alone(place: Ageing) -> None:
    place.speak("s")
    place.wait(89)
    place.sessions().open("s").save_state({"step": 1})
    place.sessions().describe("s", title="T")
    place.wait(2)
    assert pruned(place.sessions(), AGE.total_seconds() + 2 * DAY) == {"s": "young"}
    assert pruned(place.sessions(), AGE.total_seconds()) == {"s": "deleted"}


def test_a_graph_is_as_old_as_its_state_and_a_claimed_turn_is_a_sign_of_life(
    place: Ageing,
) -> None:
    place.speak("claimed")
    place.wait(91)
    place.sessions().multi_agent("graph", "g").save({"step": 1})
    place.sessions().multi_agent("odd", "g").save({"step": 1})
    place.rig.plant("session_claimed/agents/agent_default/lease.json", b"{}")
    assert pruned(place.sessions(), empty=True) == dict.fromkeys(
        ("claimed", "graph", "odd"), "young"
    )
    place.wait(91)
    place.sessions().multi_agent("graph", "g").save({"step": 2})
    assert pruned(place.sessions(), empty=True) == {
        "claimed": "deleted",
        "graph": "young",
        "odd": "deleted",
    }


def test_a_dry_run_says_the_same_and_writes_nothing(place: Ageing) -> None:
    place.speak("a", "b", user="ann")
    place.rig.plant("session_empty/session.json", b'{"session_id": "empty"}')
    place.wait(91)
    before = place.rig.keys()
    sessions = place.sessions()
    asked: dict[str, Any] = {"dry_run": True, "user": "ann", "ended": False, "empty": True}
    told = cost(sessions, lambda s: list(s.prune(AGE, **asked)))
    assert told == {"list": 1, "get": 3}
    results = place.sessions().prune(AGE, dry_run=True, empty=True)
    foretold = {r.id: (r.objects, r.bytes) for r in results}
    assert results.totals.would_delete == 3
    assert place.rig.keys() == before
    results = place.sessions().prune(AGE, empty=True)
    assert {r.id: (r.objects, r.bytes) for r in results} == foretold


def test_what_each_session_costs_is_what_the_documentation_says(place: Ageing) -> None:
    place.speak("a", "b")
    place.wait(91)
    place.speak("young")
    assert cost(place.sessions(), lambda s: pruned(s, dry_run=True)) == {"list": 1}
    place.speak("deleted")
    deletion = cost(place.sessions(), lambda s: s.delete("deleted"))
    each = {**deletion, "list": deletion["list"] + 1, "put": deletion["put"] + 1}
    told = cost(place.sessions(), pruned)
    assert told == {verb: 2 * n + (verb == "list") for verb, n in each.items()}


def test_nothing_is_done_before_a_result_is_asked_for(place: Ageing) -> None:
    place.speak(*(f"s{n}" for n in range(10)))
    place.wait(91)
    sessions = place.sessions(width=2)
    results = sessions.prune(AGE)
    assert sessions.requests.total == 0
    next(results)
    assert len(place.ids()) == 8, "as many at a time as the fan-out is wide"
    assert results.totals.sessions == 1


def test_only_what_the_filters_ask_for_goes(place: Ageing) -> None:
    place.speak("a", user="ann", source="web", model="m", title="The Lamp", tags=["x", "y"])
    place.speak("b", user="bob")
    place.wait(91)
    for asked in (
        {"user": "an"},
        {"source": "Web"},
        {"model": "n"},
        {"tag": "z"},
        {"title": "lamps"},
        {"user": "ann", "tag": "z"},
    ):
        assert pruned(place.sessions(), **asked) == {"a": "filtered", "b": "filtered"}
    asked = {"user": "ann", "source": "web", "model": "m", "title": "lamp", "tag": "y"}
    assert pruned(place.sessions(), **asked) == {"a": "deleted", "b": "filtered"}


def test_open_sessions_are_pruned_or_reported_by_choice(place: Ageing) -> None:
    place.speak("ended", "open", "young")
    place.sessions().end("ended", "done")
    place.wait(91)
    place.speak("young")
    results = place.sessions().prune(AGE, ended=False, dry_run=True)
    assert {r.id: r.reason for r in results if r.reason} == {
        "ended": PruneReason.FILTERED,
        "young": YOUNG,
    }
    results = place.sessions().prune(AGE, ended=True)
    assert {r.id: r.reason for r in results} == {"ended": None, "open": OPEN, "young": YOUNG}
    assert (results.totals.deleted, results.totals.skipped_open) == (1, 1)
    assert pruned(place.sessions()) == {"open": "deleted", "young": "young"}


def test_sessions_with_an_open_handle_and_those_to_keep_stay(place: Ageing) -> None:
    place.speak("mine", "graph", "kept", "gone")
    place.wait(91)
    sessions = place.sessions()
    handles = [sessions.open("mine"), sessions.multi_agent("graph", "g")]
    sessions.open("gone").restore()
    gc.collect()
    expected = {"mine": "own", "graph": "own", "kept": "own", "gone": "deleted"}
    assert pruned(sessions, keep=["kept"]) == expected
    del handles
    gc.collect()
    assert pruned(sessions) == {"mine": "deleted", "graph": "deleted", "kept": "deleted"}


def test_a_handle_counts_for_its_own_prefix_however_that_was_reached() -> None:
    place = Ageing()
    place.sessions().under("t").open("s").append({})
    place.speak("s")
    place.wait(91)
    sessions = place.sessions()
    handle = sessions.under("t").open("s")
    assert pruned(sessions) == {"s": "deleted"}
    assert pruned(sessions.under("t")) == {"s": "own"}
    del handle
    assert pruned(sessions.under("t")) == {"s": "deleted"}


def test_of_many_sessions_through_one_object_none_is_remembered() -> None:
    sessions = Sessions("memory://")
    held = sessions.open("held")
    for n in range(20_000):
        sessions.open(f"s{n}")
    gc.collect()
    assert len(sessions._dao.handles) == 1
    assert held is not None


def plant_empty(place: Ageing, session_id: str, **stamp: Any) -> None:
    """A session in which nobody has spoken, as another writer leaves it behind."""
    body = {"session_id": session_id, "session_type": "AGENT", "created_at": "", "updated_at": ""}
    ours = {"s3sessions": {"v": 1, **stamp}} if stamp else {}
    place.rig.plant(f"session_{session_id}/session.json", json.dumps({**body, **ours}).encode())
    agent = {"agent_id": "default", "state": {}, "created_at": "", "updated_at": ""}
    key = f"session_{session_id}/agents/agent_default/agent.json"
    place.rig.plant(key, json.dumps(agent).encode())


def test_sessions_without_a_message_go_only_if_asked_for(place: Ageing) -> None:
    for session_id in ("empty", "parent", "touched"):
        plant_empty(place, session_id)
    plant_empty(place, "titled", title="T")
    place.rig.plant("session_parent/children/branch_c.json", b"{}")
    place.wait(91)
    plant_empty(place, "new")
    plant_empty(place, "touched")
    assert pruned(place.sessions()) == dict.fromkeys(
        ("empty", "parent", "touched", "titled", "new"), "empty"
    )
    expected = {"empty": "deleted", "parent": "parent", "titled": "titled"}
    assert pruned(place.sessions(), empty=True) == {**expected, "new": "young", "touched": "young"}


def test_a_deletion_that_was_cut_off_is_finished_where_it_matches(place: Ageing) -> None:
    plant_empty(place, "cut", user="ann", title="T", deleted_at="2026-11-21", deletion="d")
    plant_empty(place, "other", user="bob", deleted_at="2026-11-21", deletion="d")
    assert pruned(place.sessions(), user="ann") == {"cut": "deleted", "other": "filtered"}
    assert place.ids() == ["other"]


def test_what_a_fork_left_unfinished_goes_once_it_is_old(place: Ageing) -> None:
    plant_empty(place, "torso", title="T", unfinished={"kind": "branch"})
    assert pruned(place.sessions(), ended=True) == {"torso": "young"}
    place.wait(91)
    assert pruned(place.sessions(), ended=True) == {"torso": "deleted"}
    assert place.ids() == []


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"{", CorruptObject), (b'{"session_id": "b", "s3sessions": {"v": 99}}', UnsupportedVersion)],
)
def test_one_that_cannot_be_read_fails_and_the_rest_goes_on(
    place: Ageing, body: bytes, error: type[Exception]
) -> None:
    place.speak("a", "b", "c")
    place.rig.plant("session_b/session.json", body)
    place.wait(91)
    results = place.sessions().prune(AGE)
    found = {result.id: result for result in results}
    assert [found[i].outcome for i in "abc"] == ["deleted", "failed", "deleted"]
    assert isinstance(found["b"].error, error)
    assert (results.totals.deleted, results.totals.failed) == (2, 1)
    assert place.ids() == ["b"]


@pytest.mark.parametrize("verb", ["get", "put", "delete", "delete_many"])
def test_one_that_the_store_refuses_fails_and_the_rest_goes_on(verb: str) -> None:
    place = Ageing()
    place.speak("a", "b", "c")
    place.wait(91)
    faulty = FaultyStore(place.rig.raw, Rule(Fault.DENIED, verb=verb, key="session_b/*"))
    results = Sessions(store=faulty, clock=lambda: place.now).prune(AGE)
    found = {result.id: result for result in results}
    assert [found[i].outcome for i in "abc"] == ["deleted", "failed", "deleted"]
    assert isinstance(found["b"].error, AccessDenied)
    assert pruned(place.sessions()) == {"b": "deleted"}, "the next one ends it"


def test_a_store_that_cannot_be_listed_is_an_error() -> None:
    place = Ageing()
    faulty = FaultyStore(place.rig.raw, Rule(Fault.DENIED, verb="list"))
    with pytest.raises(AccessDenied):
        next(Sessions(store=faulty).prune(AGE))


def test_a_clock_of_ours_that_is_ahead_deletes_nothing_early(place: Ageing) -> None:
    place.speak("s")
    plant_empty(place, "empty")
    place.wait(1)
    place.ahead = 100 * DAY
    expected = {"s": "active_again", "empty": "active_again"}
    assert pruned(place.sessions(), empty=True) == expected
    place.ahead = 0.0
    assert len(place.sessions().open("s").restore().messages) == 1
    assert place.ids() == ["empty", "s"]


def test_a_session_that_lives_anew_since_it_was_listed_stays() -> None:
    place = Ageing()
    place.speak("s", "gone")
    plant_empty(place, "e")
    place.wait(91)

    def after_the_list(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        if (verb, key) == ("list", "session_"):
            for session_id in ("s", "e", "gone"):
                place.sessions().delete(session_id)
            place.sessions().create("s")
            place.sessions().create("e")
        return result

    store = Interposed(place.rig.raw, after_the_list)
    sessions = Sessions(store=store, clock=lambda: place.now)
    assert pruned(sessions, empty=True) == {
        "s": "active_again",
        "e": "active_again",
        "gone": "gone",
    }
    assert place.ids() == ["e", "s"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"older_than": 0},
        {"older_than": -1},
        {"older_than": float("nan")},
        {"older_than": float("inf")},
        {"older_than": timedelta(0)},
        {"older_than": "90d"},
        {"older_than": True},
        {"keep": "one"},
        {"keep": [1]},
        {"keep": 7},
        {"user": 7},
        {"tag": ""},
        {"ended": "yes"},
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_listed(
    place: Ageing, wrong: dict[str, Any]
) -> None:
    sessions = place.sessions()
    with pytest.raises(InvalidSettings):
        sessions.prune(**{"older_than": AGE, **wrong})
    assert sessions.requests.total == 0


def test_each_deletion_and_the_end_are_logged_with_their_counts(
    place: Ageing, caplog: pytest.LogCaptureFixture
) -> None:
    place.speak("old", "bad", title="a secret")
    place.rig.plant("session_bad/session.json", b"{")
    place.wait(91)
    place.speak("young")
    caplog.set_level(logging.INFO, logger="s3sessions")
    pruned(place.sessions())
    events = [r.s3sessions for r in caplog.records]  # type: ignore[attr-defined]
    told = {event.pop("event"): event for event in events}
    assert told["session_pruned"]["session"] == "old"
    assert told["session_pruned"]["objects"] == 3
    assert told["prune_failed"] == {"session": "bad", "kind": "corrupt_object"}
    assert told["prune_finished"] == {
        "sessions": 3,
        "deleted": 1,
        "would_delete": 0,
        "kept": 1,
        "skipped_open": 0,
        "failed": 1,
    }
    assert "secret" not in caplog.text


@pytest.mark.parametrize("colour", S3_COLOURS)
def test_on_s3_the_store_s_own_times_count(
    request: pytest.FixtureRequest, tmp_path: Path, colour: Any
) -> None:
    rig = make_rig(request, "moto", colour, tmp_path)
    for session_id in ("old", "young"):
        for n in range(2):
            rig.sessions().open(session_id).append({"n": n})
    bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[str(rig.url).split("/")[2]]
    for name, key in bucket.keys.items():
        if name.startswith(f"{rig.prefix}session_old/"):
            key.last_modified -= AGE + timedelta(days=1)
    gc.collect()
    assert pruned(rig.sessions(), dry_run=True) == {"old": "would_delete", "young": "young"}
    assert pruned(rig.sessions(), purge=True) == {"old": "deleted", "young": "young"}
    assert {key.split("/")[0] for key in rig.keys()} == {"session_young"}
    rig.close()


class Unordered(Interposed):
    """A store that lists in no order, as a directory bucket does."""

    lists_in_parts = False

    def __init__(self, store: SyncStore) -> None:
        super().__init__(store, self._shuffle)

    def observed(self, observer: Observer) -> Interposed:
        return self

    @staticmethod
    def _shuffle(verb: str, key: str, call: Callable[[], Any]) -> Any:
        answer = call()
        if verb == "list":
            return Page(list(reversed(answer.entries)), answer.prefixes, answer.token)
        return answer


@pytest.mark.parametrize("lists", ["in order", "in no order"])
def test_a_prune_that_was_stopped_anywhere_goes_on_behind_what_it_reached(lists: str) -> None:
    # In the order of bytes `a-b` comes before `a`, whose keys go on with a slash.
    ids = ["a", "a-b", "a/b", "b", "c", "ä", "z%41"]
    for stop in range(1, len(ids)):
        place = Ageing()
        place.speak(*ids)
        place.wait(91)
        store: SyncStore = place.rig.raw if lists == "in order" else Unordered(place.rig.raw)
        sessions = Sessions(store=store, clock=partial(getattr, place, "now"), width=1)
        whole = [result.id for result in sessions.prune(AGE, dry_run=True)]
        assert sorted(whole) == sorted(ids)
        first = sessions.prune(AGE)
        reached = [first.reached]
        done = [next(first).id for _ in range(stop)]
        assert [*reached, first.reached] == [None, whole[stop - 1]]
        place.speak(whole[0])
        rest = sessions.prune(AGE, start_after=first.reached)
        assert done + [result.id for result in rest] == whole
        assert (rest.reached, place.ids()) == (whole[-1], [whole[0]])


def test_a_prune_that_goes_on_lists_what_is_left_alone() -> None:
    place = Ageing()
    for n in range(10):
        place.speak(f"s{n}")
    asked: list[str | None] = []

    class Listening(Interposed):
        def list(self, prefix: str, **how: Any) -> Page:
            asked.append(how["start_after"])
            return super().list(prefix, **{**how, "limit": 7})

        def observed(self, observer: Observer) -> Interposed:
            return self

    store = Listening(place.rig.raw, lambda verb, key, call: call())
    results = Sessions(store=store, clock=lambda: place.now).prune(AGE, start_after="s7")
    assert [result.id for result in results] == ["s8", "s9"]
    assert asked == ["session_s7/~"]


def test_what_is_foreign_in_a_session_does_not_bring_it_back(place: Ageing) -> None:
    place.speak("a", "b")
    place.rig.plant("session_a/~~~/\U0001f600", b"foreign")
    results = place.sessions().prune(AGE, start_after="a")
    assert [result.id for result in results] == ["b"]


def test_results_come_in_order_though_only_some_are_due(place: Ageing) -> None:
    place.speak(*(f"s{n}" for n in range(9)))
    place.wait(91)
    place.speak(*(f"s{n}" for n in range(0, 9, 2)))
    results = place.sessions(width=3).prune(AGE)
    found = [(result.id, result.outcome is PruneOutcome.DELETED) for result in results]
    assert found == [(f"s{n}", n % 2 == 1) for n in range(9)]


def test_long_lists_are_gone_through_as_they_are_read(place: Ageing) -> None:
    place.speak("a")
    for n in range(3000):
        place.rig.plant(f"session_b/agents/agent_x/messages/message_{n}.json", b"{}")
    place.wait(91)
    sessions = place.sessions(width=1)
    next(results := sessions.prune(AGE, dry_run=True))
    assert sessions.requests.by_verb["list"] == 1
    assert [(r.id, r.objects) for r in results] == [("b", 3000)]
    assert sessions.requests.by_verb["list"] == 4


def test_one_that_is_due_waits_for_others_only_so_long() -> None:
    place = Ageing()
    place.speak("0")
    place.wait(91)
    for n in range(9):
        for m in range(1000):
            place.rig.plant(f"session_{10 + n}/agents/agent_x/messages/message_{m}.json", b"{}")
    sessions = place.sessions()
    next(results := sessions.prune(AGE, dry_run=True))
    # The session of the last thousand is known to be whole when the next one is listed.
    assert sessions.requests.by_verb == {"list": 6}
    assert len(list(results)) == 9


def test_the_young_have_their_results_as_they_are_listed(place: Ageing) -> None:
    for n in range(2500):
        place.rig.plant(f"session_{n:04}/agents/agent_x/messages/message_0.json", b"{}")
    sessions = place.sessions()
    results = sessions.prune(AGE)
    for _ in range(900):
        next(results)
    assert sessions.requests.by_verb == {"list": 1}
    assert results.reached == "0899"
    assert len(list(results)) == 1600


def test_a_place_to_go_on_from_is_a_session_id(place: Ageing) -> None:
    for wrong in ("", "\ud800", 7):
        with pytest.raises(InvalidId):
            place.sessions().prune(AGE, start_after=wrong)
