"""How usage adds up: exactly, whoever counts and in whichever order."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sessions import InvalidMessage, Sessions
from s3sessions.stores.memory import MemoryStore
from s3sessions.usage import Usage, check_usage, fold


@dataclass(frozen=True, slots=True)
class Spent:
    """What one message says."""

    usage: Usage | None = None
    usage_total: Usage | None = None


def test_nothing_said_is_nothing_used() -> None:
    assert fold([]) == {}
    assert fold([Spent(), Spent(usage={}), Spent(usage_total={})]) == {}


def test_deltas_add_up_by_name_and_go_on_from_what_was_counted() -> None:
    deltas = [Spent({"in": 1, "out": 2}), Spent(), Spent({"out": 3, "calls": 1})]
    assert fold(deltas) == {"in": 1, "out": 5, "calls": 1}
    assert fold(deltas, {"in": 10, "kept": 7}) == {"in": 11, "kept": 7, "out": 5, "calls": 1}


def test_groups_add_up_name_by_name_and_are_the_finer_account() -> None:
    cached = Spent({"details": {"cached": {"read": 2, "write": 1}}})
    assert fold([cached, Spent({"details": {"cached": {"read": 5}, "audio": 1}})]) == {
        "details": {"cached": {"read": 7, "write": 1}, "audio": 1}
    }
    for order in ([Spent({"details": 3}), cached], [cached, Spent({"details": 3})]):
        assert fold(order) == {"details": {"cached": {"read": 2, "write": 1}}}


def test_a_stated_total_takes_the_place_of_all_before_it() -> None:
    messages = [
        Spent({"in": 100, "out": 5}),
        Spent({"in": 1}, usage_total={"in": 50}),
        Spent({"in": 2}),
    ]
    assert fold(messages, {"in": 1000}) == {"in": 53}


def test_tenths_add_up_as_they_are_written() -> None:
    assert fold([Spent({"cost": 0.1})] * 10) == {"cost": 1.0}
    assert fold([Spent({"cost": 0.1}), Spent({"cost": 0.2})]) == {"cost": 0.3}
    assert fold([Spent({"cost": 1e16}), Spent({"cost": 1.0}), Spent({"cost": -1e16})]) == {
        "cost": 1.0
    }


def test_whole_numbers_stay_whole_and_others_do_not() -> None:
    totals = fold([Spent({"in": 2**70, "cost": 1}), Spent({"in": 1, "cost": 0.5})])
    assert totals == {"in": 2**70 + 1, "cost": 1.5}
    assert isinstance(totals["in"], int)


leaves = st.one_of(
    st.integers(-(10**9), 10**9),
    st.decimals(-1000, 1000, places=4, allow_nan=False).map(float),
)
deltas = st.lists(st.dictionaries(st.sampled_from("abc"), leaves), max_size=8)


@given(deltas, st.randoms(use_true_random=False), st.integers(0, 8))
def test_any_order_and_any_cut_give_the_same_sums(
    said: list[Mapping[str, Any]], chance: random.Random, cut: int
) -> None:
    messages = [Spent(usage) for usage in said]
    totals = fold(messages)
    assert fold(messages[cut:], fold(messages[:cut])) == totals
    chance.shuffle(messages)
    assert fold(messages) == totals


@pytest.mark.parametrize(
    "usage",
    [
        5,
        [("in", 1)],
        {1: 1},
        {"in": "12"},
        {"in": None},
        {"in": True},
        {"in": [1]},
        {"cost": float("nan")},
        {"cost": float("inf")},
        {"a": {"b": {"c": {"d": {"e": 1}}}}},
        {"in": 10**5000},
    ],
)
def test_what_is_not_numbers_by_name_is_refused(usage: Any) -> None:
    with pytest.raises(InvalidMessage):
        check_usage(usage)
    sessions = Sessions(store=MemoryStore())
    chat = sessions.open("s")
    for act in (
        lambda: chat.append({"n": 0}, usage=usage),
        lambda: chat.append({"n": 0}, usage_total=usage),
        lambda: chat.append_many([{"n": 0}], usage=[usage]),
        lambda: chat.complete(0, {"n": 0}, usage=usage),
    ):
        with pytest.raises(InvalidMessage):
            act()
    assert sessions.requests.total == 0


def test_a_batch_says_what_each_of_its_messages_used() -> None:
    sessions = Sessions(store=MemoryStore())
    chat = sessions.open("s")
    with pytest.raises(InvalidMessage, match="1 of 2 messages"):
        chat.append_many([{"n": 0}, {"n": 1}], usage=[{"in": 1}])
    assert sessions.requests.total == 0
    messages = chat.append_many([{"n": 0}, {"n": 1}], usage=[None, {"in": 1}])
    assert [message.usage for message in messages] == [None, {"in": 1}]
    assert chat.restore().messages == messages


def test_any_mapping_of_numbers_is_usage() -> None:
    chat = Sessions(store=MemoryStore()).open("s")
    chat.append({"n": 0}, usage=MappingProxyType({"details": MappingProxyType({"in": 1})}))
    assert chat.restore().usage == {"details": {"in": 1}}


def test_numbers_too_large_to_add_up_never_make_a_session_unreadable() -> None:
    memory = MemoryStore()
    chat = Sessions(store=memory).open("s")
    stored = 0
    for usage in ({"cost": 1.7e308}, {"cost": 1.7e308}, {"in": 10**4000}, {"in": 9 * 10**4299}):
        try:
            chat.append({"n": 0}, usage=usage)
        except InvalidMessage:
            continue
        stored += 1
    fresh = Sessions(store=memory).open("s")
    assert len(fresh.restore().messages) == stored
    fresh.truncate(0)
    assert Sessions(store=memory).open("s").restore().messages == []


def test_the_usage_of_a_message_is_what_the_caller_said_then() -> None:
    chat = Sessions(store=MemoryStore()).open("s")
    counter = {"in": 1, "details": {"cached": 1}}
    message = chat.append({"n": 0}, usage=counter)
    counter["in"] = 2
    counter["details"]["cached"] = 2  # type: ignore[index]
    assert message.usage == {"in": 1, "details": {"cached": 1}}
