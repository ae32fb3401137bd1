"""Sessions that Strands' own S3SessionManager wrote are ours to continue, and ours are its."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest
from strands import Agent
from strands.models.model import Model
from strands.session.s3_session_manager import S3SessionManager

from s3sessions import Sessions
from tests.rig import fresh_name
from tests.servers.s3_stub import Stub

IMAGE = bytes(range(256))


class Echo(Model):
    """A model that answers offline, always the same."""

    def update_config(self, **model_config: Any) -> None:
        """Nothing can be configured."""

    def get_config(self) -> dict[str, Any]:
        return {}

    async def structured_output(
        self, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        yield {}

    async def stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        yield {"messageStart": {"role": "assistant"}}
        yield {"contentBlockStart": {"start": {}}}
        yield {"contentBlockDelta": {"delta": {"text": "hello from Strands"}}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "end_turn"}}


@pytest.fixture
def place(stub: Stub, stub_bucket: str) -> tuple[str, str, str]:
    return stub.endpoint_url, stub_bucket, fresh_name()


def strands_agent(place: tuple[str, str, str], session_id: str, **arguments: Any) -> Agent:
    endpoint, bucket, prefix = place
    manager = S3SessionManager(
        session_id, bucket, prefix, region_name="us-east-1", endpoint_url=endpoint
    )
    return Agent(model=Echo(), session_manager=manager, callback_handler=None, **arguments)


def sessions(place: tuple[str, str, str]) -> Sessions:
    endpoint, bucket, prefix = place
    return Sessions(f"s3://{bucket}/{prefix}", endpoint_url=endpoint, region="us-east-1")


def content(role: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


CONVERSATION = [
    content("user", {"text": "look"}, {"image": {"format": "png", "source": {"bytes": IMAGE}}}),
    content("assistant", {"toolUse": {"toolUseId": "t1", "name": "see", "input": {"x": [1, "é"]}}}),
    content("user", {"toolResult": {"toolUseId": "t1", "status": "success", "content": []}}),
    content("assistant", {"text": "a picture 🙂"}),
]


def without_tracking(messages: list[Any]) -> list[dict[str, Any]]:
    return [{"role": m["role"], "content": m["content"]} for m in messages]


def test_what_strands_wrote_is_restored_with_state_and_messages(
    place: tuple[str, str, str],
) -> None:
    agent = strands_agent(place, "from-strands", messages=copy.deepcopy(CONVERSATION))
    agent.state.set("step", 3)
    agent("go on")
    with sessions(place) as ours:
        history = ours.open("from-strands").restore()
        assert without_tracking(history.payloads) == without_tracking(agent.messages)
        assert history.payloads[0]["content"][1]["image"]["source"]["bytes"] == IMAGE
        assert history.state == {"step": 3}
        assert ours.info("from-strands").messages == len(agent.messages) == 6


def test_what_we_wrote_is_restored_by_strands_with_state_and_messages(
    place: tuple[str, str, str],
) -> None:
    with sessions(place) as ours:
        chat = ours.open("from-us")
        for payload in CONVERSATION:
            chat.append(payload)
        chat.save_state({"step": 7})
    agent = strands_agent(place, "from-us")
    assert without_tracking(agent.messages) == CONVERSATION
    assert agent.state.get() == {"step": 7}


def test_one_session_goes_back_and_forth(place: tuple[str, str, str]) -> None:
    strands_agent(place, "shared")("first")
    with sessions(place) as ours:
        chat = ours.open("shared")
        chat.restore()
        assert chat.append(content("user", {"text": "second"})).index == 2
        assert chat.append(content("assistant", {"text": "ours"})).index == 3
    agent = strands_agent(place, "shared")
    agent("third")
    with sessions(place) as ours:
        texts = [p["content"][0]["text"] for p in ours.open("shared").restore().payloads]
    assert texts == ["first", "hello from Strands", "second", "ours", "third", "hello from Strands"]
