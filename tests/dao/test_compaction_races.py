"""Deleting what nobody sees beside others who speak, move and delete, step by step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.stores.memory import MemoryStore
from tests.dao.deleting import KilledError
from tests.dao.past import OLD, VERBS, Handle, Verb, View, every_request, filled, opened, shown
from tests.dao.rivals import RIVALS, Rival
from tests.interposed import Interposed

every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)


def compact(memory: MemoryStore) -> None:
    opened(memory).compact(min_age=0)


def whole(memory: MemoryStore, view: View) -> None:
    """Check what is shown, and that no index is used twice."""
    assert shown(memory) == view
    before = opened(memory).restore().next_index
    assert opened(memory).append({"n": "next"}).index == before
    assert shown(memory) == view.with_more("next")


@every_verb
def test_a_compaction_at_any_request_of_a_change_takes_nothing_that_is_seen(verb: Verb) -> None:
    place: list[MemoryStore] = []
    for warm in (True, False):
        for strike in every_request(instead=lambda: compact(place[-1])):
            place.append(filled())
            Handle(place[-1], warm=warm).run(verb.act, strike)
            whole(place[-1], verb.left)


@every_verb
def test_a_change_at_any_request_of_a_compaction_loses_nothing(verb: Verb) -> None:
    rival = Rival()
    for warm in (True, False):
        for strike in every_request(instead=lambda: verb.act(rival.chat)):
            rival.meet(filled())
            Handle(rival.memory, warm=warm).run(lambda chat: chat.compact(min_age=0), strike)
            whole(rival.memory, verb.left if strike.struck else OLD)


@pytest.mark.parametrize("manner", RIVALS)
def test_what_is_said_at_any_request_of_a_compaction_is_visible(manner: str) -> None:
    rival = Rival()
    options = {"on_conflict": "rebase"} if manner == "warm and rebasing" else {}
    for strike in every_request(instead=lambda: RIVALS[manner](rival)):
        rival.meet(filled(), **options)
        opened(rival.memory).truncate(1)
        Handle(rival.memory, warm=True).run(lambda chat: chat.compact(min_age=0), strike)
        left = View((4,), "old")
        whole(rival.memory, left.with_more("rival") if strike.struck else left)


def test_two_compactions_at_once_leave_what_one_would() -> None:
    place: list[MemoryStore] = []
    for strike in every_request(instead=lambda: compact(place[-1])):
        place.append(filled())
        opened(place[-1]).clear()
        Handle(place[-1], warm=True).run(lambda chat: chat.compact(min_age=0), strike)
        whole(place[-1], View(()))


def test_a_compaction_that_is_killed_at_any_request_is_run_again() -> None:
    for strike in every_request():
        memory = filled()
        opened(memory).truncate(1)
        with suppress(KilledError):
            Handle(memory, warm=True).run(lambda chat: chat.compact(min_age=0), strike)
        whole(memory, View((4,), "old"))
        compact(memory)
        whole(memory, View((4, "next"), "old"))


def test_what_is_redacted_while_it_is_compacted_stays_redacted() -> None:
    memory = filled()

    def redact(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "delete_many":
            opened(memory).redact(0)
        return call()

    Handle(memory, warm=True).run(lambda chat: chat.compact(min_age=0), redact)
    left = [entry.key for entry in memory.list("").entries if "/messages/" in entry.key]
    assert [key[-6:-5] for key in left] == ["0", "2", "3", "4"]
    assert b'"n"' not in memory.get(left[0]).data
    compact(memory)
    whole(memory, OLD)


def test_a_batch_in_its_first_wave_is_left_alone_by_a_compaction() -> None:
    memory = filled()

    def between(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key.endswith("message_5.json"):
            compact(memory)
        return call()

    chat = Sessions(store=Interposed(memory, between)).open("s")
    chat.append_many([{"n": "x"}, {"n": "y"}, {"n": "z"}])
    whole(memory, OLD.with_more("x", "y", "z"))
