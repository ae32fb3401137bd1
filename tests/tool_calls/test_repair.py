"""A history is repaired so that a model takes it, and no further."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from s3sessions.tool_calls import Shape, repair
from tests.tool_calls.histories import (
    Payload,
    answer,
    assistant,
    call_block,
    calls,
    interrupted,
    result_block,
    results,
    text,
    user,
)

BLOCKS = [Shape.CONVERSE, Shape.ANTHROPIC]
each_shape = pytest.mark.parametrize("shape", Shape)
each_shape_of_blocks = pytest.mark.parametrize("shape", BLOCKS)


@each_shape
def test_a_call_that_was_talked_over_gets_a_result_in_between(shape: Shape) -> None:
    call, question = calls(shape, "t1"), user("something else")
    repaired = repair([call, question])
    assert repaired == [call, *answer(shape, interrupted(shape, "t1")), question]


@each_shape
def test_several_calls_that_were_talked_over_get_their_results_together(shape: Shape) -> None:
    call = calls(shape, "t1", "t2")
    missing = answer(shape, interrupted(shape, "t1"), interrupted(shape, "t2"))
    assert repair([call, user()]) == [call, *missing, user()]


@each_shape
def test_the_results_that_are_there_are_kept_beside_the_missing_ones(shape: Shape) -> None:
    call = calls(shape, "t1", "t2")
    both = answer(shape, result_block(shape, "t1"), interrupted(shape, "t2"))
    assert repair([call, *results(shape, "t1")]) == [call, *both]


@each_shape
def test_a_result_of_nobody_beside_the_right_one_is_dropped(shape: Shape) -> None:
    call = calls(shape, "t1")
    history = [call, *results(shape, "old", "t1"), assistant()]
    assert repair(history) == [call, *results(shape, "t1"), assistant()]


@each_shape
def test_a_result_that_only_answers_another_call_is_replaced(shape: Shape) -> None:
    call = calls(shape, "t1")
    missing = answer(shape, interrupted(shape, "t1"))
    assert repair([call, *results(shape, "old"), assistant()]) == [call, *missing, assistant()]


@each_shape
def test_a_call_at_the_end_is_left_to_its_agent(shape: Shape) -> None:
    history = [user(), calls(shape, "t1", "t2")]
    assert repair(history) == history
    assert repair(history[1:]) == history[1:]


@pytest.mark.parametrize("shape", [Shape.CONVERSE, Shape.OPENAI])
def test_calls_one_behind_the_other_get_a_result_each(shape: Shape) -> None:
    first, second = calls(shape, "t1"), calls(shape, "t2")
    assert repair([first, second, user()]) == [
        first,
        *answer(shape, interrupted(shape, "t1")),
        second,
        *answer(shape, interrupted(shape, "t2")),
        user(),
    ]


def test_assistant_messages_in_a_row_are_one_turn_to_anthropic() -> None:
    shape = Shape.ANTHROPIC
    first, second = calls(shape, "t1"), calls(shape, "t2")
    history = [first, second, *results(shape, "t1"), *results(shape, "t2"), assistant()]
    assert repair(history) == history
    both = answer(shape, interrupted(shape, "t1"), interrupted(shape, "t2"))
    assert repair([first, second, user()]) == [first, second, *both, user()]


@each_shape
def test_a_history_with_nothing_wrong_is_the_same(shape: Shape) -> None:
    history = [user(), calls(shape, "t1", "t2"), *results(shape, "t2", "t1"), assistant(), user()]
    repaired = repair(history)
    assert repaired is not history
    assert all(new is old for new, old in zip(repaired, history, strict=True))


@each_shape
def test_a_result_at_the_beginning_is_dropped(shape: Shape) -> None:
    history = [*results(shape, "gone"), assistant(), user()]
    assert repair(history) == [assistant(), user()]


@each_shape
def test_a_result_behind_a_message_without_calls_is_dropped(shape: Shape) -> None:
    history = [user(), assistant(), *results(shape, "gone"), assistant("more?")]
    assert repair(history) == [user(), assistant(), assistant("more?")]


@each_shape_of_blocks
def test_what_stands_beside_a_dropped_result_is_kept(shape: Shape) -> None:
    question = text(shape, "and Portland?")
    mixed = answer(shape, result_block(shape, "gone"), question)
    assert repair([assistant("a summary"), *mixed]) == [
        assistant("a summary"),
        {"role": "user", "content": [question]},
    ]


@each_shape
def test_a_result_of_an_earlier_turn_s_call_is_dropped(shape: Shape) -> None:
    call = calls(shape, "t1")
    history = [call, user(), assistant(), *results(shape, "t1"), user()]
    assert repair(history) == [
        call,
        *answer(shape, interrupted(shape, "t1")),
        user(),
        assistant(),
        user(),
    ]


@each_shape
def test_of_two_results_of_a_call_the_first_is_kept(shape: Shape) -> None:
    call = calls(shape, "t1")
    first, second = result_block(shape, "t1", "4"), result_block(shape, "t1", "5")
    kept = [call, *answer(shape, first)]
    assert repair([call, *answer(shape, first, second)]) == kept
    assert repair([*kept, *answer(shape, second), assistant()]) == [*kept, assistant()]


@each_shape
def test_calls_of_one_turn_with_the_same_id_get_ids_of_their_own(shape: Shape) -> None:
    first, second = result_block(shape, "t1", "4"), result_block(shape, "t1", "5")
    assert repair([calls(shape, "t1", "t1"), *answer(shape, first, second)]) == [
        calls(shape, "t1", "t1-2"),
        *answer(shape, first, result_block(shape, "t1-2", "5")),
    ]


@each_shape
def test_an_id_of_its_own_is_nobody_else_s_and_not_too_long(shape: Shape) -> None:
    long = "c" * 40
    (call, *_) = repair([calls(shape, long, long, long[:38] + "-2")])
    assert call == calls(shape, long, long[:38] + "-3", long[:38] + "-2")


@each_shape
def test_an_id_may_come_again_in_a_later_turn(shape: Shape) -> None:
    turn = [calls(shape, "call_0"), *results(shape, "call_0"), assistant(), user()]
    assert repair(turn * 2) == turn * 2


@each_shape_of_blocks
def test_a_result_behind_other_content_is_moved_before_it(shape: Shape) -> None:
    call, said = calls(shape, "t1"), text(shape, "here you are")
    result = result_block(shape, "t1")
    assert repair([call, *answer(shape, said, result)]) == [call, *answer(shape, result, said)]
    assert repair([call, *answer(shape, said), *answer(shape, result)]) == [
        call,
        *answer(shape, result),
        *answer(shape, said),
    ]


def test_converse_wants_all_results_in_one_message() -> None:
    shape = Shape.CONVERSE
    history = [calls(shape, "t1", "t2"), *results(shape, "t1"), *results(shape, "t2")]
    assert repair(history) == [calls(shape, "t1", "t2"), *results(shape, "t1", "t2")]


def test_a_tool_that_the_provider_runs_has_its_result_beside_the_call() -> None:
    shape = Shape.CONVERSE
    blocks = [call_block(shape, "own"), result_block(shape, "own"), call_block(shape, "t1")]
    history = [{"role": "assistant", "content": blocks}, *results(shape, "t1"), user()]
    assert repair(history) == history
    search = {"toolUseId": "s", "name": "nova_grounding", "type": "server_tool_use"}
    history = [{"role": "assistant", "content": [{"toolUse": search}]}, user()]
    assert repair(history) == history


def test_tool_messages_that_do_not_say_whose_they_are_may_answer_any_call() -> None:
    call, unclear = calls(Shape.OPENAI, "t1"), {"role": "tool", "content": "4"}
    assert repair([call, unclear, assistant()]) == [call, unclear, assistant()]
    gone = results(Shape.OPENAI, "gone")
    assert repair([call, unclear, *gone, assistant()]) == [call, unclear, assistant()]


@each_shape_of_blocks
def test_an_empty_message_behind_a_call_takes_its_results(shape: Shape) -> None:
    history = [calls(shape, "t1"), {"role": "user", "content": []}, assistant()]
    missing = answer(shape, interrupted(shape, "t1"))
    assert repair(history) == [history[0], *missing, assistant()]


@each_shape
def test_what_no_model_sees_stands_in_nobody_s_way(shape: Shape) -> None:
    note = {"type": "checkpoint", "at": 3}
    history = [calls(shape, "t1"), note, *results(shape, "t1"), assistant()]
    assert repair(history) == history


def test_a_list_that_mixes_shapes_is_repaired_in_each_of_them() -> None:
    broken: list[Payload] = []
    whole: list[Payload] = []
    for shape in Shape:
        call = calls(shape, "t1")
        broken += [*results(shape, "gone"), user(), call, user("never mind")]
        missing = answer(shape, interrupted(shape, "t1"))
        whole += [user(), call, *missing, user("never mind")]
    assert repair(broken) == whole


def test_only_the_shape_that_was_asked_for_is_repaired() -> None:
    history = [message for shape in Shape for message in (calls(shape, "t1"), user())]
    repaired = repair(history, shape="anthropic")
    missing = answer(Shape.ANTHROPIC, interrupted(Shape.ANTHROPIC, "t1"))
    assert repaired == [*history[:3], *missing, *history[3:]]


def test_a_shape_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="shape is 'gemini': it is one of converse, anthropic"):
        repair([], shape="gemini")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"role": "user"},
        {"role": "user", "content": None},
        {"role": "user", "content": [None, 7, "text", {"toolResult": None}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": 7}]},
        {"role": "tool", "tool_call_id": 7},
        {"role": ["assistant"], "content": [call_block(Shape.CONVERSE, "t1")]},
        {"role": "assistant", "content": {"toolUse": {"toolUseId": "t1"}}},
        {"role": "assistant", "content": [{"toolUse": "t1"}, {"type": ["tool_use"], "id": "t1"}]},
        {"role": "assistant", "tool_calls": {"id": "t1"}},
        {"role": "assistant", "tool_calls": [None, "t1", {"id": None}, {"id": ""}]},
        {"role": "system", "content": [result_block(Shape.ANTHROPIC, "t1")]},
    ],
)
def test_payloads_of_other_shapes_pass_through(payload: Payload) -> None:
    history: list[Any] = [payload, user()]
    assert all(new is old for new, old in zip(repair(history), history, strict=True))


def test_messages_may_be_any_iterable_of_any_mappings() -> None:
    history = [calls(Shape.OPENAI, "t1"), user()]
    repaired = repair(MappingProxyType(message) for message in history)
    assert repaired == repair(history)
    assert all(type(message) is dict for message in repaired)
