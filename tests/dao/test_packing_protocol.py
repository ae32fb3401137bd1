"""Packing when answers are lost, refused or late, and when the session is not the same any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import (
    AccessDenied,
    Conflict,
    CorruptObject,
    DeadlineExceeded,
    SessionDeleted,
    Sessions,
    StoreUnavailable,
)
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing.simulate.blocks import small_blocks
from tests.dao.deleting import KilledError
from tests.dao.mishaps import Mishap, denied, raced, repeated, unanswered, unsent
from tests.dao.packed import (
    COUNT,
    SECRET_AT,
    check_goes_on,
    holds_the_secret,
    later,
    loose,
    numbers,
    pack,
    packed_blocks,
    spoken,
)
from tests.dao.past import AGENT, SESSION, opened
from tests.interposed import Interposed

FIRST = f"{AGENT}/archive/segment_0-2.jsonl"
EACH = list(range(COUNT))


@pytest.fixture(autouse=True)
def blocks() -> Iterator[None]:
    with small_blocks():
        yield


class Place:
    """A history whose packing meets with mishaps at the requests that are asked for."""

    def __init__(self, count: int = COUNT, **options: Any) -> None:
        self.memory = spoken(count)
        self.requests: list[tuple[str, str]] = []
        self._mishaps: list[tuple[str, str, Mishap]] = []
        self.store = Interposed(self.memory, self._meet)
        self.chat = Sessions(store=self.store, clock=later, **options).open("s")

    def expect(self, verb: str, key: str, *mishaps: Mishap) -> None:
        """Let the next such requests meet with these, one after the other."""
        self._mishaps += [(verb, key, mishap) for mishap in mishaps]

    def pack(self) -> Any:
        return self.chat.compact(min_age=0, pack=True)

    def count(self, verb: str, key: str) -> int:
        return self.requests.count((verb, key))

    def _meet(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        self.requests.append((verb, key))
        for at, (its_verb, its_key, mishap) in enumerate(self._mishaps):
            if (verb, key) == (its_verb, its_key):
                del self._mishaps[at]
                return mishap(call)
        return call()

    def behind(self, act: Callable[[], object]) -> Mishap:
        """Something happens once the request has taken effect."""

        def mishap(call: Callable[[], Any]) -> Any:
            result = call()
            act()
            return result

        return mishap

    def before(self, act: Callable[[], object]) -> Mishap:
        """Something happens just before the request arrives."""

        def mishap(call: Callable[[], Any]) -> Any:
            act()
            return call()

        return mishap


@pytest.mark.parametrize("fault", [unanswered, repeated])
def test_a_segment_whose_answer_was_lost_is_recognised(fault: Mishap) -> None:
    place = Place()
    place.expect("put", FIRST, fault)
    assert place.pack().segments == 3
    assert place.count("put", FIRST) == 1
    assert (packed_blocks(place.memory), loose(place.memory)) == ([(0, 5)], [6, 7])


@pytest.mark.parametrize("faults", [[unsent], [unsent, unsent], [raced, raced], [raced, unsent]])
def test_a_segment_that_was_not_written_is_sent_again(faults: list[Mishap]) -> None:
    place = Place()
    place.expect("put", FIRST, *faults)
    assert place.pack().segments == 3
    assert place.count("put", FIRST) == len(faults) + 1
    assert numbers(place.memory) == EACH


def test_nothing_is_deleted_where_it_is_not_known_whether_the_segment_is_there() -> None:
    place = Place()
    place.expect("put", FIRST, unsent, unsent, unsent)
    with pytest.raises(StoreUnavailable) as caught:
        place.pack()
    assert caught.value.key == FIRST
    assert loose(place.memory) == EACH
    assert packed_blocks(place.memory) == []


def test_a_write_that_is_denied_ends_the_packing_and_deletes_nothing() -> None:
    place = Place()
    place.expect("put", FIRST, denied)
    with pytest.raises(AccessDenied):
        place.pack()
    assert loose(place.memory) == EACH


@pytest.mark.parametrize("fault", [unanswered, repeated, unsent, raced])
def test_a_rewrite_of_a_segment_is_done_whatever_becomes_of_its_request(fault: Mishap) -> None:
    place = Place(5)
    redact = place.behind(lambda: opened(place.memory).redact(SECRET_AT))
    place.expect("get", f"{AGENT}/messages/message_1.json", redact)
    place.expect("put", FIRST, lambda call: call(), fault)
    assert place.pack().packed == 3
    assert holds_the_secret(place.memory) == []
    assert opened(place.memory).read(SECRET_AT).redacted_at is not None
    assert loose(place.memory) == [3, 4]


def test_deletions_whose_answers_were_lost_are_made_good_by_the_next_packing() -> None:
    for fault, left in ((unanswered, [3, 4]), (unsent, [0, 1, 2, 3, 4])):
        place = Place(5)
        place.expect("delete_many", f"{AGENT}/messages/message_0.json", fault)
        with pytest.raises(StoreUnavailable):
            place.pack()
        assert (packed_blocks(place.memory), loose(place.memory)) == ([(0, 2)], left)
        assert numbers(place.memory) == [0, 1, 2, 3, 4]
        pack(place.memory)
        assert loose(place.memory) == [3, 4]


def test_messages_that_change_under_each_look_stay_loose() -> None:
    place = Place(5)
    chat = opened(place.memory)
    numbers_said = iter(range(1000))

    def change() -> None:
        chat.update(chat.read(0), {"n": 0, "said": next(numbers_said)})

    key = f"{AGENT}/messages/message_0.json"
    place.expect("delete_many", key, *[place.before(change)] * 20)
    report = place.pack()
    assert (report.packed, loose(place.memory)) == (2, [0, 3, 4])
    said = chat.read(0).payload["said"]
    assert said == next(numbers_said) - 1
    pack(place.memory)
    assert chat.read(0).payload["said"] == said
    assert loose(place.memory) == [3, 4]


# session.json, read behind each new segment


def take_back(act: Callable[[MemoryStore], object], error: type[Exception]) -> MemoryStore:
    """Let something happen between the segment and the look at session.json."""
    place = Place(5)
    place.expect("put", FIRST, place.behind(lambda: act(place.memory)))
    with pytest.raises(error):
        place.pack()
    return place.memory


def delete(memory: MemoryStore) -> None:
    Sessions(store=memory).delete("s")


def test_a_segment_is_taken_back_where_the_session_is_being_deleted() -> None:
    def die_deleting(memory: MemoryStore) -> None:
        def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
            if verb == "delete_many":
                raise KilledError
            return call()

        with suppress(KilledError):
            delete(Interposed(memory, hook))  # type: ignore[arg-type]

    memory = take_back(die_deleting, SessionDeleted)
    assert (packed_blocks(memory), loose(memory)) == ([], [0, 1, 2, 3, 4])
    delete(memory)
    assert memory.list("").entries == []


def test_a_segment_is_taken_back_where_session_json_is_gone() -> None:
    memory = take_back(lambda memory: memory.delete(SESSION), SessionDeleted)
    assert (packed_blocks(memory), loose(memory)) == ([], [0, 1, 2, 3, 4])


def test_a_segment_is_taken_back_where_the_session_lives_anew() -> None:
    place = Place(5)

    def live_anew() -> None:
        delete(place.memory)
        chat = opened(place.memory)
        for n in range(5):
            chat.append({"n": n}, write_id=f"w{n}")

    place.expect("put", FIRST, place.before(live_anew))
    with pytest.raises(Conflict):
        place.pack()
    assert packed_blocks(place.memory) == []
    assert numbers(place.memory) == [0, 1, 2, 3, 4]
    assert holds_the_secret(place.memory) == []


def test_a_segment_that_lands_behind_a_deletion_counts_for_nobody_in_the_next_life() -> None:
    place = Place(5)
    place.pack()
    ghost = place.memory.get(FIRST).data
    delete(place.memory)
    chat = opened(place.memory)
    for n in range(2):
        chat.append({"n": n, "life": 2}, write_id=f"w{n}")
    place.memory.put(FIRST, ghost)
    history = opened(place.memory).restore()
    assert [payload["life"] for payload in history.payloads] == [2, 2]


def test_nothing_is_taken_back_where_session_json_is_damaged() -> None:
    """Somebody else may rely on the segment already, and no life has ended."""
    memory = take_back(lambda memory: memory.put(SESSION, b"{"), CorruptObject)
    assert (packed_blocks(memory), loose(memory)) == ([(0, 2)], [0, 1, 2, 3, 4])


# What was listed, and how long ago


class Slow:
    """A history whose clock jumps when a request is made."""

    def __init__(self, count: int = COUNT) -> None:
        self.now = 1_900_000_000.0
        self.memory = spoken(count)
        self.jumps: list[tuple[str, str, float]] = []
        self.lists = 0
        store = Interposed(self.memory, self._meet)
        self.chat = Sessions(store=store, clock=lambda: self.now).open("s")

    def _meet(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        self.lists += verb == "list"
        for at, (its_verb, part, seconds) in enumerate(self.jumps):
            if verb == its_verb and part in key:
                self.now += seconds
                del self.jumps[at]
                break
        return call()


def test_a_packing_that_stalled_lists_again_before_it_writes_a_segment() -> None:
    slow = Slow()
    slow.jumps = [("get", "message_4.json", 4000.0)]
    report = slow.chat.compact(min_age=0, pack=True)
    assert (report.packed, report.segments) == (6, 3)
    # One for each level, and one more.
    assert slow.lists == 3
    assert numbers(slow.memory) == EACH


def test_a_packing_that_stalls_each_time_leaves_the_block_alone_and_ends() -> None:
    slow = Slow()
    slow.jumps = [("get", "message_1.json", 4000.0)] * 9
    report = slow.chat.compact(min_age=0, pack=True)
    assert (report.packed, packed_blocks(slow.memory)) == (3, [(3, 5)])
    assert loose(slow.memory) == [0, 1, 2, 6, 7]


def test_a_segment_that_stalled_on_its_way_does_not_come_back_beside_the_large_one() -> None:
    """Another has packed it further meanwhile, and what is in it has changed since."""
    now = 1_900_000_000.0
    memory = spoken()

    def overtake(verb: str, key: str, call: Callable[[], Any]) -> Any:
        nonlocal now
        result = call()
        if verb == "get" and key.endswith("message_2.json"):
            now += 4000.0
            pack(memory)
            opened(memory).redact(SECRET_AT)
        return result

    stalled = Sessions(store=Interposed(memory, overtake), clock=lambda: now).open("s")
    stalled.compact(min_age=0, pack=True)
    assert packed_blocks(memory) == [(0, 5)]
    assert holds_the_secret(memory) == []


def test_what_was_listed_and_is_gone_is_listed_again() -> None:
    place = Place()
    key = f"{AGENT}/messages/message_1.json"
    place.expect("get", key, place.before(lambda: place.memory.delete(key)))
    report = place.pack()
    assert (report.packed, packed_blocks(place.memory)) == (3, [(3, 5)])
    assert loose(place.memory) == [0, 2, 6, 7]
    # One for each level, and one more.
    assert place.count("list", f"{AGENT}/") == 3


def test_a_packing_keeps_to_its_deadline_and_goes_on_the_next_time() -> None:
    slow = Slow()
    slow.jumps = [("put", "segment_3-5", 60.0)]
    with pytest.raises(DeadlineExceeded):
        slow.chat.compact(min_age=0, pack=True, deadline=30.0)
    assert packed_blocks(slow.memory) == [(0, 2), (3, 5)]
    assert loose(slow.memory) == [3, 4, 5, 6, 7]
    assert numbers(slow.memory) == EACH
    pack(slow.memory)
    assert loose(slow.memory) == [6, 7]
    check_goes_on(slow.memory)


# Changes in place of what is packed

SEGMENT_CHANGES: dict[str, Callable[[Any], Any]] = {
    "update": lambda chat: chat.update(chat.read(1), {"n": 1, "content": "new"}),
    "redact": lambda chat: chat.redact(1),
    "complete": lambda chat: chat.complete(2, {"n": 2, "content": "new"}),
    "remove": lambda chat: chat.remove(1),
}


@pytest.mark.parametrize("verb", SEGMENT_CHANGES)
@pytest.mark.parametrize("fault", [unanswered, repeated, unsent, raced])
def test_a_change_of_a_packed_message_is_made_once_whatever_becomes_of_its_request(
    verb: str, fault: Mishap
) -> None:
    place = Place(5)
    pack(place.memory)
    place.expect("put", FIRST, fault)
    message = SEGMENT_CHANGES[verb](place.chat)
    assert place.count("put", FIRST) == (1 if fault in (unanswered, repeated) else 2)
    if message is not None:
        assert message == opened(place.memory).read(message.index)
        assert place.chat.update(message, {"n": "again"}).payload == {"n": "again"}


@pytest.mark.parametrize("verb", SEGMENT_CHANGES)
def test_a_change_of_another_message_of_the_segment_is_not_undone(verb: str) -> None:
    place = Place(5)
    pack(place.memory)
    others = [
        lambda: opened(place.memory).redact(0),
        lambda: opened(place.memory).redact(0, replacement={"n": "zero"}),
    ]
    place.expect("put", FIRST, *map(place.before, others))
    SEGMENT_CHANGES[verb](place.chat)
    assert place.count("put", FIRST) == 3
    assert opened(place.memory).read(0).payload == {"n": "zero"}


def test_a_copy_in_a_segment_that_changes_under_each_try_is_reported() -> None:
    place = Place(5, attempts=3)
    line = place.memory.get(f"{AGENT}/messages/message_1.json").data
    pack(place.memory)
    place.memory.put(f"{AGENT}/messages/message_1.json", line)
    said = iter(range(100))
    others = place.before(
        lambda: opened(place.memory).redact(0, replacement={"n": next(said)}) and None
    )
    place.expect("put", FIRST, *[others] * 3)
    with pytest.raises(Conflict) as caught:
        place.chat.redact(1)
    assert caught.value.key == FIRST
    assert opened(place.memory).read(1).redacted_at is not None
    place.chat.redact(1)
    assert holds_the_secret(place.memory) == []
