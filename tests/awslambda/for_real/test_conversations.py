"""The example agent, in its artefact: what was said is there, whichever container is asked."""

from __future__ import annotations

import json

import pytest

from tests.awslambda.for_real.deployment import Deployment
from tests.awslambda.for_real.events import said, url_event
from tests.servers.lambda_runtime import Outcome
from tests.servers.weed import Weed
from tests.servers.wire import WireProxy

SAYING = ("My name is Anna.", "Where is order A17?", "What is my name?")


def test_three_turns_are_one_conversation_in_one_container_and_in_three_cold_ones(
    deployment: Deployment,
) -> None:
    example = deployment.function("handler.handler", MODEL="stand-in")
    cold, warm = [], []
    for number, text in enumerate(SAYING):
        with example.start() as environment:
            cold.append(environment.invoke(said("cold", text), request_id=f"cold-{number}"))
            if text == SAYING[-1]:
                warm = [environment.invoke(said("warm", text)) for text in SAYING]
                listed = environment.invoke(url_event("/sessions", method="GET"))
    assert answers(cold) == answers(warm)
    assert answers(warm)[0] == "Nice to meet you, Anna."
    assert answers(warm)[2] == "Your name is Anna."
    assert len(deployment.payloads("cold")) == 8
    assert texts(deployment, "cold") == texts(deployment, "warm")
    sessions = json.loads(listed.payload["body"])["sessions"]
    assert set(sessions) == {"cold", "warm"}


@pytest.mark.parametrize("transport", ["object_store", "boto3"])
def test_a_container_goes_on_where_the_server_hung_up_while_it_was_frozen(
    deployment: Deployment, weed: Weed, transport: str
) -> None:
    with WireProxy(weed.endpoint_url) as wire:
        function = deployment.function("talking.http", via=wire.url, S3SESSIONS_TRANSPORT=transport)
        with function.start() as environment:
            for text in SAYING:
                outcome = environment.invoke(said("thawed", text))
                assert outcome.payload["statusCode"] == 200
                assert environment.is_frozen
                wire.hang_up()
    assert deployment.transcript("thawed")[::2] == list(SAYING)


def answers(outcomes: list[Outcome]) -> list[str]:
    """Give the text of each answer."""
    bodies = [json.loads(outcome.payload["body"]) for outcome in outcomes]
    return [body["message"]["content"][0]["text"] for body in bodies]


def texts(deployment: Deployment, session: str) -> list[str]:
    """Give what was said, with calls of tools and their results left out."""
    blocks = [block for payload in deployment.payloads(session) for block in payload["content"]]
    return [block["text"] for block in blocks if "text" in block]
