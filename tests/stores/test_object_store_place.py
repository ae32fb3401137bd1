"""The obstore store where it stands: in processes, at deadlines, beside roles, on other clouds."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.deadline import deadline_in
from s3sessions.errors import AccessDenied, StoreUnavailable
from s3sessions.ports import Request
from s3sessions.stores.object_store import ObjectStore
from s3sessions.stores.object_store_async import AsyncObjectStore
from s3sessions.stores.object_store_clouds import CloudBucket
from s3sessions.stores.object_store_s3 import S3Bucket
from s3sessions.stores.s3_hosts import address_of
from tests.servers.s3_stub import Stub
from tests.stores.scripted_s3 import DONE, Reply, ScriptedS3, refusal


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send again without a pause: a test does not wait."""
    monkeypatch.setattr("s3sessions.stores.object_store_exchange.pause_before", lambda _: 0.0)


def test_a_page_of_html_is_no_empty_history(scripted: ScriptedS3) -> None:
    scripted.answer(*[Reply(body=b"<html><body>Sign in to this network</body></html>")] * 9)
    sessions = Sessions(
        "s3://bucket", endpoint_url=scripted.endpoint_url, transport="object_store", width=1
    )
    with sessions, pytest.raises(StoreUnavailable, match="check that the endpoint is an S3 server"):
        sessions.open("s").restore()


def test_a_role_that_gives_no_credentials_is_told_from_a_store_that_is_away(
    scripted: ScriptedS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
    told: list[Request] = []
    store = ObjectStore(S3Bucket("bucket", endpoint_url=scripted.endpoint_url))
    with pytest.raises(AccessDenied, match="no usable credentials"):
        store.observed(told.append).get("key")
    assert (scripted.received, told) == ([], [])


def test_nothing_is_sent_again_once_the_callers_time_is_over(scripted: ScriptedS3) -> None:
    scripted.answer(*[refusal(503, "SlowDown")] * 9)
    store = ObjectStore(S3Bucket("bucket", endpoint_url=scripted.endpoint_url))
    ticks = itertools.count()
    # Each try looks at the time when it begins, and when it has failed.
    with deadline_in(lambda: float(next(ticks)), 6), pytest.raises(StoreUnavailable):
        store.get("key")
    assert len(scripted.received) == 3


def test_a_store_that_asks_for_less_gets_less_and_more_again_later(scripted: ScriptedS3) -> None:
    scripted.answer(refusal(503, "SlowDown"), DONE)
    store = ObjectStore(S3Bucket("bucket", endpoint_url=scripted.endpoint_url), width=4)
    store.put("key", b"")
    pace = store._threads.pace
    assert pace.limit == 2
    for _ in range(2 + 3):
        store.put("key", b"")
    assert pace.limit == 4


def test_what_hangs_ends_with_the_deadline_in_async_code(scripted: ScriptedS3) -> None:
    async def get() -> None:
        store = AsyncObjectStore(S3Bucket("bucket", endpoint_url=scripted.endpoint_url))
        hangs = asyncio.get_running_loop().create_future()

        class Client:
            async def get_async(self, key: str) -> None:
                await hangs

        store._place.client._made = Client()
        with deadline_in(lambda: 0.0, 0.01):
            await store.get("key")

    with pytest.raises(StoreUnavailable, match="no answer in the time given"):
        asyncio.run(asyncio.wait_for(get(), 10))


FORKING = """
import os, sys
from s3sessions.stores.object_store import ObjectStore
from s3sessions.stores.object_store_s3 import S3Bucket
from s3sessions.stores.s3_hosts import address_of
store = ObjectStore(S3Bucket("bucket", endpoint_url=sys.argv[1]))
store.put("parent", b"data")
child = os.fork()
if child == 0:
    store.put("child", b"data")
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
store.put("parent", b"data")
"""


def test_a_process_that_was_forked_off_goes_on_through_boto3(scripted: ScriptedS3) -> None:
    subprocess.run([sys.executable, "-c", FORKING, scripted.endpoint_url], check=True, timeout=60)
    sent = [
        (request.target, request.headers["user-agent"].split("/")[0])
        for request in scripted.received
    ]
    assert sent == [
        ("/bucket/parent", "obstore"),
        ("/bucket/child", "Boto3"),
        ("/bucket/parent", "obstore"),
    ]


WITHOUT_SDK = """
import sys
from s3sessions import Sessions
sessions = Sessions(sys.argv[1], endpoint_url=sys.argv[2], transport="object_store")
sessions.open("s").append({"n": 1})
assert not {"boto3", "botocore", "asyncio", "urllib.parse"} & set(sys.modules), sys.modules
"""


def test_a_first_append_needs_neither_an_sdk_nor_an_event_loop(stub: Stub) -> None:
    url = f"s3://{stub.make_bucket()}"
    program = [sys.executable, "-c", WITHOUT_SDK, url, stub.endpoint_url]
    subprocess.run(program, check=True, timeout=60)


@pytest.mark.parametrize("scheme", ["gs", "az"])
def test_the_client_of_another_cloud_is_made_without_a_request(
    scheme: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    place = CloudBucket(scheme, "name")
    assert type(place.client.get()).__name__ == {"gs": "GCSStore", "az": "AzureStore"}[scheme]


@pytest.mark.parametrize(
    ("bucket", "url", "is_host"),
    [
        ("my-bucket", "https://my-bucket.s3.eu-west-1.amazonaws.com", True),
        ("my.bucket", "https://s3.eu-west-1.amazonaws.com", False),
    ],
)
def test_on_aws_the_bucket_is_the_host_where_a_certificate_covers_it(
    bucket: str, url: str, is_host: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    place = S3Bucket(bucket, region="eu-west-1")
    config = place.client.get().config
    assert place.url == config["endpoint_url_s3"] == url
    assert config["virtual_hosted_style_request"] == str(is_host).lower()
    assert config["checksum_algorithm"].lower() == "sha256"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:9000", ("127.0.0.1", 9000)),
        ("HTTPS://Host.Example/path?q", ("host.example", 443)),
        ("https://host:443", ("host", 443)),
        ("http://me:pw@[::1]:80/", ("::1", 80)),
        ("http://me:pw@host:9x", None),
        ("http://[::1", None),
        ("host:80", None),
        ("ftp://host", None),
        ("http://", None),
    ],
)
def test_the_address_of_an_endpoint(url: str, address: tuple[str, int] | None) -> None:
    assert address_of(url) == address
