"""The manager over obstore: taken unless a session or a configuration of boto3's is given."""

from __future__ import annotations

from typing import Any

import boto3.session
import pytest

from s3sessions.errors import InvalidSettings
from s3sessions.integrations.strands import S3SessionManager
from tests.integrations.strands.agents import ANSWER, agent_of, texts
from tests.servers.s3_stub import Stub


def test_an_agent_talks_and_goes_on_over_obstore(stub: Stub) -> None:
    place: dict[str, Any] = {
        "bucket": stub.make_bucket(),
        "endpoint_url": stub.endpoint_url,
        "region_name": stub.region,
        "transport": "object_store",
    }
    manager = S3SessionManager("s", **place)
    assert manager.sessions.transport.startswith("object_store")
    agent_of(manager)("hello")
    assert texts(agent_of(S3SessionManager("s", **place)).messages) == ["hello", ANSWER]


def test_a_session_of_boto3_is_never_passed_over(stub: Stub) -> None:
    place: dict[str, Any] = {
        "bucket": "bucket",
        "endpoint_url": stub.endpoint_url,
        "boto_session": boto3.session.Session(),
    }
    assert S3SessionManager("s", **place).sessions.transport == "boto3: asked for"
    with pytest.raises(InvalidSettings, match="a client is given"):
        _ = S3SessionManager("s", **place, transport="object_store").sessions
