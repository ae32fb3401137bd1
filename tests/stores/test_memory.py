from __future__ import annotations

import pytest

from s3sessions.errors import InvalidId, InvalidSettings
from s3sessions.ports import ABSENT, Target
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import StoreContract


class TestMemoryStore(StoreContract):
    race_rounds = 30

    def make_store(self) -> MemoryStore:
        return MemoryStore()


def test_a_list_is_in_the_order_of_utf8_bytes() -> None:
    store = MemoryStore()
    keys = ["z", "\uffee", "\U0001f600", "a/b", "a!", "a", "é"]
    for key in keys:
        store.put(key, b"x")
    shown = [entry.key for entry in store.list("").entries]
    assert shown == sorted(keys, key=lambda key: key.encode())


def test_times_come_from_the_clock() -> None:
    now = 1_000.0
    store = MemoryStore(clock=lambda: now)
    store.put("key", b"x")
    assert store.get("key").modified.timestamp() == 1_000.0
    now = 2_000.5
    store.put("key", b"x")
    assert store.list("").entries[0].modified.timestamp() == 2_000.5


def test_the_same_bytes_again_are_another_version() -> None:
    store = MemoryStore()
    first = store.put("key", b"x")
    assert store.put("key", b"x") != first


@pytest.mark.parametrize("key", ["", "k" * 1025, "é" * 513, "lone \ud800"])
def test_a_key_that_s3_could_not_hold_is_invalid(key: str) -> None:
    store = MemoryStore()
    with pytest.raises(InvalidId):
        store.put(key, b"x", only_if=ABSENT)
    assert not store.list("").entries


def test_a_list_may_be_cut_at_any_delimiter() -> None:
    store = MemoryStore()
    for key in ("a--1", "a--2", "b--1", "c"):
        store.put(key, b"x")
    page = store.list("", delimiter="--", limit=2)
    assert list(page.prefixes) == ["a--", "b--"]
    assert [entry.key for entry in store.list("", delimiter="--", token=page.token).entries] == [
        "c"
    ]


@pytest.mark.parametrize("arguments", [{"limit": 0}, {"delimiter": ""}])
def test_a_list_that_could_show_nothing_is_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidSettings):
        MemoryStore().list("", **arguments)  # type: ignore[arg-type]


def test_a_fan_out_runs_its_calls_one_after_the_other() -> None:
    order: list[int] = []
    MemoryStore().fan_out([lambda number=number: order.append(number) for number in range(9)])  # type: ignore[misc]
    assert order == list(range(9))


def test_a_refused_target_does_not_keep_the_others() -> None:
    store = MemoryStore()
    keys = {key: store.put(key, b"x") for key in ("one", "two")}
    store.put("one", b"y")
    outcomes = store.delete_many([Target(key, etag) for key, etag in keys.items()])
    assert [outcome.error is None for outcome in outcomes] == [False, True]
