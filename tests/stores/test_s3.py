"""The boto3 store: what goes over the wire, and what is its own."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config

from s3sessions.errors import InvalidSettings
from s3sessions.ports import Target
from s3sessions.stores.s3 import S3Store
from tests.stores.gauge import PATIENCE, Gauge
from tests.stores.listings import AWS
from tests.stores.s3_answering import AnsweringTests
from tests.stores.s3_asking import AskingTests
from tests.stores.scripted_s3 import ALL_DELETED, Make, Reply, ScriptedS3, found, refusal


@pytest.fixture
def make(scripted: ScriptedS3) -> Iterator[Make]:
    stores: list[S3Store] = []

    def make_store(**options: Any) -> S3Store:
        stores.append(S3Store("bucket", **{"endpoint_url": scripted.endpoint_url, **options}))
        return stores[-1]

    yield make_store
    for store in stores:
        store.close()


class TestTheWire(AskingTests, AnsweringTests):
    """Everything that both colours do."""


def test_making_a_store_imports_no_sdk() -> None:
    program = (
        "import sys\n"
        "from s3sessions.stores.s3 import S3Store\n"
        "S3Store('bucket', profile='no-such', put_args={'Tagging': 'a=b'}).close()\n"
        "assert not {'boto3', 'botocore', 'asyncio'} & set(sys.modules), sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"put_args": {"StorageClas": "GLACIER"}}, "'StorageClas'.* known are StorageClass"),
        ({"put_args": {"Key": "k"}}, "'Key'"),
        ({"put_args": {"ContentMD5": "x"}}, "'ContentMD5'"),
        ({"put_args": {"Metadata": {"a": 1}}}, "Metadata"),
        ({"put_args": {"SSECustomerKey": 1}}, "SSECustomerKey"),
        ({"width": 0}, "width=0"),
    ],
)
def test_options_that_cannot_work_are_refused_when_the_store_is_made(
    options: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidSettings, match=text):
        S3Store("bucket", **options)


def test_a_bucket_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="s3://bucket/prefix"):
        S3Store("")


def test_many_threads_make_one_client(
    make: Make, scripted: ScriptedS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    original = boto3.session.Session.client

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        made.append(args)
        return original(self, *args, **kwargs)

    monkeypatch.setattr("boto3.session.Session.client", counted)
    store = make(width=8)
    together = threading.Barrier(8)

    def write() -> None:
        together.wait()
        store.put("key", b"data")

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(scripted.received)) == (1, 8)


def test_a_given_client_is_used_as_it_is_and_left_open(scripted: ScriptedS3) -> None:
    client = boto3.client(
        "s3", endpoint_url=scripted.endpoint_url, config=Config(user_agent_extra="theirs/1")
    )
    for store in (S3Store("bucket", client=client), S3Store("bucket", client=client)):
        store.put("key", b"data")
        store.close()
    scripted.answer(found(b"data"))
    client.get_object(Bucket="bucket", Key="key")["Body"].close()
    client.close()
    agents = [request.headers["user-agent"] for request in scripted.received]
    assert all("theirs/1" in agent and "s3sessions/" not in agent for agent in agents)
    assert not [request for request in scripted.received if "expect" in request.headers]


def test_the_owner_of_a_given_client_gets_lists_and_deletions_as_ever(
    scripted: ScriptedS3,
) -> None:
    client = boto3.client("s3", endpoint_url=scripted.endpoint_url)
    scripted.answer(Reply(body=AWS.encode()), ALL_DELETED, Reply(body=AWS.encode()), ALL_DELETED)
    store = S3Store("bucket", client=client)
    (entry,) = store.list("p/").entries
    store.delete_many([Target("ours")])
    answer = client.list_objects_v2(Bucket="bucket", Prefix="p/")
    client.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "theirs"}]})
    client.close()
    (listed,) = answer["Contents"]
    assert (listed["Key"], listed["Size"]) == (entry.key, entry.size) == ("p/é+ .json", 1024)
    assert (answer["KeyCount"], answer["Name"]) == (2, "bucket")
    bodies = [request.body for request in scripted.received if request.method == "POST"]
    assert [b">ours<" in body for body in bodies] == [True, False]
    assert [b">theirs<" in body for body in bodies] == [False, True]


def test_a_store_whose_server_asks_it_to_slow_down_does_until_it_was_answered_for_a_while(
    make: Make, scripted: ScriptedS3
) -> None:
    store = make(width=8)
    gauge = Gauge()
    together = threading.Barrier(8)

    def read(number: int) -> bytes:
        with gauge:
            data = store.get("key").data
        if number >= 92:
            together.wait(PATIENCE)
        return data

    scripted.answer(*[refusal(503, "SlowDown")] * 3, *[found(b"data")] * 200)
    store.get("key")
    # Three refusals leave one of eight, and each round of answers brings one back.
    store.fan_out([partial(read, number) for number in range(8)])
    assert gauge.most <= 4
    assert store.fan_out([partial(read, number) for number in range(100)]) == [b"data"] * 100


def test_one_store_does_not_slow_another_down(make: Make, scripted: ScriptedS3) -> None:
    slow, other = make(width=8), make(width=8)
    together = threading.Barrier(8)
    scripted.answer(refusal(429, "SlowDown"), *[found(b"data")] * 9)
    slow.get("key")

    def read() -> None:
        other.get("key")
        together.wait(PATIENCE)

    other.fan_out([read] * 8)


def test_a_fan_out_makes_its_requests_in_parallel_and_keeps_their_order(
    make: Make, scripted: ScriptedS3
) -> None:
    store = make(width=4)
    scripted.answer(*[found(b"data")] * 12)
    blobs = store.fan_out([partial(store.get, f"{number}") for number in range(12)])
    assert [blob.data for blob in blobs] == [b"data"] * 12
    assert len(scripted.received) == 12
