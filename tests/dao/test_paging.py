"""A list in parts shows what the same list shows page by page, and waits less."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3sessions.bridge import Blocking, run_sync
from s3sessions.dao.paging import entries, pages
from s3sessions.dao.waves import Waves
from s3sessions.keys import MAX_INDEX
from s3sessions.ports import AsyncStore, Request, SyncStore
from s3sessions.stores.memory import MemoryStore
from s3sessions.stores.s3 import S3Store
from tests.dao.paged import Ordered, ShortPages, in_a_tree, in_bytes
from tests.servers.moto_server import MotoServer
from tests.servers.weed import Weed

AGENT = "session_s/agents/agent_a/"
MESSAGES = AGENT + "messages/"
ODD = (
    *("session_s/session.json", "session_s/children/fork_c.json", "session_s/foreign"),
    *(AGENT + name for name in ("agent.json", "history.json", "messages-old/x", "messages.txt")),
    *(AGENT + f"archive/segment_{n}00-{n}99.jsonl" for n in range(8)),
    *(MESSAGES + name for name in (".DS_Store", "zzz", "message_007.json", "message_3.json.bak")),
    *(MESSAGES + name for name in ("message_1/x", "message_12.json/y", "message_é.json", "é/ü")),
    *(f"session_s/agents/agent_b/messages/message_{n}.json" for n in range(12)),
    "session_s/agents/agent_a-1/messages/message_0.json",
)


def message(index: int) -> str:
    return f"{MESSAGES}message_{index}.json"


S = TypeVar("S", bound=SyncStore)


def filled(store: S, keys: Iterable[str], under: str = "") -> S:
    for key in keys:
        store.put(under + key, b"x")
    return store


def one_by_one(store: SyncStore, prefix: str) -> list[str]:
    async def read() -> list[str]:
        return [e.key async for page in pages(Blocking(store), prefix) for e in page.entries]

    return run_sync(read())


def in_waves(store: SyncStore, prefix: str = "session_s/") -> list[str]:
    return [entry.key for entry in run_sync(entries(Blocking(store), prefix))]


# Indexes as writers leave them: mostly all of a range, which may begin and end anywhere.
ranges = st.builds(
    lambda first, count: set(range(first, min(first + count, MAX_INDEX + 1))),
    st.one_of(st.just(0), st.integers(0, 1200), st.integers(0, MAX_INDEX)),
    st.integers(0, 60),
)
indexes = st.builds(
    lambda first, second, holes, more: ((first | second) - holes) | more,
    *(ranges, ranges, st.sets(st.integers(0, 60), max_size=20)),
    st.sets(st.integers(0, MAX_INDEX), max_size=3),
)
held = st.builds(
    lambda numbers, odd: {*map(message, numbers), *odd}, indexes, st.sets(st.sampled_from(ODD))
)


few = settings(deadline=None, max_examples=60)


@few
@given(held, st.integers(1, 9))
@example({message(n) for n in range(150)}, 2)
@example({message(n) for n in (0, 1, 2, 3, *(10**n for n in range(1, 18)))}, 3)
@example({message(n) for n in (*range(15), 10**17)}, 3)
@example({message(n) for n in range(10**17 - 20, 10**17 + 20)}, 2)
@example({message(0)}, 1)
def test_a_list_in_parts_shows_the_same_keys(keys: set[str], page: int) -> None:
    memory = filled(MemoryStore(), keys)
    for prefix in ("session_s/", AGENT):
        expected = sorted(key for key in keys if key.startswith(prefix))
        for in_parts in (True, False):
            begun: list[Request] = []
            store = ShortPages(memory.observed(begun.append), page, in_parts=in_parts)
            assert sorted(in_waves(store, prefix)) == expected
            parts = len(begun)
            assert one_by_one(store, prefix) == expected
            # Guesses that are wrong cost some requests, and never many.
            assert parts <= 3 * (len(begun) - parts) + 20


@few
@given(held, st.integers(1, 9))
def test_so_it_does_where_keys_come_in_the_order_of_a_tree(keys: set[str], page: int) -> None:
    assert sorted(in_waves(ShortPages(Ordered(keys, in_a_tree), page))) == sorted(keys)


@pytest.mark.parametrize("seed", range(10))
def test_so_it_does_where_no_order_is_kept_after_all(seed: int) -> None:
    keys = [AGENT + "agent.json", *map(message, range(300))]
    places = dict(zip(keys, random.Random(seed).sample(range(301), 301), strict=True))
    store = Ordered(keys, lambda key: places.get(key, seed))
    assert sorted(in_waves(ShortPages(store, 20))) == sorted(keys)


@few
@given(held, st.integers(1, 9), st.data())
def test_what_is_there_all_the_time_is_shown_once_whatever_comes_and_goes(
    keys: set[str], page: int, data: st.DataObject
) -> None:
    memory = filled(MemoryStore(), keys)
    passing = data.draw(st.lists(st.one_of(st.sampled_from(ODD), indexes.map(max_of)), max_size=9))

    def meanwhile(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if passing and (other := passing.pop()) not in keys:
            memory.delete(other) if memory.list(other).entries else memory.put(other, b"x")
        return call()

    come = set(passing)
    shown = in_waves(ShortPages(memory, page, hook=meanwhile))
    assert len(shown) == len(set(shown))
    assert keys <= set(shown) <= keys | come


def max_of(numbers: set[int]) -> str:
    return message(max(numbers, default=0) + 1)


def test_real_servers_show_the_same_keys_in_parts(
    moto: MotoServer, moto_bucket: str, weed: Weed, weed_bucket: str
) -> None:
    # As files these two would be folders, too.
    names = [key for key in ODD if "message_1" not in key and "é/" not in key]
    names += [message(n) for n in range(95, 131)]
    for server, bucket in ((moto, moto_bucket), (weed, weed_bucket)):
        under = f"{uuid.uuid4().hex}/"
        store = filled(S3Store(bucket, endpoint_url=server.endpoint_url), names, under)
        shown = in_waves(ShortPages(store, 4), f"{under}session_s/")
        assert sorted(shown) == sorted(under + name for name in names)
        store.close()


class Cost:
    """What the list of a history costs: round trips, and LIST requests by their beginnings."""

    def __init__(self, indexes: Iterable[int], *, in_parts: bool = True) -> None:
        memory = filled(MemoryStore(), [AGENT + "agent.json", *map(message, indexes)])
        self.begun: list[Request] = []
        store: AsyncStore = Blocking(
            ShortPages(memory.observed(self.begun.append), 1000, in_parts=in_parts)
        )
        self.trips, self.keys, waves = 0, 0, Waves(store, AGENT)
        while not waves.is_over:
            self.keys += len(run_sync(waves.next()))
            self.trips += 1

    @property
    def lists(self) -> int:
        return len(self.begun)

    @property
    def pages(self) -> int:
        return math.ceil(self.keys / 1000)


@pytest.mark.parametrize(
    ("count", "trips", "lists"),
    [
        (0, 1, 1),
        (999, 1, 1),
        (1_000, 2, 2),
        (1_001, 2, 2),
        (1_800, 2, 2),
        (2_000, 2, 5),
        (3_000, 3, 6),
        (5_000, 3, 7),
        (10_000, 3, 12),
        (10_001, 2, 11),
        (20_000, 3, 24),
    ],
)
def test_a_history_of_many_pages_is_listed_in_three_round_trips(
    count: int, trips: int, lists: int
) -> None:
    cost = Cost(range(count))
    assert (cost.keys, cost.trips, cost.lists) == (count + 1, trips, lists)
    assert cost.lists <= 2 * cost.pages + 2


@pytest.mark.parametrize(
    "indexes",
    [
        range(95_000, 100_000),
        range(9_000, 11_000),
        range(5_000, 12_000),
        range(10**17, 10**17 + 5_000),
        [n for n in range(9_000) if n % 3],
        [*range(3_000), *range(5_000, 9_000)],
        [*range(1_500), 10**17],
        range(0, 30_000, 10),
    ],
)
def test_one_that_begins_late_or_has_holes_costs_no_more_than_twice_as_much(
    indexes: Iterable[int],
) -> None:
    cost = Cost(indexes)
    assert cost.trips <= cost.pages
    assert cost.lists <= 2 * cost.pages + 2


def test_a_store_that_does_not_list_in_parts_is_read_page_by_page() -> None:
    cost = Cost(range(3_000), in_parts=False)
    assert (cost.trips, cost.lists) == (4, 4)


def test_bytes_are_the_order_of_lists_in_memory() -> None:
    memory = filled(MemoryStore(), ODD)
    assert one_by_one(memory, "session_s/") == one_by_one(Ordered(ODD, in_bytes), "session_s/")
