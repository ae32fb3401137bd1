"""An invocation whose time ends: what it knows is told before, and what it held is free after."""

from __future__ import annotations

import json
import time
from datetime import datetime

import pytest

from tests.awslambda.for_real.deployment import Deployment
from tests.awslambda.for_real.events import said
from tests.awslambda.for_real.http_answers import status_of
from tests.awslambda.for_real.model_endpoint import ModelEndpoint
from tests.servers.weed import Weed
from tests.servers.wire import Answer, Hold, Rule, WireProxy

HELLO = ["hello", "an answer to hello"]


@pytest.mark.parametrize("transport", ["object_store", "boto3"])
@pytest.mark.parametrize("does", ["refuse", "hang"])
def test_a_store_that_does_not_store_is_an_answer_and_not_a_time_out(
    deployment: Deployment, weed: Weed, does: str, transport: str
) -> None:
    hold = Hold(before_server=True)
    fault = hold if does == "hang" else Answer(503, "SlowDown")
    with WireProxy(weed.endpoint_url) as wire:
        wire.rules([Rule(fault, operation="PutObject", key="*/message_1.json")])
        function = deployment.function("talking.http", via=wire.url, S3SESSIONS_TRANSPORT=transport)
        try:
            with function.start() as environment:
                late = environment.invoke(said("s", "hello"), request_id="r", timeout=1.5)
                assert status_of(late) in (503, 504)
                wire.rules([])
                assert status_of(environment.invoke(said("s", "hello"), request_id="r")) == 200
        finally:
            hold.released.set()
    assert deployment.transcript("s") == HELLO


def test_a_turn_whose_model_hangs_is_killed_and_keeps_nobody_waiting_longer_than_it_could_live(
    deployment: Deployment, model: ModelEndpoint, weed: Weed
) -> None:
    function = deployment.function("talking.http")
    model.hold_next()
    with function.start() as environment:
        began_at = time.time()
        killed = environment.invoke(said("s", "hello"), request_id="r", timeout=1)
        assert killed.error_type == "Sandbox.Timedout"
    with weed.client() as s3:
        bucket, _, prefix = deployment.url.removeprefix("s3://").partition("/")
        key = f"{prefix}/session_s/agents/agent_default/lease.json"
        lease = json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
    expires_at = datetime.fromisoformat(lease["expires_at"]).timestamp()
    # A second for the clocks, and what it took to hand the event over.
    assert expires_at < began_at + 1 + 1 + 1
    with function.start() as environment:
        assert status_of(environment.invoke(said("s", "hello"), request_id="r")) == 200
        assert status_of(environment.invoke(said("s", "more"))) == 200
    assert deployment.transcript("s") == [*HELLO, "more", "an answer to more"]
