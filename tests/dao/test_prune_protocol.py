"""Pruning that is killed or refused at every single request, step by step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import (
    PruneOutcome,
    PruneReason,
    SessionNotFound,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.dao.deleting import KillAt, KilledError
from tests.dao.old_session import (
    DAY,
    DOCUMENT,
    Old,
    before_or_after,
    delete_or_purge,
    every_request,
    is_sound,
    pruned,
)
from tests.interposed import Interposed
from tests.versioned_memory import held


@before_or_after
@delete_or_purge
def test_a_prune_killed_at_any_request_is_run_again_and_ends(purge: bool, after: bool) -> None:
    for kill in every_request(after=after):
        old = Old()
        with suppress(KilledError):
            old.prune(Interposed(old.memory, kill), purge=purge)
        is_sound(old)
        result = old.prune(purge=purge)
        assert result is None or result.outcome is PruneOutcome.DELETED
        assert old.keys() == []
        if purge:
            # A prune finds what is there; what was deleted before is purged by its id.
            with suppress(SessionNotFound):
                assert old.sessions().purge("s").complete
            assert old.versions() == 0


@before_or_after
@delete_or_purge
def test_an_answer_lost_at_any_request_fails_the_session_and_the_next_prune_ends(
    purge: bool, after: bool
) -> None:
    for lose in every_request(after=after, least=10, error=StoreUnavailable("no answer")):
        old = Old()
        if lose.request == 1:
            with pytest.raises(StoreUnavailable):
                old.prune(Interposed(old.memory, lose), purge=purge)
            continue
        result = pruned(old.prune(Interposed(old.memory, lose), purge=purge))
        expected = PruneOutcome.FAILED if lose.struck else PruneOutcome.DELETED
        assert result.outcome is expected
        assert isinstance(result.error, StoreUnavailable) == lose.struck
        is_sound(old)
        old.prune(purge=purge)
        assert old.keys() == []


@delete_or_purge
@pytest.mark.parametrize("nth", [1, 2], ids=["notice", "mark"])
def test_a_write_that_the_client_sent_twice_is_known_for_our_own(nth: int, purge: bool) -> None:
    old = Old()
    rule = Rule(Fault.REPEATED, verb="put", key=DOCUMENT, nth=nth)
    store = FaultyStore(old.memory, rule)
    result = old.prune(store, purge=purge)
    assert store.injected[Fault.REPEATED] == 1
    assert pruned(result).outcome is PruneOutcome.DELETED
    assert old.keys() == []


def test_a_write_refused_as_a_race_is_made_again() -> None:
    for race in every_request(after=False, least=3, error=WriteRace("a write was under way")):
        old = Old()

        def at_writes(verb: str, key: str, call: Callable[[], Any], race: KillAt = race) -> Any:
            return race(verb, key, call) if verb in ("put", "delete") else call()

        old.prune(Interposed(old.memory, at_writes))
        assert old.keys() == []


def test_a_look_that_took_for_ever_is_not_relied_on() -> None:
    old = Old()

    def stall() -> None:
        old.now += 3600

    assert (
        pruned(old.prune(Interposed(old.memory, KillAt(4, after=True, instead=stall)))).reason
        is PruneReason.ACTIVE_AGAIN
    )
    assert "notice" not in old.stamp()
    assert pruned(old.prune()).outcome is PruneOutcome.DELETED


def test_a_session_without_its_document_is_pruned_and_kept_without_it() -> None:
    old = Old()
    old.memory.delete(DOCUMENT)
    before = old.keys()
    warm = old.sessions().open("s", agent="one")
    warm.restore()
    late = KillAt(3, after=True, instead=lambda: old.memory.put(before[-1], b"{}"))
    assert pruned(old.prune(Interposed(old.memory, late))).reason is PruneReason.ACTIVE_AGAIN
    assert old.keys() == before
    old.now += 91 * DAY
    old.sessions().open("sa", agent="one").append({"n": 1})
    assert pruned(old.prune()).outcome is PruneOutcome.DELETED
    assert old.keys() == []


def test_versions_that_are_held_are_a_failure_that_names_them() -> None:
    old = Old()
    key = "session_s/agents/agent_one/messages/message_1.json"
    old.memory.kept.refusals[key] = held(key)
    result = pruned(old.prune(purge=True))
    assert (result.outcome, old.keys()) == (PruneOutcome.FAILED, [])
    assert result.receipt is not None
    assert {place for place, _, _ in result.receipt.left} == {key}
    assert "legal hold" in str(result.error)


def test_a_purge_leaves_no_version_and_says_so_in_its_receipt() -> None:
    old = Old()
    result = pruned(old.prune(purge=True))
    assert result.receipt is not None
    assert (result.outcome, result.receipt.complete) == (PruneOutcome.DELETED, True)
    assert old.versions() == 0
    assert old.memory.versions.list_versions("session_sa/").versions
