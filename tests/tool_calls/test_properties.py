"""What holds for every history, whatever has happened to it."""

from __future__ import annotations

import copy
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sessions.tool_calls import ProblemKind, Shape, repair, validate
from tests.tool_calls.histories import Payload, arbitrary, damaged, user, valid

broken = st.one_of(
    *(damaged(shape) for shape in Shape),
    *(arbitrary(shape) for shape in Shape),
    arbitrary(*Shape),
)


def others(message: Any) -> list[str]:
    """What a message holds beside results, ids of calls aside."""
    content = message.get("content")
    if message.get("role") == "tool" and "tool_call_id" in message:
        return []
    blocks = content if isinstance(content, list) else [content]
    return [
        json.dumps([message.get("role"), without_ids(block)])
        for block in [*blocks, *(message.get("tool_calls") or ())]
        if not (message.get("role") == "user" and is_result(block))
    ]


def is_result(block: Any) -> bool:
    if not isinstance(block, dict):
        return False
    is_converse = isinstance(block.get("toolResult"), dict)
    return is_converse or block.get("type") == "tool_result"


def without_ids(block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    if isinstance(block.get("toolUse"), dict):
        return {**block, "toolUse": {**block["toolUse"], "toolUseId": ""}}
    return {**block, "id": ""} if "id" in block else block


@given(messages=broken)
def test_after_a_repair_only_pending_calls_are_left(messages: list[Payload]) -> None:
    left = validate(repair(messages))
    assert {problem.kind for problem in left} <= {ProblemKind.PENDING}


@given(messages=broken, shape=st.sampled_from(Shape))
def test_a_repair_of_one_shape_leaves_nothing_of_it(messages: list[Payload], shape: Shape) -> None:
    left = validate(repair(messages, shape=shape), shape=shape)
    assert {problem.kind for problem in left} <= {ProblemKind.PENDING}


@given(messages=broken)
def test_repairing_twice_is_repairing_once(messages: list[Payload]) -> None:
    once = repair(messages)
    assert repair(once) == once


@given(messages=broken)
def test_what_was_given_is_never_changed(messages: list[Payload]) -> None:
    before = copy.deepcopy(messages)
    repair(messages)
    validate(messages)
    assert messages == before


@given(messages=broken)
def test_nothing_but_results_is_dropped_or_added(messages: list[Payload]) -> None:
    before = Counter(other for message in messages for other in others(message))
    after = Counter(other for message in repair(messages) for other in others(message))
    assert after == before


@given(messages=broken)
def test_what_is_said_stays_in_its_order(messages: list[Payload]) -> None:
    before = [other for message in messages for other in others(message)]
    assert [other for message in repair(messages) for other in others(message)] == before


@pytest.mark.parametrize("shape", Shape)
@given(data=st.data())
def test_a_valid_history_is_left_as_it_is(shape: Shape, data: st.DataObject) -> None:
    messages = data.draw(valid(shape))
    assert {problem.kind for problem in validate(messages)} <= {ProblemKind.PENDING}
    repaired = repair(messages)
    assert len(repaired) == len(messages)
    assert all(new is old for new, old in zip(repaired, messages, strict=True))


@given(messages=broken)
def test_where_nothing_is_wrong_nothing_is_changed(messages: list[Payload]) -> None:
    has_problems = any(found.kind is not ProblemKind.PENDING for found in validate(messages))
    assert (repair(messages) != messages) == has_problems


@given(messages=broken)
def test_the_problems_of_all_shapes_are_those_of_each(messages: list[Payload]) -> None:
    each = [problem for shape in Shape for problem in validate(messages, shape=shape)]
    assert Counter(validate(messages)) == Counter(each)


@given(messages=broken)
def test_a_pending_call_that_is_talked_over_is_interrupted(messages: list[Payload]) -> None:
    goes_on = repair([*messages, user("go on")])
    assert validate(goes_on) == []
    assert goes_on[-1] == user("go on")
