"""Real conversations are whole, and once they are cut anywhere they can be made whole."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from s3sessions.tool_calls import ProblemKind, Shape, repair, validate

SAMPLE = Path(__file__).parents[1] / "data" / "conversations.jsonl.gz"
CONVERSATIONS: dict[str, list[dict[str, Any]]] = {
    line["id"]: line["messages"]
    for line in map(json.loads, gzip.decompress(SAMPLE.read_bytes()).decode().splitlines())
}


def test_the_sample_has_calls_of_every_shape() -> None:
    cut = [messages[:end] for messages in CONVERSATIONS.values() for end in range(len(messages))]
    assert {problem.shape for messages in cut for problem in validate(messages)} == set(Shape)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_real_conversation_is_left_as_it_is(name: str) -> None:
    messages = CONVERSATIONS[name]
    assert {problem.kind for problem in validate(messages)} <= {ProblemKind.PENDING}
    assert all(new is old for new, old in zip(repair(messages), messages, strict=True))


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_real_conversation_that_lost_any_message_is_made_whole(name: str) -> None:
    messages = CONVERSATIONS[name]
    for lost in range(len(messages)):
        repaired = repair(messages[:lost] + messages[lost + 1 :])
        assert {problem.kind for problem in validate(repaired)} <= {ProblemKind.PENDING}
