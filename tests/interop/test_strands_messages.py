"""Messages and state go back and forth between Strands' own session manager and ours."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.integrations.strands.agents import Scripted, says
from tests.interop.strands_peers import PAIRS, ROUNDS, Peers, Side, remembered, without_tracking

ALL_BYTES = bytes(range(256))
USAGE = {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}


def user(*blocks: dict[str, Any]) -> Any:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: dict[str, Any]) -> Any:
    return {"role": "assistant", "content": list(blocks)}


def tool_use(call_id: str, arguments: Any) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": call_id, "name": "look", "input": arguments}}


def tool_result(call_id: str, *content: dict[str, Any], status: str = "success") -> dict[str, Any]:
    return {"toolResult": {"toolUseId": call_id, "status": status, "content": list(content)}}


IMAGE = {"image": {"format": "png", "source": {"bytes": ALL_BYTES}}}
DOCUMENT = {
    "document": {
        "format": "pdf",
        "name": "a report",
        "source": {"bytes": b"%PDF-1.7 \x00"},
        "citations": {"enabled": True},
        "context": "of last year",
    }
}

MEDIA = [
    user(
        {"text": "Grüße 🙂 שלום\u2028\x00\x7f \U0001f469\u200d\U0001f680"},
        IMAGE,
        DOCUMENT,
        {"video": {"format": "mp4", "source": {"bytes": b"\x00\x00\x00\x18ftyp"}}},
        {"video": {"format": "mov", "source": {"location": {"type": "s3", "uri": "s3://b/k"}}}},
        {"audio": {"format": "wav", "source": {"bytes": b"RIFF"}}},
        {"cachePoint": {"type": "default", "ttl": "5m"}},
        {"guardContent": {"text": {"text": "judge this", "qualifiers": ["query"]}}},
    ),
    assistant({"text": "all seen"}),
]
TOOLS = [
    user({"text": "look twice"}),
    {
        **assistant(
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": b"\xff\x00\xfe"}},
            tool_use("t1", {"deep": [1, 2.5, None, True, {"é": []}], "big": 2**53 + 1}),
            tool_use("t2", "no object"),
        ),
        "metadata": {"usage": USAGE, "metrics": {"latencyMs": 7}, "custom": {"of": ["mine"]}},
    },
    user(
        tool_result("t1", {"json": {"rows": [{"n": 1e-9}], "none": None}}, {"text": ""}, IMAGE),
        tool_result("t2", {"text": "broken"}, DOCUMENT, status="error"),
    ),
    assistant({"text": ""}),
]
CITATIONS = [
    user({"text": "where does it say so?"}, DOCUMENT),
    assistant(
        {
            "citationsContent": {
                "content": [{"text": "here"}],
                "citations": [
                    {
                        "title": "a report",
                        "sourceContent": [{"text": "so"}],
                        "location": {"documentChar": {"documentIndex": 0, "start": 1, "end": 3}},
                    }
                ],
            }
        }
    ),
]
CONVERSATIONS = [MEDIA, TOOLS, CITATIONS, MEDIA]


@pytest.mark.parametrize("sides", ROUNDS, ids="-".join)
def test_every_kind_of_content_and_the_state_survive_each_change_of_sides(
    peers: Peers, sides: tuple[Side, ...]
) -> None:
    live: list[Any] = []
    state: dict[str, Any] = {}
    for step, side in enumerate(sides):
        agent = peers.agent(side, says(f"answer {step}"))
        assert agent.messages == live
        assert agent.state.get() == state
        agent.state.set("steps", [*state.get("steps", []), {"é": step, "none": None}])
        agent.state.set(side, step)
        agent([*copy.deepcopy(CONVERSATIONS[step]), user({"text": "go on"})])
        live, state = remembered(agent), agent.state.get()
    assert [message["role"] for message in live[-2:]] == ["user", "assistant"]
    assert peers.agent("ours").messages == peers.agent("theirs").messages == live


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_messages_given_to_an_agent_beforehand_are_the_beginning_for_the_other(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    first, second = sides
    begun = peers.agent(first, messages=copy.deepcopy([*MEDIA, *TOOLS]), state={"set": "before"})
    begun("go on")
    other = peers.agent(second, messages=[user({"text": "never said"})], state={"set": "later"})
    # Strands' own gives no tracking id to what an agent begins with.
    assert without_tracking(other.messages) == without_tracking(begun.messages)
    assert other.state.get() == {"set": "before"}


def test_both_store_the_same_fields_under_the_same_keys(peers: Peers) -> None:
    for side in ("ours", "theirs"):
        conversation = [dict(m, tracking_id=f"id-{n}") for n, m in enumerate([*MEDIA, *TOOLS])]
        agent = peers.agent(side, session_id=side, state={"step": 1}, agent_id="a")
        agent(copy.deepcopy([*conversation, user({"text": "go on"})]))
    ours, theirs = peers.objects("ours"), peers.objects("theirs")
    assert list(ours) == list(theirs)
    changing = {"created_at", "updated_at", "session_id"}
    for key in ours:
        mine, other = json.loads(ours[key]), json.loads(theirs[key])
        mine.pop("s3sessions", None)
        assert mine.keys() == other.keys()
        same = mine.keys() - changing
        if not key.endswith(("message_6.json", "message_7.json")):
            assert {k: mine[k] for k in same} == {k: other[k] for k in same}, key


@pytest.mark.parametrize("sides", ROUNDS, ids="-".join)
def test_a_key_of_the_state_that_either_drops_is_gone_for_the_other(
    peers: Peers, sides: tuple[Side, ...]
) -> None:
    state: dict[str, Any] = {}
    for step, side in enumerate(sides):
        agent = peers.agent(side)
        assert agent.state.get() == state
        agent.state.set(f"step {step}", step)
        agent("more")
        if step:
            agent.state.delete(f"step {step - 1}")
        agent("and more")
        state = {f"step {step}": step}
    assert peers.agent("ours").state.get() == peers.agent("theirs").state.get() == state


class Remembering(Scripted):
    """A model that keeps the conversation itself, and knows it again by what it is handed.

    Attributes:
        handed: the state that it was handed, call by call.
    """

    def __init__(self) -> None:
        super().__init__(is_stateful=True)
        self.handed: list[dict[str, Any]] = []

    async def stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        state = kwargs["model_state"]
        self.handed.append(dict(state))
        state["response_id"] = state.get("response_id", "") + "r"
        state["token"] = ALL_BYTES
        async for event in super().stream(*args, **kwargs):
            yield event


@pytest.mark.parametrize("sides", ROUNDS, ids="-".join)
def test_what_a_stateful_model_keeps_goes_on_and_its_messages_stay_in_the_store(
    peers: Peers, sides: tuple[Side, ...]
) -> None:
    for step, side in enumerate(sides):
        model = Remembering()
        agent = peers.agent(side, model=model)
        assert agent.messages == []
        agent(f"turn {step}")
        agent("again")
        assert [state.get("response_id", "") for state in model.handed] == [
            "r" * (2 * step),
            "r" * (2 * step + 1),
        ]
        assert model.handed[-1]["token"] == ALL_BYTES
    with peers.sessions() as sessions:
        stored = sessions.open("s").restore()
    assert [message.index for message in stored.messages] == list(range(4 * len(sides)))


@pytest.mark.parametrize("sides", PAIRS, ids="-".join)
def test_a_value_of_the_state_that_becomes_an_equal_one_of_another_type_is_stored(
    peers: Peers, sides: tuple[Side, Side]
) -> None:
    agent = peers.agent(sides[0], state={"flag": 1, "deep": {"x": [0]}})
    agent("hi")
    agent.state.set("flag", True)
    agent.state.set("deep", {"x": [False]})
    agent("hi")
    assert json.dumps(peers.agent(sides[1]).state.get()) == '{"flag": true, "deep": {"x": [false]}}'
