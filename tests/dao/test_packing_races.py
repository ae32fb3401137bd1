"""Packing beside others who speak, change, hide, delete and pack, step by step."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import Conflict, Message, SessionNotFound, Sessions
from s3sessions.ports import SyncStore
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing.simulate.blocks import small_blocks
from tests.dao.deleting import KilledError
from tests.dao.interleaving import every_order
from tests.dao.packed import (
    CHANGES,
    COUNT,
    PARTIAL_AT,
    SECRET_AT,
    check_goes_on,
    each_request,
    holds_the_secret,
    is_done,
    later,
    left_by,
    loose,
    numbers,
    pack,
    packed_blocks,
    replanted,
    spoken,
)
from tests.dao.past import Act, Handle, opened, shown
from tests.dao.rivals import RIVALS, Rival
from tests.interposed import Interposed

every_change = pytest.mark.parametrize("change", CHANGES)


@pytest.fixture(autouse=True)
def blocks() -> Iterator[None]:
    with small_blocks():
        yield


def packing(chat: Any) -> object:
    return chat.compact(min_age=0, pack=True)


def run(memory: SyncStore, act: Act, hook: Any) -> None:
    act(Sessions(store=Interposed(memory, hook), clock=later).open("s"))


def check_packed(memory: MemoryStore) -> None:
    """Pack to the end: what is in no whole block is loose, and there is one copy of each other."""
    pack(memory)
    assert packed_blocks(memory) == [(0, 5)]
    assert loose(memory) == [6, 7]


def test_a_packing_that_is_killed_at_any_request_loses_nothing_and_is_run_again() -> None:
    for strike in each_request():
        memory = spoken()
        with suppress(KilledError):
            run(memory, packing, strike)
        assert numbers(memory) == list(range(COUNT))
        check_packed(memory)
        assert numbers(memory) == list(range(COUNT))
        check_goes_on(memory)


def test_a_history_goes_on_from_wherever_a_packing_was_killed() -> None:
    for strike in each_request():
        memory = spoken()
        with suppress(KilledError):
            run(memory, packing, strike)
        check_goes_on(memory)
        opened(memory).redact(SECRET_AT)
        assert numbers(memory)[0] == 0
        pack(memory)
        assert holds_the_secret(memory) == []
        check_goes_on(memory)


def test_two_packings_at_once_leave_what_one_would() -> None:
    place: list[MemoryStore] = []
    for strike in each_request(instead=lambda: pack(place[-1])):
        place.append(spoken())
        run(place[-1], packing, strike)
        assert numbers(place[-1]) == list(range(COUNT))
        check_packed(place[-1])
        assert numbers(place[-1]) == list(range(COUNT))


@every_change
def test_a_change_at_any_request_of_a_packing_is_neither_lost_nor_undone(change: str) -> None:
    place: list[MemoryStore] = []
    for strike in each_request(instead=lambda: CHANGES[change](opened(place[-1]))):
        place.append(spoken())
        run(place[-1], packing, strike)
        if not strike.struck:
            continue
        assert numbers(place[-1]) == left_by(change)
        assert is_done(change, place[-1])
        check_packed(place[-1])
        assert is_done(change, place[-1])
        assert change == "complete" or holds_the_secret(place[-1]) == []
        check_goes_on(place[-1])


@every_change
def test_a_packing_at_any_request_of_a_change_neither_loses_nor_undoes_it(change: str) -> None:
    place: list[MemoryStore] = []
    for strike in each_request(instead=lambda: pack(place[-1])):
        place.append(spoken())
        run(place[-1], CHANGES[change], strike)
        assert numbers(place[-1]) == left_by(change)
        assert is_done(change, place[-1])
        check_packed(place[-1])
        assert is_done(change, place[-1])
        assert change == "complete" or holds_the_secret(place[-1]) == []


class DyingPacking:
    """A packing of which a change is made at one request, and which dies at a later one."""

    def __init__(self, memory: MemoryStore, change: str, changed_at: int, dies_at: int) -> None:
        self._memory, self._change = memory, CHANGES[change]
        self._changed_at, self._dies_at = changed_at, dies_at
        self._requests = itertools.count(1)

    def __call__(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        request = next(self._requests)
        if request == self._changed_at:
            self._change(opened(self._memory))
        if request == self._dies_at:
            raise KilledError
        return call()


@pytest.mark.parametrize("change", ["redact", "remove"])
def test_what_is_taken_out_while_a_packing_dies_is_never_read_again(change: str) -> None:
    """The packing has read it, and dies at any request after it is gone."""
    for changed_at, dies_at in itertools.product(range(3, 10), range(4, 14)):
        if changed_at >= dies_at:
            continue
        memory = spoken(4)
        dying = DyingPacking(memory, change, changed_at, dies_at)
        with suppress(KilledError):
            run(memory, packing, dying)
        seen = [message.index for message in opened(memory).restore().messages if is_seen(message)]
        pack(memory)
        assert seen == [0, 2, 3]
        assert [index for index in numbers(memory) if index != SECRET_AT] == [0, 2, 3]
        assert holds_the_secret(memory) == []


def is_seen(message: Message) -> bool:
    return "n" in message.payload


@pytest.mark.parametrize("manner", RIVALS)
def test_what_is_said_at_any_request_of_a_packing_is_visible(manner: str) -> None:
    rival = Rival()
    options = {"on_conflict": "rebase"} if manner == "warm and rebasing" else {}
    for strike in each_request(instead=lambda: RIVALS[manner](rival)):
        rival.meet(spoken(), **options)
        run(rival.memory, packing, strike)
        said = ["rival"] if strike.struck else []
        assert numbers(rival.memory) == [*range(COUNT), *said]
        check_goes_on(rival.memory)


@pytest.mark.parametrize("manner", RIVALS)
def test_a_packing_at_any_request_of_an_append_moves_no_message(manner: str) -> None:
    place: list[MemoryStore] = []
    for strike in each_request(instead=lambda: pack(place[-1])):
        rival = Rival()
        place.append(spoken())
        options = {"on_conflict": "raise" if manner == "strict" else "rebase"}
        warm = manner != "rebasing"
        rival.chat = Handle(place[-1], warm=warm, **options)
        rival.chat.run(lambda chat: chat.append({"n": "rival"}), strike)
        assert numbers(place[-1]) == [*range(COUNT), "rival"]
        check_goes_on(place[-1])


HIDING: dict[str, tuple[Act, list[Any]]] = {
    "truncate": (lambda chat: chat.truncate(2), [6, 7]),
    "summarize": (lambda chat: chat.summarize("so far", keep_last=3), [5, 6, 7]),
    "clear": (lambda chat: chat.clear(), []),
    "replace": (lambda chat: chat.replace([{"n": "a"}, {"n": "b"}]), ["a", "b"]),
}


@pytest.mark.parametrize("verb", HIDING)
def test_what_is_hidden_at_any_request_of_a_packing_stays_hidden(verb: str) -> None:
    act, left = HIDING[verb]
    rival = Rival()
    for strike in each_request(instead=lambda: act(rival.chat)):
        rival.meet(spoken())
        run(rival.memory, packing, strike)
        assert list(shown(rival.memory).numbers) == (left if strike.struck else list(range(COUNT)))
        pack(rival.memory)
        assert list(shown(rival.memory).numbers) == (left if strike.struck else list(range(COUNT)))
        check_goes_on(rival.memory)


@pytest.mark.parametrize("verb", HIDING)
def test_a_packing_at_any_request_of_what_hides_loses_nothing_that_is_seen(verb: str) -> None:
    act, left = HIDING[verb]
    place: list[MemoryStore] = []
    for warm in (True, False):
        for strike in each_request(instead=lambda: pack(place[-1])):
            place.append(spoken())
            Handle(place[-1], warm=warm).run(act, strike)
            assert list(shown(place[-1]).numbers) == left
            check_goes_on(place[-1])


def delete(memory: MemoryStore) -> None:
    Sessions(store=memory).delete("s")


def test_a_deletion_at_any_request_of_a_packing_leaves_nothing() -> None:
    place: list[MemoryStore] = []
    for strike in each_request(instead=lambda: delete(place[-1])):
        place.append(spoken())
        with suppress(SessionNotFound):
            run(place[-1], packing, strike)
        if strike.struck:
            assert place[-1].list("").entries == []


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_new_life_at_any_request_of_a_packing_is_untouched_by_it(is_packed: bool) -> None:
    place: list[MemoryStore] = []

    def live_anew() -> None:
        delete(place[-1])
        chat = opened(place[-1])
        for n in range(4):
            # With the write ids of the life before, as a redelivery would say it.
            chat.append({"n": n, "life": 2}, write_id=f"w{n}")
        if is_packed:
            pack(place[-1])

    for strike in each_request(instead=live_anew):
        place.append(spoken(4))
        with suppress(SessionNotFound, Conflict):
            run(place[-1], packing, strike)
        if strike.struck:
            for _ in range(2):
                assert numbers(place[-1]) == list(range(4))
                history = opened(place[-1]).restore()
                assert {payload["life"] for payload in history.payloads} == {2}
                pack(place[-1])
            assert packed_blocks(place[-1]) == [(0, 2)]


def changed_in(change: str, *blocks: tuple[int, int]) -> Callable[[str], bool]:
    """Tell which objects can hold what is changed, loose or in these segments."""
    at = PARTIAL_AT if change == "complete" else SECRET_AT
    segments = tuple(f"segment_{first}-{last}.jsonl" for first, last in blocks)
    return lambda key: key.endswith((f"message_{at}.json", *segments))


def check_changed(change: str, memory: SyncStore, next_index: int) -> None:
    assert is_done(change, memory)
    assert change == "complete" or holds_the_secret(memory) == []
    assert opened(memory).restore(last=1).next_index == next_index


@pytest.mark.parametrize("change", ["redact", "complete"])
def test_a_packing_and_a_change_agree_in_every_order_of_their_requests(change: str) -> None:
    matters = changed_in(change, (0, 2))
    orders = 0
    for memory in every_order(lambda: spoken(4), matters, CHANGES[change], packing):
        orders += 1
        check_changed(change, memory, 4)
        assert packed_blocks(memory) == [(0, 2)]
        assert loose(memory) == [3]
    assert orders > 10


@pytest.mark.parametrize("change", ["redact", "complete"])
def test_the_packing_of_a_large_segment_and_a_change_agree_in_every_order(change: str) -> None:
    packed_small = spoken(7)
    pack(packed_small)
    assert packed_blocks(packed_small) == [(0, 2), (3, 5)]
    opened(packed_small).append({"n": 7})
    matters = changed_in(change, (0, 2), (0, 5))
    orders = 0
    for memory in every_order(lambda: replanted(packed_small), matters, CHANGES[change], packing):
        orders += 1
        check_changed(change, memory, 8)
        assert packed_blocks(memory) == [(0, 5)]
    assert orders > 10


def test_two_packings_agree_in_every_order_of_their_requests() -> None:
    for memory in every_order(lambda: spoken(4), changed_in("redact", (0, 2)), packing, packing):
        assert numbers(memory) == [0, 1, 2, 3]
        assert packed_blocks(memory) == [(0, 2)]
        assert loose(memory) == [3]


def test_the_blocks_of_these_tests_are_packed() -> None:
    memory = spoken()
    report = pack(memory)
    assert (report.packed, report.segments) == (6, 3)
    check_packed(memory)
