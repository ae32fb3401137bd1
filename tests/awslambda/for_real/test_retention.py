"""The retention function, in its artefact: what is old goes, and metrics are in its log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3sessions import SessionNotFound
from tests.awslambda.for_real.deployment import Deployment
from tests.rig import fresh_name
from tests.servers.lambda_runtime import unpacked
from tests.servers.weed import Weed

HANDLER = "s3sessions.awslambda.retention.handler"


def test_it_ends_deletions_that_were_cut_off_and_keeps_what_is_young(
    retention_zip: Path, runtime: Path, weed: Weed, weed_bucket: str
) -> None:
    # Old only by what is said of it: no server lets a test make an object that is.
    code, url = unpacked(retention_zip), f"s3://{weed_bucket}/{fresh_name()}"
    deployment = Deployment(code, runtime, url, weed.endpoint_url)
    stamp = {"v": 1, "deleted_at": "2026-11-21T00:00:00+00:00", "deletion": "d"}
    with deployment.sessions() as sessions:
        sessions.open("young").append({"n": 0})
        sessions.create("cut")
    document = {"session_id": "cut", "s3sessions": stamp}
    key = f"{url.removeprefix(f's3://{weed_bucket}/')}/session_cut/session.json"
    with weed.client() as client:
        client.put_object(Bucket=weed_bucket, Key=key, Body=json.dumps(document).encode())
    function = deployment.function(
        HANDLER, timeout=60, S3SESSIONS_RETENTION_OLDER_THAN="90d", S3SESSIONS_RETENTION_EVERY="1h"
    )
    with function.start() as environment:
        first = environment.invoke({}, request_id="one")
        again = environment.invoke({}, request_id="one")
        log = environment.log
    assert first.payload["outcome"] == "completed"
    assert (first.payload["deleted"], first.payload["kept"]) == (1, {"young": 1})
    assert again.payload["outcome"] == "not_due"
    assert '"SessionsDeleted": 1' in log
    assert deployment.payloads("young") == [{"n": 0}]
    with deployment.sessions() as sessions, pytest.raises(SessionNotFound):
        sessions.info("cut")
