"""Moving where a history begins when answers are lost, refused or late, or its writer dies."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import Conflict, S3SessionsError, Sessions, StoreUnavailable
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.dao.deleting import KilledError
from tests.dao.mishaps import Mishap, denied, raced, repeated, unanswered, unsent
from tests.dao.past import (
    HISTORY,
    OLD,
    VERBS,
    Act,
    Handle,
    Verb,
    every_request,
    filled,
    opened,
    say,
    shown,
)
from tests.dao.test_round_trips import Waiting
from tests.interposed import Interposed

every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
fresh_or_warm = pytest.mark.parametrize("warm", [False, True], ids=["fresh", "warm"])


# What it costs


@pytest.mark.parametrize(
    ("verb", "cost", "trips"),
    [
        ("truncate", {"list": 1, "get": 2, "put": 1}, 3),
        ("summarize", {"list": 1, "get": 2, "put": 1}, 3),
        ("summarize alone", {"list": 1, "get": 2, "put": 1}, 3),
        ("clear", {"list": 1, "get": 2, "put": 1}, 3),
        ("replace", {"list": 1, "get": 2, "put": 3}, 5),
    ],
)
def test_a_handle_that_knows_the_history_pays_what_is_said(
    verb: str, cost: dict[str, int], trips: int
) -> None:
    chat = opened(filled())
    chat.restore()
    before = Counter(chat.requests.by_verb)
    VERBS[verb].act(chat)
    assert Counter(chat.requests.by_verb) - before == cost
    assert trips_of(VERBS[verb].act) == trips


def trips_of(act: Act) -> int:
    """Count how often a handle that has restored waits."""
    store = Waiting(filled())
    chat = opened(store)
    chat.restore()
    before = store.trips
    act(chat)
    return store.trips - before


def test_a_change_of_nothing_is_a_look() -> None:
    acts: list[Act] = [
        lambda chat: chat.truncate(3),
        lambda chat: chat.truncate(9),
        lambda chat: chat.summarize("old"),
    ]
    for act in acts:
        memory = filled()
        chat = opened(memory)
        chat.restore()
        chat.summarize("old")
        before = Counter(chat.requests.by_verb)
        body = memory.get(HISTORY).data
        act(chat)
        assert Counter(chat.requests.by_verb) - before == {"list": 1, "get": 1}
        assert memory.get(HISTORY).data == body


@every_verb
def test_a_fresh_handle_pays_a_restore_more(verb: Verb) -> None:
    memory = filled()
    costs = []
    for warm in (True, False):
        handle = opened(filled())
        if warm:
            handle.restore()
        before = Counter(handle.requests.by_verb)
        verb.act(handle)
        costs.append(Counter(handle.requests.by_verb) - before)
    reader = opened(memory)
    reader.restore()
    assert costs[1] - costs[0] == reader.requests.by_verb


def test_a_compaction_costs_a_look_and_one_request_for_all_it_deletes() -> None:
    def compact(chat: Any) -> None:
        chat.compact(min_age=0)

    chat = opened(filled())
    compact(chat)
    # session.json, history.json, and the newest message, which stays.
    assert Counter(chat.requests.by_verb) == {"list": 1, "get": 3, "delete_many": 1}
    assert trips_of(compact) == 4
    whole = opened(filled(is_hidden=False))
    compact(whole)
    assert Counter(whole.requests.by_verb) == {"list": 1, "get": 1}


# Faults


@fresh_or_warm
@every_verb
@pytest.mark.parametrize("fault", [unsent, unanswered, raced, repeated], ids=lambda f: f.__name__)
def test_a_fault_at_any_request_leaves_the_old_history_or_the_new_one(
    fault: Mishap, verb: Verb, warm: bool
) -> None:
    outcomes = set()
    for number in range(1, 60):
        memory = filled()
        handle = Handle(memory, warm=warm)
        hook = at_put(number, fault) if fault in (raced, repeated) else at(number, fault)
        try:
            handle.run(verb.act, hook)
        except Conflict:
            pytest.fail("there was nobody else")
        except StoreUnavailable:
            assert shown(memory) in (OLD, verb.left)
            outcomes.add("unavailable")
        else:
            assert shown(memory) == verb.left
            outcomes.add("done")
        if not hook.struck:
            break
        verb.act(opened(memory))
        assert shown(memory) == verb.left
        say(memory, "next")
        assert shown(memory) == verb.left.with_more("next")
    if fault in (raced, repeated):
        assert outcomes == {"done"}, "what is known to be done, or undone, is no error"


class at:
    """Lets the n-th request meet with a fault."""

    def __init__(self, number: int, fault: Mishap, verb: str = "") -> None:
        self._left, self._fault, self._verb = number, fault, verb
        self.struck = False

    def __call__(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        if self._verb in ("", verb):
            self._left -= 1
            if self._left == 0:
                self.struck = True
                return self._fault(call)
        return call()


def at_put(number: int, fault: Mishap) -> at:
    return at(number, fault, "put")


@fresh_or_warm
@every_verb
def test_a_writer_that_dies_at_any_request_leaves_the_old_history_or_the_new_one(
    verb: Verb, warm: bool
) -> None:
    left = set()
    for kill in every_request():
        memory = filled()
        with suppress(KilledError):
            Handle(memory, warm=warm).run(verb.act, kill)
        found = shown(memory)
        assert found in (OLD, verb.left)
        left.add(found)
        say(memory, "next")
        assert shown(memory) == found.with_more("next")
        verb.act(opened(memory))
        opened(memory).compact(min_age=0)
        say(memory, "last")
        assert shown(memory).numbers[-1] == "last"
    assert left == {OLD, verb.left}


@every_verb
def test_a_refusal_is_passed_on_and_changes_nothing(verb: Verb) -> None:
    memory = filled()

    def refuse(name: str, key: str, call: Callable[[], Any]) -> Any:
        return denied(call) if key == HISTORY and name == "put" else call()

    with pytest.raises(S3SessionsError, match="no"):
        Handle(memory, warm=True).run(verb.act, refuse)
    assert shown(memory) == OLD


@every_verb
def test_what_got_no_answer_can_be_done_again(verb: Verb) -> None:
    """By the same handle: it may not take its own write for another's."""
    for number in range(1, 20):
        memory = filled()
        handle = Handle(memory, warm=True)
        lose = at(number, unanswered)
        with suppress(StoreUnavailable):
            handle.run(verb.act, lose)
        if not lose.struck:
            return
        verb.act(handle.chat)
        assert shown(memory) == verb.left
        handle.chat.append({"n": "next"})
        assert shown(memory) == verb.left.with_more("next")


@every_verb
def test_a_write_of_which_nothing_was_heard_is_known_again_as_ones_own(verb: Verb) -> None:
    memory = filled()
    is_cut = False

    def cut(name: str, key: str, call: Callable[[], Any]) -> Any:
        nonlocal is_cut
        if is_cut:
            return unsent(call)
        is_cut = name == "put" and key == HISTORY
        return unanswered(call) if is_cut else call()

    handle = Handle(memory, warm=True)
    with pytest.raises(StoreUnavailable):
        handle.run(verb.act, cut)
    assert shown(memory) == verb.left
    verb.act(handle.chat)
    assert shown(memory) == verb.left


@pytest.mark.parametrize("name", VERBS)
def test_a_write_that_arrives_late_counts_or_does_not_and_hides_nobodys_words(name: str) -> None:
    verb = VERBS[name]
    for before in ("nothing", "append", "truncate", "second life"):
        store = FaultyStore(filled(), Rule(Fault.LATE, verb="put", key="*history.json", count=None))
        chat = opened(store)
        chat.restore()
        with pytest.raises(StoreUnavailable):
            verb.act(chat)
        store.clear()
        if before == "append":
            say(store, "other")
        elif before == "truncate":
            opened(store).truncate(2)
        elif before == "second life":
            Sessions(store=store).delete("s")
            say(store, *range(7))
        store.deliver()
        expected = {
            "nothing": [verb.left],
            "append": [verb.left.with_more("other")],
            "second life": [type(OLD)(tuple(range(7)))],
        }.get(before)
        if expected:
            assert shown(store) in expected
        else:
            assert shown(store).numbers in ((3, 4), (4,))
        say(store, "next")
        assert shown(store).numbers[-1] == "next"


def test_a_replacement_whose_commit_arrives_late_is_seen_by_nobody() -> None:
    for rival in (False, True):
        late = Rule(Fault.LATE, verb="put", key="*message_5.json", count=None)
        store = FaultyStore(filled(), late)
        with pytest.raises(StoreUnavailable):
            VERBS["replace"].act(opened(store))
        store.clear()
        if rival:
            say(store, "other")
        store.deliver()
        left = OLD.with_more("other") if rival else OLD
        assert shown(store) == left
        say(store, "next")
        assert shown(store) == left.with_more("next")
        VERBS["replace"].act(opened(store))
        assert shown(store) == VERBS["replace"].left


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, asyncio.CancelledError])
def test_a_replacement_that_was_cut_off_is_not_counted_by_a_later_truncation(
    interrupt: type[BaseException],
) -> None:
    for strike in every_request(error=interrupt()):
        memory = filled()
        handle = Handle(memory, warm=True)
        with suppress(interrupt):
            handle.run(VERBS["replace"].act, strike)
        found = shown(memory)
        try:
            handle.chat.truncate(2)
        except Conflict:
            assert found == VERBS["replace"].left
        assert shown(memory).numbers == found.numbers[-2:]


@every_verb
def test_a_handle_that_trusts_nothing_can_move_the_beginning(verb: Verb) -> None:
    now = [1_800_000_000.0]

    def tick() -> float:
        now[0] += 1.0
        return now[0]

    memory = filled()
    looks = 0

    def count(name: str, key: str, call: Callable[[], Any]) -> Any:
        nonlocal looks
        looks += name == "list"
        assert looks < 50, "it looks for ever"
        return call()

    chat = Sessions(store=Interposed(memory, count), clock=tick, trust=0).open("s")
    verb.act(chat)
    assert shown(memory) == verb.left
