"""What looks like encoded bytes, and is none: a tool or a user may say it, and nothing breaks."""

from __future__ import annotations

from typing import Any

import pytest
from strands import tool

from tests.integrations.strands.agents import calls
from tests.integrations.strands.place import Place

SAID = ["abc", "aGVsbG8=", "", "\u00e9", 7, None]


@pytest.mark.parametrize("data", SAID)
def test_a_tool_result_that_looks_like_bytes_comes_back_as_it_was(
    manager_place: Place, data: object
) -> None:
    marker = {"__bytes_encoded__": True, "data": data}

    @tool
    def look() -> dict[str, Any]:
        """Look."""
        return {"status": "success", "content": [{"json": marker}]}

    agent = manager_place.agent("s", calls("look"), tools=[look])
    agent("look")
    restored = manager_place.agent(tools=[look])
    content = restored.messages[2]["content"][0]["toolResult"]["content"]
    assert content == [{"json": marker}]
    assert restored.messages == agent.messages
    restored("go on")
    assert manager_place.agent(tools=[look]).messages == restored.messages


@pytest.mark.parametrize("data", SAID)
def test_a_state_that_looks_like_bytes_comes_back_as_it_was(
    manager_place: Place, data: object
) -> None:
    marker = {"__bytes_encoded__": True, "data": data}
    agent = manager_place.agent()
    agent.state.set("marker", [marker])
    agent("q0")
    restored = manager_place.agent()
    assert restored.state.get("marker") == [marker]
    restored.state.set("more", marker)
    restored("q1")
    assert manager_place.agent().state.get() == {"marker": [marker], "more": marker}


def test_bytes_come_back_as_bytes(manager_place: Place) -> None:
    image: Any = {"image": {"format": "png", "source": {"bytes": bytes(range(256))}}}
    agent = manager_place.agent()
    agent([{"text": "look"}, image])
    assert manager_place.agent().messages[0]["content"] == [{"text": "look"}, image]
