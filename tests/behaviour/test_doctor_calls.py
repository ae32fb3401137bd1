"""Tool calls that nobody answered, in the shapes of the field."""

from __future__ import annotations

from typing import Any

import pytest

from s3sessions.health import FindingKind
from tests.behaviour.planting import commit, diagnosed, member, plant_message, spoken
from tests.rig import Rig

SHAPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Bedrock": (
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "f"}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": []}}]},
    ),
    "Anthropic": (
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f"}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1"}]},
    ),
    "OpenAI": (
        {"role": "assistant", "content": None, "tool_calls": [{"id": "t1", "type": "function"}]},
        {"role": "tool", "tool_call_id": "t1", "content": "4"},
    ),
    "OpenAI Responses": (
        {"type": "function_call", "call_id": "t1", "id": "fc_1", "name": "f"},
        {"type": "function_call_output", "call_id": "t1", "output": "4"},
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_call_needs_its_result(memory_rig: Rig, shape: str) -> None:
    call, result = SHAPES[shape]
    chat = memory_rig.sessions().open("s")
    chat.append({"role": "user", "content": "what is 2 + 2?"})
    chat.append(call)
    (finding,) = diagnosed(memory_rig)
    assert finding.kind is FindingKind.UNANSWERED_CALL
    assert finding.key.endswith("message_1.json")
    chat.append(result)
    assert diagnosed(memory_rig) == []


def test_calls_before_the_last_assistant_message_are_not_looked_at(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append(SHAPES["Anthropic"][0])
    chat.append({"role": "assistant", "content": "never mind"})
    assert diagnosed(memory_rig) == []


def test_some_of_several_calls_are_counted(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    blocks = [{"type": "tool_use", "id": f"t{n}"} for n in range(3)]
    chat.append({"role": "assistant", "content": blocks})
    chat.append(SHAPES["Anthropic"][1])
    (finding,) = diagnosed(memory_rig)
    assert "2 tool calls without a result" in finding.meaning


def test_calls_that_stand_side_by_side_are_of_one_turn(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    for call_id in ("t1", "t2"):
        chat.append({"type": "function_call", "call_id": call_id})
    chat.append({"type": "function_call_output", "call_id": "t2"})
    (finding,) = diagnosed(memory_rig)
    assert "a tool call without a result" in finding.meaning


def test_the_last_assistant_message_is_the_one_that_is_read_last(memory_rig: Rig) -> None:
    spoken(memory_rig)
    plant_message(memory_rig, 3, {"role": "user", "content": "?"}, **commit(3, 5))
    plant_message(memory_rig, 4, {"role": "assistant", "content": "never mind"})
    plant_message(memory_rig, 5, SHAPES["OpenAI"][0], **member(5, 3))
    assert diagnosed(memory_rig) == []


def test_a_result_in_a_batch_answers_a_call_whatever_its_index(memory_rig: Rig) -> None:
    call, result = SHAPES["OpenAI"]
    spoken(memory_rig)
    plant_message(memory_rig, 3, {"role": "user", "content": "?"}, **commit(3, 5))
    plant_message(memory_rig, 5, call, **member(5, 3))
    plant_message(memory_rig, 4, result)
    assert diagnosed(memory_rig) == []


@pytest.mark.parametrize(
    "payload",
    [
        {"role": "assistant", "tool_calls": "no list"},
        {"role": "assistant", "tool_calls": [None, 7, {"id": 3}]},
        {"role": "assistant", "content": [{"toolUse": None}, {"type": "tool_use"}, "text"]},
        {"role": ["assistant"], "content": {"type": "tool_use", "id": "t1"}},
    ],
)
def test_payloads_of_other_shapes_are_nobody_s_calls(
    memory_rig: Rig, payload: dict[str, Any]
) -> None:
    memory_rig.sessions().open("s").append(payload)
    assert diagnosed(memory_rig) == []
