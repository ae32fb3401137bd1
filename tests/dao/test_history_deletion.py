"""Moving where a history begins beside a deletion, at every single request."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import Conflict, SessionDeleted, SessionNotFound, Sessions, StoreUnavailable
from s3sessions.stores.memory import MemoryStore
from tests.dao.deleting import KillAt, KilledError
from tests.dao.past import (
    AGENT,
    HISTORY,
    OLD,
    READS,
    SESSION,
    VERBS,
    BackwardPages,
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
from tests.interposed import Interposed

every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
COUNTS = (1, 5, 7)
"""Messages of a second life: fewer than the first had, as many, more."""

Delete = Callable[[MemoryStore], object]


def delete_all(memory: MemoryStore) -> None:
    Sessions(store=memory).delete("s")


def delete_the_agent(memory: MemoryStore) -> None:
    Sessions(store=memory).delete("s", agent="default")


def news(count: int) -> tuple[str, ...]:
    return tuple(f"new {n}" for n in range(count))


def changed_by(verb: Verb, count: int) -> View:
    """Give what the verb leaves of a second life that it knows."""
    memory = MemoryStore()
    say(memory, *news(count))
    verb.act(opened(memory))
    return shown(memory)


def keys(memory: MemoryStore) -> list[str]:
    return [entry.key for entry in memory.list("").entries]


def with_another_agent(store: MemoryStore | None = None) -> MemoryStore:
    memory = filled(store)
    Sessions(store=memory).open("s", "two").append({"n": 0})
    return memory


every_deletion = pytest.mark.parametrize(
    "delete", [delete_all, delete_the_agent], ids=["session", "agent"]
)


@every_deletion
@every_verb
@pytest.mark.parametrize("count", COUNTS)
def test_what_is_said_in_a_second_life_is_hidden_by_nobody_of_the_first(
    verb: Verb, count: int, delete: Delete
) -> None:
    place: list[MemoryStore] = []

    def begin_anew() -> None:
        delete(place[-1])
        say(place[-1], *news(count))

    for strike in every_request(instead=begin_anew):
        place.append(with_another_agent())
        handle = Handle(place[-1], warm=True)
        with suppress(Conflict, SessionDeleted, SessionNotFound):
            handle.run(verb.act, strike)
        if strike.struck:
            assert shown(place[-1]) == View(news(count))
            say(place[-1], "next")
            assert shown(place[-1]) == View((*news(count), "next"))


@every_deletion
@every_verb
def test_a_fresh_handle_changes_the_life_that_it_has_read_and_no_other(
    verb: Verb, delete: Delete
) -> None:
    place: list[MemoryStore] = []

    def begin_anew() -> None:
        delete(place[-1])
        say(place[-1], *news(5))

    possible = (View(news(5)), changed_by(verb, 5))
    for strike in every_request(instead=begin_anew):
        place.append(with_another_agent())
        with suppress(Conflict, SessionDeleted, SessionNotFound):
            Handle(place[-1], warm=False).run(verb.act, strike)
        if strike.struck:
            assert shown(place[-1]) in possible


@pytest.mark.parametrize("is_hidden", [False, True], ids=["whole", "hidden"])
@every_verb
def test_what_is_hidden_in_a_second_life_stays_hidden(verb: Verb, is_hidden: bool) -> None:
    """What is taken back is one's own write, and nothing that came after it."""
    place: list[MemoryStore] = []

    def begin_anew() -> None:
        delete_all(place[-1])
        say(place[-1], *news(5))
        opened(place[-1]).summarize("anew", keep_last=2)

    for strike in every_request(instead=begin_anew):
        place.append(filled(is_hidden=is_hidden))
        with suppress(Conflict, SessionDeleted):
            Handle(place[-1], warm=True).run(verb.act, strike)
        if strike.struck:
            assert shown(place[-1]) == View(news(5)[-2:], "anew")


@every_verb
def test_a_whole_deletion_leaves_nothing_that_describes_the_history(verb: Verb) -> None:
    place: list[MemoryStore] = []
    for strike in every_request(instead=lambda: delete_all(place[-1])):
        place.append(filled())
        with suppress(Conflict, SessionDeleted, SessionNotFound):
            Handle(place[-1], warm=True).run(verb.act, strike)
        if strike.struck:
            assert shown(place[-1]) == View(())
            assert HISTORY not in keys(place[-1])


@every_verb
def test_a_session_whose_deletion_has_begun_is_not_changed_and_the_deletion_ends(
    verb: Verb,
) -> None:
    place: list[MemoryStore] = []

    def begin_to_delete() -> None:
        with suppress(KilledError):
            delete_all(Interposed(place[-1], KillAt(3, after=False)))  # type: ignore[arg-type]

    for strike in every_request(instead=begin_to_delete):
        place.append(filled())
        before = place[-1].get(HISTORY).data
        is_done = False
        with suppress(SessionDeleted):
            Handle(place[-1], warm=True).run(verb.act, strike)
            is_done = True
        if not strike.struck:
            continue
        if not is_done:
            assert place[-1].get(HISTORY).data == before, "what was written is taken back"
        with pytest.raises(SessionDeleted):
            opened(place[-1]).restore()
        delete_all(place[-1])
        assert keys(place[-1]) == []


@every_verb
def test_a_change_at_any_request_of_a_deletion_never_outlives_it(verb: Verb) -> None:
    place: list[tuple[MemoryStore, Any]] = []

    def change() -> None:
        with suppress(Conflict, SessionDeleted):
            verb.act(place[-1][1])

    for strike in every_request(instead=change):
        memory = filled()
        chat = opened(memory)
        chat.restore()
        place.append((memory, chat))
        delete_all(Interposed(memory, strike))  # type: ignore[arg-type]
        assert shown(memory) == View(())
        assert HISTORY not in keys(memory)


@every_deletion
def test_a_compaction_never_deletes_what_is_said_in_a_second_life(delete: Delete) -> None:
    place: list[MemoryStore] = []

    def begin_anew() -> None:
        delete(place[-1])
        say(place[-1], *news(7))

    for warm in (True, False):
        for strike in every_request(instead=begin_anew):
            place.append(with_another_agent())
            with suppress(Conflict, SessionDeleted, SessionNotFound):
                Handle(place[-1], warm=warm).run(lambda chat: chat.compact(min_age=0), strike)
            if strike.struck:
                assert shown(place[-1]) == View(news(7))


@pytest.mark.parametrize(
    ("count", "store"),
    [*((count, MemoryStore) for count in COUNTS), (7, BackwardPages)],
)
@every_deletion
@pytest.mark.parametrize("read", READS)
def test_a_reader_sees_one_life_or_none(
    read: str, count: int, delete: Delete, store: type[MemoryStore]
) -> None:
    place: list[MemoryStore] = []

    def begin_anew() -> None:
        delete(place[-1])
        say(place[-1], *news(count))

    moments = [OLD, *(View(news(said)) for said in range(count + 1))]
    possible = [seen_of(view, read) for view in moments]
    for strike in every_request(least=2, instead=begin_anew):
        place.append(with_another_agent(store()))
        with suppress(SessionNotFound):
            assert Handle(place[-1], warm=False).run(READS[read], strike) in possible


def test_what_a_dead_writer_left_behind_a_deletion_shows_nothing() -> None:
    memory = filled()

    def die_behind_a_deletion(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key == HISTORY:
            left.append(memory.get(HISTORY).data)
            delete_all(memory)
            memory.put(HISTORY, left[0])
            raise KilledError
        return call()

    left: list[bytes] = []
    with pytest.raises(KilledError):
        Handle(memory, warm=True).run(VERBS["summarize"].act, die_behind_a_deletion)
    assert keys(memory) == [HISTORY]
    history = opened(memory).restore()
    assert (history.messages, history.summary, history.first) == ([], None, 0)
    assert history.usage == {}
    say(memory, *news(3))
    assert shown(memory) == View(news(3))


def test_a_session_document_that_cannot_be_healed_is_no_deletion() -> None:
    memory = filled()
    memory.delete(SESSION)

    def refuse(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key == SESSION:
            raise StoreUnavailable("timeout")
        return call()

    with pytest.raises(StoreUnavailable):
        Handle(memory, warm=True).run(VERBS["truncate"].act, refuse)
    assert shown(memory).numbers == (2, 3, 4)
    VERBS["truncate"].act(opened(memory))
    assert shown(memory) == VERBS["truncate"].left


def test_an_agent_that_was_deleted_and_began_anew_can_be_truncated_too() -> None:
    memory = with_another_agent()
    delete_the_agent(memory)
    say(memory, *news(3))
    chat = opened(memory)
    chat.restore()
    chat.truncate(1)
    assert shown(memory) == View(news(3)[-1:])
    assert f"{AGENT}/history.json" in keys(memory)
