"""Which messages are nothing but thoughts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sessions.tool_calls import is_transient_thought

THINKING = {"type": "thinking", "thinking": "hmm", "signature": "x"}
REASONING = {"reasoningContent": {"reasoningText": {"text": "hmm"}}}
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def said(**fields: Any) -> dict[str, Any]:
    return {"role": "assistant", **fields}


@pytest.mark.parametrize(
    "message",
    [
        said(content="", reasoning_content="hmm"),
        said(content=" \n", reasoning_content="hmm", tool_calls=[]),
        said(content=None, reasoning="hmm"),
        said(content=[THINKING]),
        said(content=[{"type": "redacted_thinking", "data": "x"}, {"type": "text", "text": ""}]),
        said(content=[REASONING]),
        said(content=[REASONING, {"text": " "}]),
    ],
)
def test_reasoning_alone_is_a_transient_thought(message: dict[str, Any]) -> None:
    assert is_transient_thought(message)


@pytest.mark.parametrize(
    "message",
    [
        said(content="yes", reasoning_content="hmm"),
        said(content="", reasoning_content="hmm", tool_calls=[CALL]),
        said(content="", reasoning_content="hmm", media=["a.png"]),
        said(content=[THINKING, {"type": "text", "text": "yes"}]),
        said(content=[THINKING, {"type": "tool_use", "id": "1", "name": "f", "input": {}}]),
        said(content=[REASONING, {"toolUse": {"toolUseId": "1", "name": "f", "input": {}}}]),
        said(content=[REASONING, {"cachePoint": {"type": "default"}}]),
        said(content=""),
        said(content=[]),
        said(content="", reasoning_content="  "),
        {"role": "user", "content": "", "reasoning_content": "hmm"},
        {"role": "user", "content": [THINKING]},
        {},
    ],
)
def test_a_message_that_says_or_does_something_or_nothing_at_all_is_none(
    message: dict[str, Any],
) -> None:
    assert not is_transient_thought(message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["type", "text"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["role", "content", "reasoning", "media"]), JSON))
def test_whatever_json_a_message_is_nothing_is_raised(message: dict[str, Any]) -> None:
    assert is_transient_thought(message) in (True, False)
