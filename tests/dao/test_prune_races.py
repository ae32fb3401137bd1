"""Pruning while others speak, fork, describe, delete and prune, at every single request."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import (
    Conflict,
    PruneOutcome,
    PruneReason,
    PruneResult,
    SessionDeleted,
    SessionNotFound,
    Sessions,
)
from tests.dao.deleting import KillAt, KilledError
from tests.dao.old_session import (
    DAY,
    DOCUMENT,
    WHOLE,
    Old,
    before_or_after,
    delete_or_purge,
    every_request,
    pruned,
)
from tests.interposed import Interposed


@before_or_after
@delete_or_purge
def test_what_a_fresh_handle_says_at_any_request_is_refused_or_kept(
    purge: bool, after: bool
) -> None:
    told: list[str] = []
    old = Old()

    def append() -> None:
        try:
            old.sessions().open("s", agent="one").append({"n": "late"})
            told.append("acknowledged")
        except SessionDeleted:
            told.append("refused")

    outcomes = []
    for late in every_request(after=after, instead=append):
        old = Old()
        result = old.prune(Interposed(old.memory, late), purge=purge)
        outcomes.append(None if result is None else result.reason or result.outcome)
        if not late.struck:
            assert old.keys() == []
        elif told[-1] == "refused":
            assert old.payloads() == []
        else:
            is_new_life = {"n": 0} not in old.payloads()
            assert old.payloads() == ([] if is_new_life else WHOLE) + [{"n": "late"}]
            # A purge says that the new life has versions where it was to leave none.
            ended = (
                (PruneOutcome.DELETED, PruneOutcome.FAILED) if purge else (PruneOutcome.DELETED,)
            )
            assert is_new_life == (outcomes[-1] in ended)
        assert not late.struck or "notice" not in (old.stamp() if DOCUMENT in old.keys() else {})
    assert outcomes.count(PruneReason.ACTIVE_AGAIN) >= 3
    assert told.count("refused") >= 6


@before_or_after
def test_what_a_handle_stores_that_knows_its_tail_is_kept_up_to_the_look_behind_the_notice(
    after: bool,
) -> None:
    handles: list[Any] = []
    for late in every_request(after=after, instead=lambda: handles[-1].append({"n": "late"})):
        old = Old()
        handles.append(old.sessions().open("s", agent="one"))
        handles[-1].restore()
        result = old.prune(Interposed(old.memory, late))
        # The lists of all and of this one, and session.json read and written in between.
        if late.request < 4 or (late.request == 4 and not after):
            assert result is not None
            assert result.reason in (PruneReason.ACTIVE_AGAIN, PruneReason.YOUNG)
            assert old.payloads() == [*WHOLE, {"n": "late"}]
            assert "notice" not in old.stamp()


@before_or_after
def test_what_is_said_about_the_claim_of_a_turn_at_any_request_is_never_lost_unseen(
    after: bool,
) -> None:
    old = Old()
    ended: list[Any] = []

    def speak() -> None:
        try:
            with old.sessions().open("s", agent="one").turn():
                chat = old.sessions().open("s", agent="one")
                chat.restore()
                chat.append({"n": "first"})
                chat.append({"n": "second"})
            ended.append([{"n": "first"}, {"n": "second"}])
        except SessionNotFound:
            ended.append([])

    for late in every_request(after=after, least=7, instead=speak):
        old = Old()
        with suppress(SessionNotFound):
            old.prune(Interposed(old.memory, late))
        if late.struck:
            assert old.payloads()[-2:] == ended[-1]


def test_whoever_restores_behind_a_notice_takes_it_away_before_it_speaks() -> None:
    old = Old()

    def go_on() -> None:
        chat = old.sessions().open("s", agent="one")
        assert len(chat.restore().messages) == 3
        assert "notice" in old.stamp(), "who only reads writes nothing"
        for n in (3, 4):
            chat.append({"n": n})

    # The mark: a prune that stalls before it has listed the session, and seen nobody.
    stalled = KillAt(5, after=False, instead=go_on)
    assert pruned(old.prune(Interposed(old.memory, stalled))).reason is PruneReason.ACTIVE_AGAIN
    assert old.payloads() == [{"n": n} for n in range(5)]


def test_a_notice_that_a_killed_prune_left_costs_the_next_writer_one_write() -> None:
    old = Old()
    with suppress(KilledError):
        old.prune(Interposed(old.memory, KillAt(4, after=False)))
    assert set(old.stamp()["notice"]) == {"id", "at"}
    assert old.payloads() == WHOLE
    sessions = old.sessions()
    chat = sessions.open("s", agent="one")
    chat.append({"n": 3})
    assert sessions.requests.by_verb == {"list": 1, "get": 1, "put": 2}
    assert "notice" not in old.stamp()
    chat.append({"n": 4})
    assert sessions.requests.by_verb["put"] == 3


@before_or_after
@pytest.mark.parametrize("document", [True, False], ids=["with document", "without"])
def test_what_is_pruned_at_any_request_of_an_append_is_there_whole_or_not_at_all(
    document: bool, after: bool
) -> None:
    places: list[Old] = []
    for other in every_request(after=after, least=3, instead=lambda: places[-1].prune()):
        places.append(old := Old())
        if not document:
            old.memory.delete(DOCUMENT)
        chat = old.sessions(Interposed(old.memory, other)).open("s", agent="one")
        try:
            chat.append({"n": "late"})
        except SessionDeleted:
            expected: list[Any] = []
        else:
            expected = [{"n": "late"}]
        if other.struck:
            kept = old.payloads()
            # Stored behind the prune's look and gone with it, or stored, and its answer came late.
            assert kept in (expected, WHOLE + expected) or (after and kept == [])


@before_or_after
def test_the_state_of_a_graph_saved_at_any_request_is_refused_or_kept(after: bool) -> None:
    told: list[str] = []
    old = Old()

    def save() -> None:
        try:
            old.sessions().multi_agent("s", "g").save({"step": 1})
            told.append("acknowledged")
        except SessionDeleted:
            told.append("refused")

    for late in every_request(after=after, least=7, instead=save):
        old = Old()
        old.prune(Interposed(old.memory, late))
        if late.struck and told[-1] == "acknowledged":
            assert old.sessions().multi_agent("s", "g").restore() == {"step": 1}
    assert {"acknowledged", "refused"} == set(told)


@before_or_after
@delete_or_purge
def test_of_two_prunes_at_once_one_deletes(purge: bool, after: bool) -> None:
    places: list[Old] = []
    others: list[PruneResult | None] = []

    def prune() -> None:
        others.append(places[-1].prune(purge=purge))

    for struck in every_request(after=after, least=7, instead=prune):
        places.append(old := Old())
        result = old.prune(Interposed(old.memory, struck), purge=purge)
        both = [result, *others[-1:]] if struck.struck else [result]
        outcomes = [found.outcome for found in both if found is not None]
        assert PruneOutcome.DELETED in outcomes
        assert PruneOutcome.FAILED not in outcomes
        assert old.keys() == []


@before_or_after
def test_a_title_given_at_any_request_is_kept_with_its_session_or_refused(after: bool) -> None:
    told: list[str] = []
    old = Old()

    def describe() -> None:
        try:
            old.sessions().describe("s", title="T")
            told.append("said")
        except (SessionNotFound, Conflict):
            told.append("refused")

    for late in every_request(after=after, least=7, instead=describe):
        old = Old()
        result = old.prune(Interposed(old.memory, late))
        assert result is not None
        if result.reason is PruneReason.ACTIVE_AGAIN:
            assert (told[-1], old.sessions().info("s").title) == ("said", "T")
            assert old.payloads() == WHOLE
        else:
            assert old.keys() == []
            # Said before session.json was read, it is no more than a title of what is old.
            is_early = not late.struck or (late.request, after) <= (2, False)
            assert is_early or told[-1] == "refused"
    assert "refused" in told


def leave_notice(old: Old) -> None:
    """Let a prune die between its notice and its look."""
    noticed: list[str] = []

    def die(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if noticed:
            raise KilledError
        noticed.extend([key] if verb == "put" else [])
        return call()

    with suppress(KilledError):
        old.prune(Interposed(old.memory, die))
    assert "notice" in old.stamp()


def test_a_notice_where_there_was_no_document_brings_back_no_hidden_message() -> None:
    old = Old()
    chat = old.sessions().open("s", agent="two")
    chat.restore()
    chat.truncate(1)
    old.memory.delete(DOCUMENT)
    leave_notice(old)
    assert old.payloads("two") == [{"n": 2}]


@pytest.mark.parametrize(
    "speak",
    [
        lambda sessions: sessions.open("s", agent="one").append({"n": 3}),
        lambda sessions: sessions.multi_agent("s", "g").save({"step": 1}),
    ],
    ids=["append", "save"],
)
def test_who_meets_a_notice_where_there_was_no_document_takes_it_away(
    speak: Callable[[Sessions], object],
) -> None:
    old = Old()
    old.memory.delete(DOCUMENT)
    pending = [True]

    def meet(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and pending:
            pending.clear()
            leave_notice(old)
        return call()

    speak(old.sessions(Interposed(old.memory, meet)))
    assert not pending
    assert "notice" not in old.stamp()


@before_or_after
def test_a_fork_goes_also_where_its_parent_is_deleted_at_any_request(after: bool) -> None:
    places: list[Old] = []

    def delete_parent() -> None:
        with suppress(SessionNotFound):
            places[-1].sessions().delete("z")

    for other in every_request(after=after, instead=delete_parent):
        places.append(old := Old())
        old.now -= 91 * DAY
        old.sessions().open("z").append({"n": 0})
        old.sessions().delete("s")
        old.sessions().fork("z", "s")
        old.now += 91 * DAY
        result = old.prune(Interposed(old.memory, other))
        assert pruned(result).outcome is PruneOutcome.DELETED
        assert old.keys() == []
        assert old.memory.list("session_z/").entries == []


def test_a_session_that_is_forked_meanwhile_is_kept() -> None:
    old = Old()
    marker = "session_s/children/branch_c.json"
    fork = KillAt(4, after=False, instead=lambda: old.memory.put(marker, b"{}"))
    result = old.prune(Interposed(old.memory, fork))
    assert pruned(result).reason is PruneReason.ACTIVE_AGAIN
    assert pruned(old.prune()).outcome is PruneOutcome.DELETED
