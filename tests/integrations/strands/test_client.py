"""The boto3 client that a manager makes of what it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3.session
import pytest
from botocore.config import Config

from s3sessions.integrations.strands import S3SessionManager
from s3sessions.stores.memory import MemoryStore
from s3sessions.sync import Sessions
from tests.integrations.strands.agents import ANSWER, agent_of, texts
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer

Make = Callable[..., S3SessionManager]


@pytest.fixture
def make(moto: MotoServer, moto_bucket: str) -> Make:
    """Makes managers of one session."""
    prefix = fresh_name()

    def manager(**given: Any) -> S3SessionManager:
        reached = {"region_name": moto.region, "endpoint_url": moto.endpoint_url}
        return S3SessionManager("s", moto_bucket, prefix, **{**reached, **given})

    return manager


def user_agents(manager: Any) -> set[str]:
    """The user agents of the requests that a turn makes."""
    seen: set[str] = set()

    def look(request: Any, **_: Any) -> None:
        agent = request.headers["User-Agent"]
        seen.add(agent.decode() if isinstance(agent, bytes) else agent)

    manager.client.meta.events.register("before-send.s3", look, unique_id="look")
    try:
        agent_of(manager)("q0")
    finally:
        manager.client.meta.events.unregister("before-send.s3", unique_id="look")
    return seen


def test_every_request_says_that_it_is_of_strands(make: Make) -> None:
    seen = user_agents(make())
    assert seen
    assert all("strands-agents" in agent for agent in seen)


def test_every_request_says_what_the_callers_configuration_says_too(make: Make) -> None:
    given = Config(user_agent_extra="my-app/1.0")
    seen = user_agents(make(boto_client_config=given))
    assert seen
    assert all("my-app/1.0" in agent and "strands-agents" in agent for agent in seen)
    assert given.user_agent_extra == "my-app/1.0"


def test_the_callers_configuration_wins(make: Make) -> None:
    config = Config(connect_timeout=7, read_timeout=9, max_pool_connections=3)
    made = make(boto_client_config=config).client.meta.config
    assert (made.connect_timeout, made.read_timeout, made.max_pool_connections) == (7, 9, 3)


def test_what_the_callers_configuration_does_not_say_stays_as_it_is_without_one(
    make: Make,
) -> None:
    made = make(boto_client_config=Config(read_timeout=9)).client.meta.config
    usual = make().client.meta.config
    assert made.connect_timeout == usual.connect_timeout
    assert made.max_pool_connections == usual.max_pool_connections
    assert made.retries == usual.retries


def test_the_callers_session_gives_region_and_credentials(make: Make) -> None:
    session = boto3.session.Session("the-key", "the-secret", region_name="eu-west-3")
    client = make(boto_session=session, region_name=None).client
    assert client.meta.region_name == "eu-west-3"
    assert client._request_signer._credentials.access_key == "the-key"


def test_managers_of_two_sessions_of_boto_do_not_share_a_client(make: Make) -> None:
    first, second = (boto3.session.Session(region_name="us-east-1") for _ in range(2))
    clients = [make(boto_session=session).client for session in (first, second, first)]
    assert clients[0] is clients[2]
    assert clients[0] is not clients[1]


def test_what_is_said_through_one_client_is_restored_through_another(make: Make) -> None:
    agent_of(make())("q0")
    session = boto3.session.Session(region_name="us-east-1")
    agent = agent_of(make(boto_session=session, boto_client_config=Config(read_timeout=9)))
    assert texts(agent.messages) == ["q0", ANSWER]


def test_sessions_that_are_given_bring_their_own_client() -> None:
    manager = S3SessionManager("s", sessions=Sessions(store=MemoryStore()))
    assert manager.client is None


def test_a_server_that_the_aws_configuration_names_is_spoken_to_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not as AWS: it has no buckets as host names, and may refuse what AWS takes."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://storage.example:9000")
    client = S3SessionManager("s", bucket="b", region_name="us-east-1", width=7).client
    assert client.meta.endpoint_url == "http://storage.example:9000"
    assert client.meta.config.s3["addressing_style"] == "path"
    assert client.meta.config.request_checksum_calculation == "when_required"
