"""Each call and each result that a model refuses is named: what, where and whose."""

from __future__ import annotations

import pytest

from s3sessions.tool_calls import Problem, ProblemKind, Shape, validate
from tests.tool_calls.histories import answer, assistant, calls, result_block, results, text, user

each_shape = pytest.mark.parametrize("shape", Shape)


def found(history: list[dict[str, object]]) -> list[tuple[ProblemKind, int, str]]:
    return [(problem.kind, problem.position, problem.call_id) for problem in validate(history)]


@each_shape
def test_a_history_with_nothing_wrong_has_no_problems(shape: Shape) -> None:
    assert validate([user(), calls(shape, "t1", "t2"), *results(shape, "t2", "t1"), user()]) == []
    assert validate([]) == []


@each_shape
def test_a_problem_says_in_which_shape_it_is_written(shape: Shape) -> None:
    assert validate([user(), calls(shape, "t1"), user()]) == [
        Problem(ProblemKind.CALL_WITHOUT_RESULT, 1, "t1", shape)
    ]


@each_shape
def test_calls_at_the_end_are_pending(shape: Shape) -> None:
    assert found([user(), calls(shape, "t1", "t2")]) == [
        (ProblemKind.PENDING, 1, "t1"),
        (ProblemKind.PENDING, 1, "t2"),
    ]


@each_shape
def test_once_one_result_is_there_no_call_is_pending(shape: Shape) -> None:
    history = [calls(shape, "t1", "t2"), *results(shape, "t1")]
    assert found(history) == [(ProblemKind.CALL_WITHOUT_RESULT, 0, "t2")]


@each_shape
def test_a_result_without_a_call_is_named(shape: Shape) -> None:
    history = [*results(shape, "t1"), calls(shape, "t1"), *results(shape, "t1")]
    assert found(history) == [(ProblemKind.RESULT_WITHOUT_CALL, 0, "t1")]


@each_shape
def test_a_result_that_does_not_follow_its_call_is_stale(shape: Shape) -> None:
    history = [calls(shape, "t1"), user(), assistant(), *results(shape, "t1")]
    assert found(history) == [
        (ProblemKind.CALL_WITHOUT_RESULT, 0, "t1"),
        (ProblemKind.STALE_RESULT, 3, "t1"),
    ]


@each_shape
def test_a_second_result_is_a_duplicate_wherever_it_stands(shape: Shape) -> None:
    beside = [calls(shape, "t1"), *results(shape, "t1", "t1")]
    position = len(beside) - 1
    assert found(beside) == [(ProblemKind.DUPLICATE_RESULT, position, "t1")]
    later = [calls(shape, "t1"), *results(shape, "t1"), assistant(), *results(shape, "t1")]
    assert found(later) == [(ProblemKind.DUPLICATE_RESULT, 3, "t1")]


@each_shape
def test_a_second_call_with_the_same_id_in_a_turn_is_a_duplicate(shape: Shape) -> None:
    history = [calls(shape, "t1", "t1"), *results(shape, "t1", "t1")]
    assert found(history) == [(ProblemKind.DUPLICATE_CALL, 0, "t1")]
    turn = [calls(shape, "t1"), *results(shape, "t1")]
    assert found([*turn, *turn]) == []


@pytest.mark.parametrize("shape", [Shape.CONVERSE, Shape.ANTHROPIC])
def test_a_result_behind_other_content_is_misplaced(shape: Shape) -> None:
    mixed = answer(shape, text(shape, "here"), result_block(shape, "t1"))
    assert found([calls(shape, "t1"), *mixed]) == [(ProblemKind.MISPLACED_RESULT, 1, "t1")]


def test_problems_come_in_the_order_of_their_messages() -> None:
    history = [
        message
        for shape in reversed(Shape)
        for message in (*results(shape, "gone"), calls(shape, "t1"), user())
    ]
    positions = [problem.position for problem in validate(history)]
    assert positions == sorted(positions)
    assert len(positions) == 2 * len(Shape)
    assert {problem.shape for problem in validate(history, shape=Shape.OPENAI)} == {Shape.OPENAI}


def test_a_shape_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="shape is 'gemini'"):
        validate([], shape="gemini")
