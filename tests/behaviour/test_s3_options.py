"""What a user says of S3 reaches it: a client, arguments of PUT, an expected owner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from s3sessions import AccessDenied, InvalidSettings, S3SessionsError, Sessions
from tests.rig import fresh_name
from tests.servers.faults import Answer, Rule
from tests.servers.moto_server import MotoServer
from tests.servers.weed import Weed
from tests.servers.wire import WireProxy


@pytest.fixture
def wire(moto: MotoServer) -> Iterator[WireProxy]:
    with WireProxy(moto.endpoint_url) as wire:
        yield wire


def test_a_client_that_is_given_is_used_and_left_open(wire: WireProxy, moto_bucket: str) -> None:
    with MotoServer.client(_Server(wire.url), user_agent_extra="mine/1.0") as client:
        with Sessions(f"s3://{moto_bucket}/{fresh_name()}", client=client) as sessions:
            sessions.open("s").append({"n": 0})
        assert "mine/1.0" in wire.headers("PutObject")[-1]["user-agent"]
        assert "expect" not in wire.headers("PutObject")[-1]
        client.list_objects_v2(Bucket=moto_bucket, MaxKeys=1)


class _Server(MotoServer):
    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def endpoint_url(self) -> str:
        return self._url


def test_arguments_of_put_are_sent_with_every_object(wire: WireProxy, moto_bucket: str) -> None:
    put_args = {
        "StorageClass": "STANDARD_IA",
        "Tagging": "team=a",
        "ServerSideEncryption": "AES256",
    }
    url = f"s3://{moto_bucket}/{fresh_name()}"
    with Sessions(url, endpoint_url=wire.url, put_args=put_args) as sessions:
        sessions.open("s").append({"n": 0})
        sessions.open("s").save_state({"x": 1})
        sent = wire.headers("PutObject")[-1]
    assert sent["x-amz-storage-class"] == "STANDARD_IA"
    assert sent["x-amz-tagging"] == "team=a"
    assert sent["x-amz-server-side-encryption"] == "AES256"
    assert "s3sessions/" in sent["user-agent"]


def test_the_owner_that_is_expected_is_said_in_every_request(
    wire: WireProxy, moto_bucket: str
) -> None:
    put_args = {"ExpectedBucketOwner": "123456789012"}
    url = f"s3://{moto_bucket}/{fresh_name()}"
    with Sessions(url, endpoint_url=wire.url, put_args=put_args) as sessions:
        sessions.open("s").append({"n": 0})
        sessions.open("s").restore()
        sessions.delete("s")
        operations = [name for name, count in wire.counts().items() if count]
        for operation in operations:
            owner = wire.headers(operation)[-1]["x-amz-expected-bucket-owner"]
            assert owner == "123456789012", operation
    assert len(operations) == 5


def test_an_argument_that_put_does_not_take_is_refused_at_once() -> None:
    with pytest.raises(InvalidSettings, match="StorageClas.*StorageClass"):
        Sessions("s3://bucket", put_args={"StorageClas": "STANDARD_IA"})


@pytest.mark.parametrize(
    ("answer", "error", "way_out"),
    [
        (Answer(403, "AccessDenied"), AccessDenied, "s3:ListBucket|s3:GetObject"),
        (Answer(400, "ExpiredToken"), AccessDenied, "expired: renew"),
        (Answer(400, "IllegalLocationConstraintException"), InvalidSettings, "region"),
        (Answer(404, "NoSuchBucket"), InvalidSettings, "create it or correct the url"),
    ],
    ids=["denied", "expired", "region", "bucket"],
)
def test_what_s3_refuses_is_said_with_the_way_out(
    wire: WireProxy, moto_bucket: str, answer: Answer, error: type[S3SessionsError], way_out: str
) -> None:
    wire.rules([Rule(answer)])
    with (
        Sessions(f"s3://{moto_bucket}/{fresh_name()}", endpoint_url=wire.url) as sessions,
        pytest.raises(error, match=way_out),
    ):
        sessions.open("s").append({"n": 0})
    assert "PutObject" not in {name for name, count in wire.counts().items() if count}


def test_wrong_credentials_are_refused_by_a_real_server_before_any_write(
    weed: Weed, weed_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2-is-not-the-secret")
    with Sessions(f"s3://{weed_bucket}/x", endpoint_url=weed.endpoint_url) as sessions:
        with pytest.raises(AccessDenied, match="credentials") as caught:
            sessions.open("s").append({"n": 0})
        assert "hunter2" not in str(caught.value)


def test_a_bucket_that_is_not_there_is_no_empty_place(weed: Weed) -> None:
    with Sessions("s3://no-such-bucket-here", endpoint_url=weed.endpoint_url) as sessions:
        for ask in (lambda: sessions.stats(), lambda: sessions.open("s").restore()):
            with pytest.raises(InvalidSettings, match="'no-such-bucket-here' does not exist"):
                ask()


def test_no_credentials_are_an_error_that_says_which_to_set(
    moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with (
        Sessions("s3://bucket", endpoint_url=moto.endpoint_url) as sessions,
        pytest.raises(AccessDenied, match="set AWS_ACCESS_KEY_ID"),
    ):
        sessions.open("s").append({"n": 0})
