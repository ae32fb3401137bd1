"""A deletion of many pages lists, looks for its mark and deletes at once, and never too soon."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import Conflict, PartialDelete, SessionNotFound, Sessions, StoreUnavailable
from s3sessions.ports import DeleteOutcome, Observer, Target
from s3sessions.stores.memory import MemoryStore
from tests.dao.deleting import KillAt, KilledError
from tests.dao.paged import ShortPages, let_through
from tests.dao.test_deletion_protocol import (
    BESIDE,
    DOCUMENT,
    MESSAGE,
    before_or_after,
    delete_async,
    delete_blocking,
    filled,
    keys,
    nobody_is_left,
    whole_or_agent,
)

PAGE = 3
ALL = [{"n": n} for n in range(5)]
MOST_REQUESTS = 120

at_once = pytest.mark.parametrize("in_parts", [False, True], ids=["one by one", "in parts"])


def every_request(*, after: bool, **strike: Any) -> Iterator[KillAt]:
    for request in range(1, MOST_REQUESTS):
        hook = KillAt(request, after=after, **strike)
        yield hook
        if not hook.struck:
            assert request > 15, "there is a pipeline to strike at"
            return
    pytest.fail("the deletion never ended")


@at_once
@before_or_after
@whole_or_agent
def test_a_pipeline_killed_at_any_request_is_run_again_and_ends(
    agent: str | None, after: bool, in_parts: bool
) -> None:
    for kill in every_request(after=after):
        memory = filled(beside=BESIDE)
        with suppress(KilledError):
            delete_blocking(ShortPages(memory, PAGE, in_parts=in_parts, hook=kill), agent)
        with suppress(SessionNotFound):
            assert Sessions(store=memory).open("s", agent="one").restore().payloads in ([], ALL)
        try:
            delete_async(ShortPages(memory, PAGE), agent)
        except SessionNotFound:
            assert after or not kill.struck, "nothing is left to do only after the last request"
        nobody_is_left(memory, agent)


@at_once
@before_or_after
@whole_or_agent
def test_a_pipeline_that_stalls_at_any_request_takes_nothing_of_a_new_life(
    agent: str | None, after: bool, in_parts: bool
) -> None:
    memory = MemoryStore()

    def live_again() -> None:
        with suppress(SessionNotFound):
            delete_blocking(memory, agent)
        chat = Sessions(store=memory).open("s", agent="one")
        for n in range(7):
            chat.append({"new life": n})

    # Before it has looked at session.json, it is asked to delete what is there then; and an agent
    # is looked for, as session.json is, which takes as many requests as there are waves.
    first_look = 1
    for stall in every_request(after=after, instead=live_again):
        memory = filled(7)
        with suppress(SessionNotFound, Conflict):
            delete_blocking(ShortPages(memory, PAGE, in_parts=in_parts, hook=stall), agent)
        looked = stall.request > first_look or (after and stall.request == first_look)
        if stall.struck and looked and agent is None:
            history = Sessions(store=memory).open("s", agent="one").restore()
            assert history.payloads == [{"new life": n} for n in range(7)]
            assert history.missing == ()
        elif stall.struck and keys(memory, "session_s/agents/agent_one/"):
            assert len(Sessions(store=memory).open("s", agent="one").restore().messages) == 7


@at_once
def test_of_two_pipelines_at_once_both_end(in_parts: bool) -> None:
    memory = MemoryStore()

    def delete() -> None:
        delete_blocking(ShortPages(memory, PAGE, in_parts=not in_parts), None)

    for other in every_request(after=False, instead=delete):
        memory = filled()
        with suppress(SessionNotFound):
            delete_blocking(ShortPages(memory, PAGE, in_parts=in_parts, hook=other), None)
        nobody_is_left(memory, None)


class Watched(ShortPages):
    """Writes down in which order things are asked for, and what lists show."""

    def __init__(self, memory: MemoryStore, *, in_parts: bool) -> None:
        super().__init__(memory, PAGE, in_parts=in_parts, hook=self._watch)
        self.shown: dict[str, int] = {}
        self.looks: list[int] = []
        self.gone: list[str] = []
        self.together: list[set[str]] = []
        self._now = 0

    def _watch(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        self._now += 1
        if verb == "get" and key.endswith(DOCUMENT):
            self.looks.append(self._now)
        result = call()
        if verb == "list":
            self.shown = {entry.key: self._now for entry in result.entries} | self.shown
        return result

    def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        for target in targets:
            assert self.shown[target.key] < self.looks[-1], "the mark was seen behind the list"
        self.gone += [target.key for target in targets]
        return super().delete_many(targets)

    def fan_out(self, calls: Sequence[Callable[[], Any]]) -> Sequence[Any]:
        asked: set[str] = set()
        results = []
        for call in calls:
            before = (len(self.shown), len(self.looks), len(self.gone))
            results.append(call())
            after = (len(self.shown), len(self.looks), len(self.gone))
            asked |= {
                what
                for what, a, b in zip(("list", "look", "delete"), before, after, strict=True)
                if a != b
            }
        self.together.append(asked)
        return results

    def observed(self, observer: Any) -> Watched:
        return self


@at_once
def test_nothing_goes_before_the_mark_was_seen_behind_the_list_that_showed_it(
    in_parts: bool,
) -> None:
    memory = filled(25, beside=BESIDE)
    store = Watched(memory, in_parts=in_parts)
    delete_blocking(store, None)
    assert {"list", "look", "delete"} in store.together
    messages = [at for at, key in enumerate(store.gone) if "/messages/" in key]
    others = [at for at, key in enumerate(store.gone) if "/messages/" not in key]
    assert len(messages) == 50 + 1
    assert min(others) > max(messages)
    nobody_is_left(memory, None)


def test_messages_go_first_below_a_prefix_that_is_named_like_their_folder_too() -> None:
    memory = MemoryStore()
    store = Watched(memory, in_parts=True)
    sessions = Sessions(store=store).under("a").under("messages")
    for n in range(9):
        sessions.open("s").append({"n": n})
    sessions.fork("s", "child")
    sessions.delete("s")
    assert [key.rpartition("/")[2] for key in store.gone[-2:]] == [
        "agent.json",
        "branch_child.json",
    ]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (3, {"get": 3, "put": 1, "list": 2, "delete_many": 1, "delete": 1}),
        (998, {"get": 3, "put": 1, "list": 2, "delete_many": 1, "delete": 1}),
        (2_000, {"get": 4, "put": 1, "list": 6, "delete_many": 3, "delete": 1}),
        (10_000, {"get": 5, "put": 1, "list": 13, "delete_many": 11, "delete": 1}),
    ],
)
def test_a_deletion_asks_once_for_each_thousand(count: int, expected: dict[str, int]) -> None:
    memory = _with_messages(count)
    sessions = Sessions(store=memory)
    assert sessions.delete("s").objects == count + 2
    assert sessions.requests.by_verb == expected
    assert keys(memory) == []


def test_one_page_by_page_asks_once_for_each_thousand_too() -> None:
    sessions = Sessions(store=ShortPages(_with_messages(4_000), 1000, in_parts=False))
    sessions.delete("s")
    assert sessions.requests.by_verb == {
        **{"get": 7, "put": 1, "list": 6, "delete_many": 5, "delete": 1}
    }


def _with_messages(count: int) -> MemoryStore:
    memory = MemoryStore()
    Sessions(store=memory).open("s", agent="one").append({"n": 0})
    for index in range(1, count):
        memory.put(MESSAGE.format(index), b"{}")
    return memory


@at_once
def test_what_a_pipeline_could_not_delete_is_named_or_met_again(in_parts: bool) -> None:
    class Refusing(ShortPages):
        refusals = 4

        def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
            if not self.refusals:
                return super().delete_many(targets)
            self.refusals -= 1
            return [DeleteOutcome(each.key, StoreUnavailable("slow down")) for each in targets]

        def observed(self, observer: Observer) -> ShortPages:
            return self

    memory = filled(9)
    store = Refusing(memory, PAGE, in_parts=in_parts)
    assert Sessions(store=store).delete("s").objects == 21
    assert (store.refusals, keys(memory)) == (0, [])
    memory = filled(9)
    store = Refusing(memory, PAGE, in_parts=in_parts)
    store.refusals = 10**6
    with pytest.raises(
        PartialDelete, match="20 objects could not be deleted in 10 tries"
    ) as caught:
        Sessions(store=store).delete("s")
    assert {key for key, _ in caught.value.left} == {*keys(memory)} - {DOCUMENT}


def test_a_packed_session_goes_with_its_segments_behind_its_messages() -> None:
    memory = MemoryStore()
    chat = Sessions(store=memory).open("s", agent="one")
    for n in range(205):
        chat.append({"n": n})
    chat.compact(pack=True, min_age=0)
    assert [key for key in keys(memory) if key.endswith(".jsonl")]
    for kill in every_request(after=True):
        copy = MemoryStore()
        for key in keys(memory):
            copy.put(key, memory.get(key).data)
        with suppress(KilledError, SessionNotFound):
            delete_blocking(ShortPages(copy, PAGE, hook=kill), None)
        with suppress(SessionNotFound):
            history = Sessions(store=copy).open("s", agent="one").restore()
            assert len(history.messages) in (0, 205)
        with suppress(SessionNotFound):
            delete_blocking(ShortPages(copy, PAGE, hook=let_through), None)
        assert keys(copy) == []
