"""Errors as programs for Strands expect them, and what cannot be stored unaltered."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from strands import tool
from strands.types.exceptions import EventLoopException, SessionException

from s3sessions import AccessDenied, InvalidMessage, StoreUnavailable
from s3sessions.integrations.strands import S3SessionManager
from tests.integrations.strands.agents import ANSWER, Scripted, agent_of, calls
from tests.integrations.strands.place import Place, user
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer

AT_ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=1)


@pytest.fixture
def nobody() -> str:
    """An endpoint at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_is_not_there_is_a_session_exception(nobody: str) -> None:
    model = Scripted()
    manager = S3SessionManager(
        "s", "b", boto_client_config=AT_ONCE, region_name="us-east-1", endpoint_url=nobody
    )
    agent = agent_of(manager, model=model)
    with pytest.raises(SessionException) as caught:
        agent("q0")
    assert isinstance(caught.value, StoreUnavailable)
    assert model.heard == []


def test_a_bucket_that_is_not_there_is_a_session_exception(moto: MotoServer) -> None:
    manager = S3SessionManager(
        "s", fresh_name(), region_name=moto.region, endpoint_url=moto.endpoint_url
    )
    with pytest.raises(SessionException, match="bucket"):
        agent_of(manager)("q0")


def denying(*operations: str) -> boto3.session.Session:
    """A boto3 session whose requests of these kinds are answered with 403, as IAM does."""
    session = boto3.session.Session(region_name="us-east-1")

    def deny(request: Any, **kwargs: Any) -> AWSResponse:
        body = b"<Error><Code>AccessDenied</Code><Message>not authorized</Message></Error>"
        raw: Any = _Raw(body)
        return AWSResponse(request.url, 403, {"Content-Type": "application/xml"}, raw)

    for operation in operations:
        session.events.register(f"before-send.s3.{operation}", deny)
    return session


class _Raw:
    """The body of an answer, as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        yield self._body

    def read(self, *args: Any, **kwargs: Any) -> bytes:
        body, self._body = self._body, b""
        return body


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("ListObjectsV2", "s3:ListBucket"),
        ("GetObject", "s3:GetObject"),
        ("PutObject", "s3:PutObject"),
    ],
)
def test_a_permission_that_is_missing_is_named(
    moto: MotoServer, moto_bucket: str, operation: str, action: str
) -> None:
    manager = S3SessionManager(
        "s", moto_bucket, fresh_name(), denying(operation), endpoint_url=moto.endpoint_url
    )
    with pytest.raises(SessionException, match=action) as caught:
        agent_of(manager)("q0")
    assert isinstance(caught.value, AccessDenied)


def test_who_may_not_list_is_told_so_though_s3_refuses_to_say_that_an_object_is_missing(
    moto: MotoServer, moto_bucket: str
) -> None:
    # Without s3:ListBucket an object that is not there is answered with 403, and not with 404.
    session = denying("ListObjectsV2", "GetObject", "HeadObject")
    for _ in range(3):
        manager = S3SessionManager(
            "s", moto_bucket, fresh_name(), session, endpoint_url=moto.endpoint_url
        )
        with pytest.raises(SessionException, match="s3:ListBucket"):
            agent_of(manager)("q0")


UNFIT: dict[str, Callable[[], Any]] = {
    "a set": lambda: {1},
    "a time": lambda: datetime.now(UTC),
    "no number": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "half a character": lambda: "\ud800",
    "a key that is no text": lambda: {7: "seven"},
    "a tuple": lambda: (1, 2),
    "an object": object,
}


@pytest.mark.parametrize("what", UNFIT)
def test_what_json_cannot_hold_unaltered_is_refused_and_nothing_is_written(
    manager_place: Place, what: str
) -> None:
    manager, agent = manager_place.pair()
    agent("q0")
    before = manager_place.rig.keys()
    payload: Any = user("q1")
    payload["metadata"] = {"custom": {"what": UNFIT[what]()}}
    with pytest.raises(SessionException) as caught:
        manager.append_message(payload, agent)
    assert isinstance(caught.value, InvalidMessage)
    assert isinstance(caught.value, ValueError)
    assert manager_place.rig.keys() == before
    agent("q2")
    assert manager_place.stored_texts() == ["q0", ANSWER, "q2", ANSWER]


def test_a_tool_that_says_what_json_cannot_hold_is_refused(manager_place: Place) -> None:
    @tool
    def measure() -> dict[str, Any]:
        """Measure."""
        return {"status": "success", "content": [{"json": {"width": float("nan")}}]}

    agent = manager_place.agent("s", calls("measure"), tools=[measure])
    with pytest.raises((SessionException, EventLoopException)) as caught:
        agent("measure")
    error = getattr(caught.value, "original_exception", caught.value)
    assert isinstance(error, InvalidMessage)
    assert b"NaN" not in b"".join(map(manager_place.rig.body, manager_place.rig.keys()))
