"""Queues, tenants, snapshots, the end of a container: what each means for what is stored."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.awslambda.for_real.deployment import Deployment
from tests.awslambda.for_real.events import said, sqs_event, url_event
from tests.awslambda.for_real.http_answers import status_of, told_by
from tests.awslambda.for_real.model_endpoint import ModelEndpoint
from tests.servers.lambda_runtime import InitType

HELLO = ["hello", "an answer to hello"]


def test_a_batch_with_a_poisoned_record_fails_by_that_record_alone(
    deployment: Deployment,
    model: ModelEndpoint,
) -> None:
    batch = {
        "m1": json.dumps({"session_id": "s1", "message": "hello"}),
        "m2": "{poison",
        "m3": json.dumps({"session_id": "s3", "message": "hello"}),
    }
    with deployment.function("talking.sqs").start() as environment:
        first = environment.invoke(sqs_event(batch))
        again = environment.invoke(sqs_event(batch))
    failed = {"batchItemFailures": [{"itemIdentifier": "m2"}]}
    assert first.payload == again.payload == failed
    assert deployment.transcript("s1") == deployment.transcript("s3") == HELLO
    assert len(model.calls) == 2
    with deployment.sessions() as sessions:
        assert {session.id for session in sessions.list()} == {"s1", "s3"}


def test_the_tenant_of_an_invocation_is_in_its_keys(
    deployment: Deployment,
) -> None:
    with deployment.function("talking.http").start() as environment:
        for tenant in ("t1", "t2"):
            outcome = environment.invoke(said("s", f"I am {tenant}"), tenant_id=tenant)
            assert status_of(outcome) == 200
    for tenant in ("t1", "t2"):
        lines = deployment.transcript("s", tenant=tenant)
        assert lines == [f"I am {tenant}", f"an answer to I am {tenant}"]
    assert {key.split("/")[0] for key in deployment.keys()} == {"t1", "t2"}


def test_what_cannot_be_meant_is_refused_with_the_reason_and_nothing_is_written(
    deployment: Deployment, model: ModelEndpoint
) -> None:
    no_json = url_event("/sessions/s")
    no_json["body"] = "{poison"
    claiming = url_event("/sessions/s", {"message": "hello"}, headers={"x-tenant-id": "t2"})
    refused = [
        (no_json, 400),
        (url_event("/", {"message": "hello"}), 400),
        (url_event("/", {"session_id": "a/b", "message": "hello"}), 400),
        (url_event("/", {"session_id": "é", "message": "hello"}), 400),
        (claiming, 403),
    ]
    with deployment.function("talking.http").start() as environment:
        for event, status in refused:
            outcome = environment.invoke(event, tenant_id="t1")
            assert status_of(outcome) == status
            assert json.loads(outcome.payload["body"])["detail"]
    assert model.calls == []
    assert deployment.keys() == []


def test_a_function_that_was_restored_from_a_snapshot_makes_its_client_anew(
    deployment: Deployment,
) -> None:
    function = deployment.function("talking.counting")
    for init_type, clients in ((InitType.ON_DEMAND, 1), (InitType.SNAP_START, 2)):
        with replace(function, init_type=init_type).start() as environment:
            outcome = environment.invoke(said(init_type.value, "hello"))
        assert status_of(outcome) == 200
        assert outcome.payload["clients"] == clients
        assert deployment.transcript(init_type.value) == HELLO


def test_what_was_answered_is_stored_however_its_container_ends(deployment: Deployment) -> None:
    """With an extension a container gets SIGTERM, else nothing; nothing is left to do in either.

    The end may come while no handler runs, and in the runtime of 3.11 no handler of SIGTERM would
    run then; so all that a turn stores is stored before its handler returns.
    """
    for session, has_extension in (("warned", True), ("unwarned", False)):
        with deployment.function("talking.http").start() as environment:
            assert told_by(environment.invoke(said(session, "hello")))["index"] == 1
            environment.shut_down(has_extension=has_extension)
            assert deployment.transcript(session) == HELLO
