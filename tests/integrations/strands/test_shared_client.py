"""One client for all managers of a process, however many there are, and what it sends."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config

from s3sessions import Sessions
from s3sessions.integrations.strands import S3SessionManager
from s3sessions.stores.memory import MemoryStore
from tests.integrations.strands.agents import agent_of, calls, clock, says
from tests.integrations.strands.shared_store import TIMEOUT
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer

MANY = 1_000


class Place:
    """A place on a server, reached by a boto3 session that no other test has used."""

    def __init__(self, server: MotoServer, bucket: str) -> None:
        self.bucket = bucket
        self.boto_session = boto3.session.Session(region_name="us-east-1")
        self._endpoint_url = server.endpoint_url

    def manager(self, session_id: str = "s", **arguments: Any) -> S3SessionManager:
        given: dict[str, Any] = {
            "prefix": "",
            "boto_session": self.boto_session,
            "endpoint_url": self._endpoint_url,
            **arguments,
        }
        return S3SessionManager(session_id, self.bucket, **given)


@pytest.fixture
def place(moto: MotoServer, moto_bucket: str) -> Place:
    return Place(moto, moto_bucket)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The services for which botocore has made clients since the test began."""
    services: list[str] = []
    make = botocore.session.Session.create_client

    def counted(session: Any, service: str, *args: Any, **named: Any) -> Any:
        services.append(service)
        return make(session, service, *args, **named)

    monkeypatch.setattr(botocore.session.Session, "create_client", counted)
    return services


def test_a_thousand_managers_of_one_bucket_share_a_client(place: Place, made: list[str]) -> None:
    managers = [place.manager(f"s{n}", prefix=fresh_name()) for n in range(MANY)]
    assert len({id(manager.client) for manager in managers}) == 1
    assert made == ["s3"]


def test_a_manager_that_is_not_used_makes_no_client(place: Place, made: list[str]) -> None:
    agent_of(place.manager())
    assert made == []


def test_managers_that_threads_build_at_once_share_a_client(place: Place, made: list[str]) -> None:
    together, clients = threading.Barrier(10), list[Any]()

    def build() -> None:
        together.wait(TIMEOUT)
        clients.append(place.manager(boto_client_config=Config(max_pool_connections=7)).client)

    threads = [threading.Thread(target=build) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    assert len(clients) == 10
    assert len(set(map(id, clients))) == 1
    assert made == ["s3"]


def test_another_configuration_is_another_client(place: Place) -> None:
    def client(**arguments: Any) -> Any:
        return place.manager(**arguments).client

    plain = client()
    assert client(boto_client_config=Config(read_timeout=7)) is not plain
    assert client(boto_session=boto3.session.Session(region_name="us-east-1")) is not plain
    assert client(region_name="eu-west-1") is not plain
    assert client(put_args={"StorageClass": "STANDARD_IA"}) is plain
    slow, as_slow = Config(read_timeout=7), Config(read_timeout=7)
    assert client(boto_client_config=slow) is client(boto_client_config=as_slow)
    assert client(boto_client_config=slow).meta.config.read_timeout == 7


def test_with_sessions_the_client_is_theirs() -> None:
    manager = S3SessionManager("s", sessions=Sessions(store=MemoryStore()))
    assert manager.client is None


def test_the_requests_are_those_that_the_sdk_sends(place: Place) -> None:
    sent: Counter[str] = Counter()
    prefix = fresh_name()

    def count(model: Any, **_: Any) -> None:
        sent[model.name] += 1

    def cost(act: Any) -> dict[str, int]:
        sent.clear()
        act()
        return dict(sent)

    manager = place.manager(prefix=prefix)
    manager.client.meta.events.register("before-call.s3", count)
    agent = agent_of(manager, says(), says(), calls("clock"), says(), tools=[clock])
    assert dict(sent) == {}
    first = {"ListObjectsV2": 2, "GetObject": 2, "PutObject": 4}
    assert cost(lambda: agent("hi")) == first
    assert cost(lambda: agent("hi")) == {"PutObject": 2}
    assert cost(lambda: agent("hi")) == {"PutObject": 4}
    agent.state.set("step", 1)
    assert cost(lambda: agent("hi")) == {"PutObject": 3}
    again = agent_of(place.manager(prefix=prefix))
    restore = {"ListObjectsV2": 1, "GetObject": 10 + 2}
    assert cost(lambda: again.messages) == restore
    assert cost(lambda: again("hi")) == {"PutObject": 2}
