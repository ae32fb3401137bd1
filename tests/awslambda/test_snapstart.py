"""SnapStart: what is restored from a snapshot has a client of its own, and no old connection."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import snapshot_restore_py

from s3sessions import Sessions
from s3sessions.awslambda import Delivery, SessionFunction
from tests.awslambda.contexts import LambdaContext
from tests.awslambda.functions import Model, talking
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer


@pytest.fixture(autouse=True)
def _no_hooks_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_restore_py, "_after_restore_registry", [])


def restore_from_a_snapshot() -> None:
    """What Lambda does when it wakes a snapshot up."""
    for hook, args, kwargs in snapshot_restore_py.get_after_restore():
        hook(*args, **kwargs)


class Made:
    """Makes sessions, and knows those that it has made."""

    def __init__(self, server: MotoServer, bucket: str) -> None:
        self._url = f"s3://{bucket}/{fresh_name()}"
        self._endpoint_url = server.endpoint_url
        self._all: list[Any] = []

    def __call__(self) -> Sessions:
        made = Sessions(self._url, endpoint_url=self._endpoint_url, transport="boto3")
        self._all.append(made)
        return made

    @property
    def have_clients(self) -> list[bool]:
        return [sessions._store._client._made is not None for sessions in self._all]

    @property
    def requests(self) -> list[int]:
        return [sessions.requests.total for sessions in self._all]

    def close(self) -> None:
        for sessions in self._all:
            sessions.close()


@pytest.fixture
def made(moto: MotoServer, moto_bucket: str) -> Iterator[Made]:
    made = Made(moto, moto_bucket)
    yield made
    made.close()


def test_the_client_is_made_in_init(made: Made) -> None:
    SessionFunction(sessions=made, metrics=None)
    assert made.have_clients == [True]
    assert made.requests == [0]


def test_a_restored_process_has_a_client_of_its_own(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    model = Model()
    function = SessionFunction(sessions=made, metrics=None)

    def deliver(name: str) -> None:
        delivery = Delivery("s", "default", name, {"message": name})
        function.take(delivery, LambdaContext(), talking(model))

    deliver("in init")
    restore_from_a_snapshot()
    assert made.have_clients == [False, True]
    before, none = made.requests
    assert none == 0
    deliver("restored")
    assert model.heard[-1] == ["in init", "answer 1", "restored"]
    assert made.requests[0] == before


def test_elsewhere_nothing_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    SessionFunction("memory://", metrics=None)
    assert snapshot_restore_py.get_after_restore() == []


def test_a_runtime_that_cannot_be_restored_has_nothing_to_register_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", None)
    SessionFunction("memory://", metrics=None)
