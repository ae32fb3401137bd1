"""Moving where a history begins beside others who speak, move and read, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import AppendConflict, Conflict, Sessions
from s3sessions.stores.memory import MemoryStore
from tests.dao.past import (
    HISTORY,
    OLD,
    READS,
    STORES,
    VERBS,
    Handle,
    Verb,
    View,
    every_request,
    filled,
    opened,
    say,
    seen_of,
    shown,
)
from tests.dao.rivals import RIVALS, Rival

every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
every_store = pytest.mark.parametrize("store", STORES.values(), ids=STORES)


@pytest.mark.parametrize("manner", RIVALS)
@every_verb
def test_what_is_said_meanwhile_is_visible_afterwards(verb: Verb, manner: str) -> None:
    rival = Rival()
    speak = RIVALS[manner]
    options = {"on_conflict": "rebase"} if manner == "warm and rebasing" else {}
    outcomes = set()
    for strike in every_request(instead=lambda: speak(rival)):
        memory = filled()
        rival.meet(memory, **options)
        handle = Handle(memory, warm=True)
        try:
            handle.run(verb.act, strike)
        except Conflict:
            left = OLD
        else:
            left = verb.left
        outcomes.add(left)
        assert shown(memory) == (left.with_more("rival") if strike.struck else left)
        say(memory, "next")
        assert shown(memory).numbers[-1] == "next"
    assert verb.left in outcomes
    assert (OLD in outcomes) == (verb is VERBS["replace"]), "an append is no conflict but to this"


@every_verb
def test_a_batch_that_comes_meanwhile_is_visible_whole(verb: Verb) -> None:
    rival = Rival()
    for strike in every_request(
        instead=lambda: opened(rival.memory).append_many([{"n": "x"}, {"n": "y"}])
    ):
        rival.meet(filled())
        try:
            Handle(rival.memory, warm=True).run(verb.act, strike)
        except Conflict:
            left = OLD
        else:
            left = verb.left
        assert shown(rival.memory) == (left.with_more("x", "y") if strike.struck else left)


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "fresh"])
@every_verb
def test_a_change_at_any_request_of_a_batch_keeps_it_whole(verb: Verb, warm: bool) -> None:
    rival = Rival()
    lost: list[Conflict] = []

    def act() -> None:
        try:
            verb.act(rival.chat)
        except Conflict as error:
            lost.append(error)

    for strike in every_request(least=1, instead=act):
        lost.clear()
        rival.meet(filled())
        handle = Handle(rival.memory, warm=warm, on_conflict="rebase")
        handle.run(lambda chat: chat.append_many([{"n": "x"}, {"n": "y"}]), strike)
        left = verb.left if strike.struck and not lost else OLD
        assert shown(rival.memory) == left.with_more("x", "y")


@pytest.mark.parametrize("second", VERBS.values(), ids=VERBS)
@pytest.mark.parametrize("first", VERBS.values(), ids=VERBS)
def test_of_two_that_change_the_history_at_once_one_has_a_conflict(
    first: Verb, second: Verb
) -> None:
    rival = Rival()
    outcome: list[str] = []

    def act() -> None:
        try:
            second.act(rival.chat)
        except Conflict:
            outcome.append("second lost")

    winners = set()
    for strike in every_request(instead=act):
        outcome.clear()
        rival.meet(filled())
        try:
            Handle(rival.memory, warm=True).run(first.act, strike)
        except Conflict:
            outcome.append("first lost")
        if not strike.struck:
            continue
        assert len(outcome) == 1
        winner = second if outcome == ["first lost"] else first
        winners.add(outcome[0])
        assert shown(rival.memory) == winner.left
        say(rival.memory, "next")
        assert shown(rival.memory) == winner.left.with_more("next")
    assert winners == {"first lost", "second lost"}


def test_who_extends_only_what_is_known_meets_a_replacement_that_is_not_named_yet() -> None:
    rival = Rival()
    before: list[bytes] = []
    met: list[bool] = []

    def speak() -> None:
        try:
            rival.chat.append({"n": "rival"})
        except AppendConflict:
            met.append(rival.memory.get(HISTORY).data == before[-1])

    for strike in every_request(instead=speak):
        rival.meet(filled())
        before.append(rival.memory.get(HISTORY).data)
        try:
            Handle(rival.memory, warm=True).run(VERBS["replace"].act, strike)
        except Conflict:
            assert shown(rival.memory) == OLD.with_more("rival")
        else:
            assert shown(rival.memory) == VERBS["replace"].left
    # Committed and not named, and named.
    assert set(met) == {True, False}


def test_a_history_that_is_extended_before_its_replacement_is_named_stays_as_it_is() -> None:
    memory = filled()

    def extend(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "list":
            opened(memory, on_conflict="rebase").append({"n": "rival"})
        return call()

    handle = Handle(memory, warm=True)
    with pytest.raises(Conflict):
        handle.run(VERBS["replace"].act, extend)
    assert shown(memory) == OLD.with_more("rival")
    handle.chat.restore()
    VERBS["replace"].act(handle.chat)
    assert shown(memory) == VERBS["replace"].left


# Readers


@pytest.mark.parametrize("read", READS)
@every_verb
def test_a_reader_sees_the_old_history_or_the_new_one(verb: Verb, read: str) -> None:
    """Whenever the change comes: at each request of the reader, and the reader at each of its."""
    rival = Rival()
    possible = [seen_of(OLD, read), seen_of(verb.left, read)]
    for strike in every_request(least=2, instead=lambda: verb.act(rival.chat)):
        rival.meet(filled())
        assert Handle(rival.memory, warm=False).run(READS[read], strike) in possible
    seen: list[Any] = []
    for strike in every_request(instead=lambda: seen.append(READS[read](opened(rival.memory)))):
        rival.meet(filled())
        Handle(rival.memory, warm=True).run(verb.act, strike)
    assert [view for view in seen if view not in possible] == []
    assert {str(view) for view in seen} == {str(view) for view in possible}


def growing(view: View) -> list[View]:
    """Give what is shown after each of three messages more."""
    return [view.with_more(*(5, 6, 7)[:count]) for count in (1, 2, 3)]


@every_store
@pytest.mark.parametrize("read", READS)
def test_a_reader_sees_no_history_that_never_was(read: str, store: type[MemoryStore]) -> None:
    """Others speak, and hide all that was there when the reader began."""
    place: list[MemoryStore] = []

    def speak_and_hide() -> None:
        say(place[-1], 5, 6, 7)
        opened(place[-1]).truncate(2)

    moments = [OLD, *growing(OLD), View((6, 7), "old")]
    possible = [seen_of(view, read) for view in moments]
    for strike in every_request(least=2, instead=speak_and_hide):
        place.append(filled(store()))
        assert Handle(place[-1], warm=False).run(READS[read], strike) in possible


@every_store
@pytest.mark.parametrize("read", READS)
def test_a_reader_sees_nothing_hidden_with_what_was_said_after_it(
    read: str, store: type[MemoryStore]
) -> None:
    """Nobody had hidden anything when the reader began."""
    place: list[MemoryStore] = []

    def hide_and_speak() -> None:
        opened(place[-1]).truncate(2)
        say(place[-1], 5, 6, 7)

    moments = [View((0, 1, 2, 3, 4)), View((3, 4)), *growing(View((3, 4)))]
    possible = [seen_of(view, read) for view in moments]
    for strike in every_request(least=2, instead=hide_and_speak):
        place.append(filled(store(), is_hidden=False))
        assert Handle(place[-1], warm=False).run(READS[read], strike) in possible


@every_verb
def test_an_iteration_that_has_begun_gives_the_rest_of_what_it_began_with(verb: Verb) -> None:
    memory = filled()
    stream = Sessions(store=memory, width=1).open("s").iterate()
    assert next(stream).payload["n"] == 2
    verb.act(opened(memory))
    assert [message.payload["n"] for message in stream] == [3, 4]


@every_verb
def test_a_refresh_beside_a_change_gives_what_is_new_and_no_more(verb: Verb) -> None:
    rival = Rival()

    def refresh(chat: Any) -> list[Any]:
        return [message.payload["n"] for message in chat.refresh()]

    for strike in every_request(least=1, instead=lambda: verb.act(rival.chat)):
        memory = filled()
        rival.meet(memory)
        handle = Handle(memory, warm=True)
        say(memory, "other")
        rival.chat.refresh()
        try:
            assert handle.run(refresh, strike) in (["other"], [])
        except Conflict:
            assert verb is VERBS["replace"]
