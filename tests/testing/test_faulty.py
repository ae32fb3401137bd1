"""A store that fails on purpose: what each fault does, in both colours."""

from __future__ import annotations

import asyncio
import doctest
import fnmatch
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import AsyncSessions, Sessions
from s3sessions.bridge import Blocking
from s3sessions.errors import (
    AccessDenied,
    InvalidSettings,
    PreconditionFailed,
    S3SessionsError,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.ports import ABSENT, Target
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import (
    AsyncFaultyStore,
    Crash,
    Fault,
    FaultyStore,
    Rule,
    StoreContract,
    faulty,
)


class SyncPlace:
    """A faulty store over one in memory, spoken to in blocking code."""

    def __init__(self, *rules: Rule, seed: int = 0) -> None:
        self.inner = MemoryStore()
        self.store: Any = FaultyStore(self.inner, *rules, seed=seed)

    def __call__(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.store, verb)(*args, **kwargs)


class AsyncPlace(SyncPlace):
    """The same in async code."""

    def __init__(self, *rules: Rule, seed: int = 0) -> None:
        self.inner = MemoryStore()
        self.store = AsyncFaultyStore(Blocking(self.inner), *rules, seed=seed)

    def __call__(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        async def call() -> Any:
            return await getattr(self.store, verb)(*args, **kwargs)

        return asyncio.run(call())


MakePlace = Callable[..., SyncPlace]


@pytest.fixture(params=[SyncPlace, AsyncPlace], ids=["sync", "async"])
def place(request: pytest.FixtureRequest) -> MakePlace:
    make: MakePlace = request.param
    return make


def is_there(place: SyncPlace, key: str) -> bool:
    return any(entry.key == key for entry in place.inner.list("").entries)


NOT_DONE = [
    (Fault.REFUSED, StoreUnavailable),
    (Fault.FAILED, StoreUnavailable),
    (Fault.CUT, StoreUnavailable),
    (Fault.RACE, WriteRace),
    (Fault.DENIED, AccessDenied),
    (Fault.CRASH_BEFORE, Crash),
]
DONE = [(Fault.LOST_ANSWER, StoreUnavailable), (Fault.CRASH_AFTER, Crash)]


@pytest.mark.parametrize(("fault", "error"), NOT_DONE)
def test_a_request_that_is_refused_has_no_effect(
    place: MakePlace, fault: Fault, error: type[BaseException]
) -> None:
    store = place(Rule(fault))
    with pytest.raises(error):
        store("put", "k", b"x", only_if=ABSENT)
    assert not is_there(store, "k")
    assert store.store.injected == {fault: 1}
    assert store("put", "k", b"x", only_if=ABSENT)


@pytest.mark.parametrize(("fault", "error"), DONE)
def test_a_request_whose_answer_is_lost_has_taken_effect(
    place: MakePlace, fault: Fault, error: type[BaseException]
) -> None:
    store = place(Rule(fault))
    with pytest.raises(error):
        store("put", "k", b"x", only_if=ABSENT)
    assert is_there(store, "k")


def test_a_write_that_the_client_repeats_meets_its_own_success(place: MakePlace) -> None:
    store = place(Rule(Fault.REPEATED))
    with pytest.raises(PreconditionFailed):
        store("put", "k", b"x", only_if=ABSENT)
    assert store("get", "k").data == b"x"


def test_a_delete_that_the_client_repeats_succeeds(place: MakePlace) -> None:
    store = place(Rule(Fault.REPEATED))
    store.inner.put("k", b"x")
    store("delete", "k")
    assert not is_there(store, "k")


def test_a_late_write_takes_effect_when_it_is_delivered(place: MakePlace) -> None:
    store = place(Rule(Fault.LATE))
    with pytest.raises(StoreUnavailable):
        store("put", "k", b"late", only_if=ABSENT)
    assert not is_there(store, "k")
    store("deliver")
    assert store("get", "k").data == b"late"


def test_a_late_write_that_finds_another_one_there_is_lost(place: MakePlace) -> None:
    store = place(Rule(Fault.LATE))
    with pytest.raises(StoreUnavailable):
        store("put", "k", b"late", only_if=ABSENT)
    store("put", "k", b"first", only_if=ABSENT)
    store("deliver")
    store("deliver")
    assert store("get", "k").data == b"first"


@pytest.mark.parametrize("verb", ["get", "list"])
def test_what_is_read_can_break_off(place: MakePlace, verb: str) -> None:
    store = place(Rule(Fault.TRUNCATED))
    store.inner.put("k", b"x")
    with pytest.raises(StoreUnavailable, match=r"broke off.*key=k"):
        store(verb, "k")
    store(verb, "k")


def test_single_keys_of_a_delete_many_are_refused(place: MakePlace) -> None:
    store = place(Rule(Fault.KEYS_REFUSED, key="b*", count=None))
    for key in ("a", "b1", "b2", "c"):
        store.inner.put(key, b"x")
    outcomes = store("delete_many", [Target(key) for key in ("b1", "a", "b2", "c")])
    assert [outcome.key for outcome in outcomes] == ["b1", "a", "b2", "c"]
    assert [isinstance(outcome.error, StoreUnavailable) for outcome in outcomes] == [
        *(True, False, True, False)
    ]
    assert [entry.key for entry in store.inner.list("").entries] == ["b1", "b2"]
    assert store.store.injected == {Fault.KEYS_REFUSED: 2}


def test_a_copy_can_fail(place: MakePlace) -> None:
    store = place(Rule(Fault.LOST_ANSWER, verb="copy", key="target"))
    store.inner.put("source", b"x")
    with pytest.raises(StoreUnavailable):
        store("copy", "source", "target")
    assert is_there(store, "target")


def failing(store: SyncPlace, verb: str, keys: list[str]) -> list[str]:
    """Give those of the keys for which the verb fails."""
    failed = []
    for key in keys:
        try:
            store(verb, key, b"x")
        except S3SessionsError:
            failed.append(key)
    return failed


def test_a_rule_counts_the_requests_that_match(place: MakePlace) -> None:
    store = place(Rule(Fault.REFUSED, verb="put", key="m*", nth=2, count=2))
    assert failing(store, "put", ["m1", "x", "m2", "m3", "m4"]) == ["m2", "m3"]


def test_a_rule_without_a_count_never_ends(place: MakePlace) -> None:
    store = place(Rule(Fault.REFUSED, key="m*", count=None))
    assert failing(store, "put", ["m1", "x", "m2"]) == ["m1", "m2"]


def test_the_first_rule_that_applies_decides(place: MakePlace) -> None:
    store = place(Rule(Fault.DENIED, key="a"), Rule(Fault.REFUSED, count=None))
    with pytest.raises(AccessDenied):
        store("put", "a", b"x")
    with pytest.raises(StoreUnavailable):
        store("put", "a", b"x")


def test_a_rule_waits_for_a_request_that_can_meet_with_its_fault(place: MakePlace) -> None:
    store = place(Rule(Fault.RACE))
    store.inner.put("k", b"x")
    store("get", "k")
    with pytest.raises(WriteRace):
        store("put", "k", b"x")


def test_the_same_seed_fails_the_same_requests(place: MakePlace) -> None:
    keys = [f"k{number}" for number in range(40)]
    rule = Rule(Fault.REFUSED, count=None, probability=0.5)
    failed = [failing(place(rule, seed=seed), "put", keys) for seed in (1, 1, 2)]
    assert failed[0] == failed[1] != failed[2]
    assert 5 < len(failed[0]) < 35


def test_rules_are_added_and_cleared_while_it_runs(place: MakePlace) -> None:
    store = place()
    assert failing(store, "put", ["a"]) == []
    store.store.add(Rule(Fault.REFUSED, count=None))
    assert failing(store, "put", ["a", "b"]) == ["a", "b"]
    store.store.clear()
    assert failing(store, "put", ["a"]) == []


def test_what_is_observed_shares_the_rules_and_the_late_requests(place: MakePlace) -> None:
    seen: list[str] = []
    store = place(Rule(Fault.REFUSED), Rule(Fault.LATE))
    observed = place()
    observed.store = store.store.observed(lambda request: seen.append(request.key))
    assert failing(observed, "put", ["a", "b"]) == ["a", "b"]
    store("deliver")
    assert seen == ["b"]
    assert is_there(store, "b")
    assert store.store.injected == observed.store.injected == {Fault.REFUSED: 1, Fault.LATE: 1}


@pytest.mark.parametrize(
    "arguments",
    [
        {"fault": Fault.STALL},
        {"fault": Fault.STORM},
        {"fault": Fault.CUT, "nth": 0},
        {"fault": Fault.CUT, "count": 0},
        {"fault": Fault.CUT, "probability": 1.5},
    ],
    ids=str,
)
def test_a_rule_that_cannot_work_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettings):
        Rule(**arguments)


def test_a_crash_passes_everything_that_catches_errors() -> None:
    chat = Sessions(store=FaultyStore(MemoryStore(), Rule(Fault.CRASH_AFTER, verb="put"))).open("s")
    with pytest.raises(Crash):
        chat.append({"role": "user"})
    assert not issubclass(Crash, Exception)


def test_an_append_survives_what_one_request_can_meet_with() -> None:
    for fault in (Fault.REFUSED, Fault.CUT, Fault.LOST_ANSWER, Fault.REPEATED, Fault.RACE):
        store = FaultyStore(MemoryStore(), Rule(fault, verb="put", key="*message_0*"))
        Sessions(store=store).open("s").append({"text": "once"})
        assert Sessions(store=store).open("s").restore().payloads == [{"text": "once"}]
        assert store.injected[fault] == 1


def test_an_async_append_survives_a_lost_answer() -> None:
    async def scenario() -> list[dict[str, Any]]:
        rule = Rule(Fault.LOST_ANSWER, verb="put", key="*message_0*")
        store = AsyncFaultyStore(Blocking(MemoryStore()), rule)
        await AsyncSessions(store=store).open("s").append({"text": "once"})
        return (await AsyncSessions(store=store).open("s").restore()).payloads

    assert asyncio.run(scenario()) == [{"text": "once"}]


def test_the_example_in_the_documentation_works() -> None:
    results = doctest.testmod(faulty)
    assert results.attempted > 3
    assert results.failed == 0


def test_errors_name_the_key_and_no_payload(place: MakePlace) -> None:
    store = place(Rule(Fault.CUT))
    with pytest.raises(StoreUnavailable) as raised:
        store("put", "the-key", b"the-payload")
    assert fnmatch.fnmatch(str(raised.value), "*key=the-key")
    assert "payload" not in str(raised.value)


class TestAFaultyStoreWithoutRules(StoreContract):
    """It is a store like the one that it wraps."""

    def make_store(self) -> FaultyStore:
        return FaultyStore(MemoryStore())


class TestAnAsyncFaultyStoreWithoutRules(StoreContract):
    """It is a store like the one that it wraps."""

    def make_store(self) -> AsyncFaultyStore:
        return AsyncFaultyStore(Blocking(MemoryStore()))
