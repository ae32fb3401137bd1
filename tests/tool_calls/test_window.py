"""The newest part of a history: what stays, and that no call is parted from its results."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sessions.tool_calls import ProblemKind, Shape, repair, validate, window
from tests.tool_calls.histories import (
    Payload,
    arbitrary,
    assistant,
    calls,
    damaged,
    results,
    user,
    valid,
)
from tests.tool_calls.test_real_histories import CONVERSATIONS

whole = st.one_of(*(valid(shape) for shape in Shape))
anything = st.one_of(whole, *(damaged(shape) for shape in Shape), arbitrary(*Shape))
sizes = st.integers(1, 12)


def chat(count: int) -> list[Payload]:
    return [user(f"m{n}") if n % 2 == 0 else assistant(f"m{n}") for n in range(count)]


def texts(messages: list[Any]) -> list[str]:
    return [message["content"] for message in messages]


def is_part_of(some: list[Any], messages: list[Any]) -> bool:
    """Whether these are messages of the history, the same objects in the same order."""
    rest = iter(messages)
    return all(any(message is other for other in rest) for message in some)


@pytest.mark.parametrize("count", [0, 1, 4, 5])
def test_a_history_within_the_limit_stays_as_it_is(count: int) -> None:
    messages = chat(count)
    kept = window(messages, recent=5)
    assert len(kept) == count
    assert all(new is old for new, old in zip(kept, messages, strict=True))


def test_the_first_user_message_and_the_newest_stay() -> None:
    assert texts(window(chat(10), recent=3)) == ["m0", "m7", "m8", "m9"]


def test_the_first_user_message_is_left_out_where_nobody_wants_it() -> None:
    assert texts(window(chat(10), first_user=False, recent=3)) == ["m7", "m8", "m9"]


def test_a_first_user_message_among_the_newest_stays_once() -> None:
    messages = [assistant("m0"), assistant("m1"), user("m2"), assistant("m3")]
    assert texts(window(messages, recent=2)) == ["m2", "m3"]


@pytest.mark.parametrize("role", ["system", "developer"])
@pytest.mark.parametrize("first_user", [True, False])
def test_instructions_at_the_beginning_stay(role: str, first_user: bool) -> None:
    rules = {"role": role, "content": "Be brief."}
    kept = window([rules, *chat(10)], first_user=first_user, recent=1)
    assert texts(kept) == ["Be brief.", *(["m0"] if first_user else []), "m9"]


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("recent", [2, 3])
def test_calls_stay_with_all_their_results(shape: Shape, recent: int) -> None:
    turn = [calls(shape, "t1", "t2"), *results(shape, "t1", "t2"), assistant()]
    messages = [*chat(6), user("sums?"), *turn]
    assert window(messages, recent=recent) == [user("m0"), *turn]
    assert window(messages, recent=1) == [user("m0"), assistant()]


@pytest.mark.parametrize("shape", [Shape.CONVERSE, Shape.ANTHROPIC])
def test_results_are_no_first_message_of_a_user(shape: Shape) -> None:
    messages = [calls(shape, "t1"), *results(shape, "t1"), user("the first"), *chat(4)]
    assert window(messages, recent=1)[0] == user("the first")


def test_a_result_that_does_not_say_whose_it_is_stays_with_the_calls() -> None:
    nameless = {"role": "tool", "content": "a result without an id"}
    turn = [calls(Shape.OPENAI, "t1"), nameless, assistant()]
    assert window([*chat(4), *turn], first_user=False, recent=2) == turn


@pytest.mark.parametrize("recent", [0, -1, True, 2.5, None, "3"])
def test_a_size_without_sense_is_refused(recent: Any) -> None:
    with pytest.raises(ValueError, match=r"recent is .*: it is a number of messages, at least 1"):
        window(chat(3), recent=recent)


@given(messages=whole, recent=sizes, first_user=st.booleans())
def test_the_window_of_a_history_without_fault_has_none(
    messages: list[Payload], recent: int, first_user: bool
) -> None:
    kept = window(messages, first_user=first_user, recent=recent)
    assert {problem.kind for problem in validate(kept)} <= {ProblemKind.PENDING}


@given(messages=anything, recent=sizes, first_user=st.booleans())
def test_a_window_of_what_was_repaired_needs_no_repair(
    messages: list[Payload], recent: int, first_user: bool
) -> None:
    kept = window(repair(messages), first_user=first_user, recent=recent)
    assert {problem.kind for problem in validate(kept)} <= {ProblemKind.PENDING}


@given(messages=anything, recent=sizes, first_user=st.booleans())
def test_a_window_of_a_window_is_the_same(
    messages: list[Payload], recent: int, first_user: bool
) -> None:
    once = window(messages, first_user=first_user, recent=recent)
    assert window(once, first_user=first_user, recent=recent) == once


@given(messages=anything, recent=sizes, first_user=st.booleans())
def test_the_newest_messages_are_there_and_nothing_is_altered(
    messages: list[Payload], recent: int, first_user: bool
) -> None:
    before = copy.deepcopy(messages)
    kept = window(messages, first_user=first_user, recent=recent)
    assert messages == before
    assert is_part_of(kept, messages)
    newest = messages[-recent:]
    assert all(new is old for new, old in zip(kept[-len(newest) :], newest, strict=True))


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_real_conversation_can_be_cut_to_any_size(name: str) -> None:
    messages = CONVERSATIONS[name]
    for recent in range(1, len(messages) + 1):
        kept = window(messages, recent=recent)
        assert {problem.kind for problem in validate(kept)} <= {ProblemKind.PENDING}
        assert is_part_of(kept, messages)
        assert len(kept) >= min(recent, len(messages))
