"""The example agent on Lambda, killed after each request of a turn with a tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.awslambda.artefacts import agent_zip
from tests.awslambda.for_real.crashing import crash_after_each_request
from tests.awslambda.for_real.deployment import Deployment
from tests.awslambda.for_real.events import said
from tests.awslambda.for_real.http_answers import told_by
from tests.rig import fresh_name
from tests.servers.lambda_runtime import link_distributions, unpacked
from tests.servers.lambda_runtime.folders import RUNTIME
from tests.servers.weed import Weed
from tests.servers.wire import WireProxy

QUESTION = "Where is order A17?"


@pytest.fixture
def deployment(weed: Weed, weed_bucket: str, tmp_path: Path) -> Deployment:
    url = f"s3://{weed_bucket}/{fresh_name()}"
    runtime = link_distributions(tmp_path / "runtime", *RUNTIME)
    variables = {"MODEL": "stand-in"}
    return Deployment(unpacked(agent_zip()), runtime, url, weed.endpoint_url, variables=variables)


def kinds(deployment: Deployment, session: str) -> list[tuple[str, str]]:
    """Give who speaks in each message, and what the message is: text, a call or its result."""
    payloads = deployment.payloads(session)
    return [(payload["role"], *payload["content"][0]) for payload in payloads]


def test_a_turn_with_a_tool_that_is_killed_anywhere_is_whole_once_its_event_comes_again(
    deployment: Deployment, weed: Weed
) -> None:
    with WireProxy(weed.endpoint_url) as wire:
        function = deployment.function("handler.handler", via=wire.url)
        killed = crash_after_each_request(function, wire, QUESTION, seconds=10)
        with function.start() as environment:
            for session in killed:
                turn = said(session, QUESTION)
                first = told_by(environment.invoke(turn, request_id=session, timeout=30))
                # Where a tool was called and its result is not known, the result says that.
                assert kinds(deployment, session) == [
                    ("user", "text"),
                    ("assistant", "toolUse"),
                    ("user", "toolResult"),
                    ("assistant", "text"),
                ]
                again = told_by(environment.invoke(turn, request_id=session))
                assert again == {**first, "redelivered": True}
                assert len(deployment.payloads(session)) == 4
