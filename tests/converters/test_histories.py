"""What holds for every conversion of every history, made up or real."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sessions.converters import Conversion, to_anthropic, to_markdown, to_openai, to_strands
from s3sessions.tool_calls import ProblemKind, Shape, validate
from tests.tool_calls.histories import Payload, arbitrary, damaged, valid
from tests.tool_calls.test_real_histories import CONVERSATIONS

Converter = Callable[[list[Payload]], Conversion]

CONVERTERS: dict[Shape, Converter] = {
    Shape.OPENAI: to_openai,
    Shape.ANTHROPIC: to_anthropic,
    Shape.CONVERSE: to_strands,
}
targets = st.sampled_from(Shape)
whole = st.one_of(*(valid(shape) for shape in Shape))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.binary(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("role", "content", "type", "text", "toolUse", "toolResult", "toolUseId"),
                    *("tool_calls", "id", "function", "image", "source", "url", "image_url"),
                    *("reasoningContent", "redactedContent", "document", "data", "input_audio"),
                ]
            ),
            inner | st.sampled_from(["user", "assistant", "tool", "tool_use", "image", "thinking"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)
anything = st.one_of(
    whole, *(damaged(shape) for shape in Shape), arbitrary(*Shape), st.lists(json_values)
)


def calls_and_results(messages: list[Payload], shape: Shape) -> list[str]:
    """The ids of a history in their order, calls and results apart."""
    calls, results = [], []
    for message in messages:
        if shape is Shape.OPENAI:
            calls += [call["id"] for call in message.get("tool_calls") or ()]
            results += [message["tool_call_id"]] if message["role"] == "tool" else []
            continue
        for block in message["content"] if isinstance(message["content"], list) else ():
            if shape is Shape.CONVERSE:
                calls += [block["toolUse"]["toolUseId"]] if "toolUse" in block else []
                results += [block["toolResult"]["toolUseId"]] if "toolResult" in block else []
            else:
                calls += [block["id"]] if block["type"] == "tool_use" else []
                results += [block["tool_use_id"]] if block["type"] == "tool_result" else []
    return [*calls, "|", *results]


@given(data=st.data(), source=targets, target=targets)
def test_a_valid_history_is_valid_in_every_shape(
    data: st.DataObject, source: Shape, target: Shape
) -> None:
    messages = data.draw(valid(source))
    converted = CONVERTERS[target](messages)
    assert {problem.kind for problem in validate(converted.messages)} <= {ProblemKind.PENDING}
    assert len(converted.positions) == len(converted.messages)
    expected = calls_and_results(messages, source)
    assert calls_and_results(converted.messages, target) == expected


@given(messages=anything, target=targets)
def test_no_history_is_changed_and_none_raises(messages: list[Payload], target: Shape) -> None:
    before = copy.deepcopy(messages)
    CONVERTERS[target](messages)
    to_markdown(messages)
    assert messages == before


@given(messages=anything, target=targets)
def test_converting_twice_is_converting_once(messages: list[Payload], target: Shape) -> None:
    once = CONVERTERS[target](messages)
    twice = CONVERTERS[target](once.messages)
    assert twice.messages == once.messages


@given(messages=whole, through=st.sampled_from([Shape.ANTHROPIC, Shape.CONVERSE]))
def test_what_lost_nothing_comes_back_from_another_shape(
    messages: list[Payload], through: Shape
) -> None:
    start = to_openai(messages)
    there = CONVERTERS[through](start.messages)
    back = to_openai(there.messages)
    if not (there.dropped or back.dropped):
        assert back.messages == start.messages


@pytest.mark.parametrize("target", Shape)
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_of_a_real_conversation_every_message_is_converted_or_reported(
    name: str, target: Shape
) -> None:
    messages = CONVERSATIONS[name]
    converted = CONVERTERS[target](messages)
    before = {problem.kind for problem in validate(messages)}
    reported = {each.position for each in converted.dropped}
    if not any(each.what == "result of no call" for each in converted.dropped):
        assert {problem.kind for problem in validate(converted.messages)} <= before
    said = json.dumps([converted.system, converted.messages], default=str, ensure_ascii=False)
    for position, message in enumerate(messages):
        content = message.get("content")
        if isinstance(content, str) and position not in reported:
            assert json.dumps(content, ensure_ascii=False)[1:-1] in said


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_real_conversation_can_be_read_as_markdown(name: str) -> None:
    messages = CONVERSATIONS[name]
    text = to_markdown(messages)
    assert text.count("\n## ") + text.startswith("## ") >= len(messages)
