"""The stub is steered as it says, and speaks HTTP as clients need it; tests/stores has the rest."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.servers.s3_stub import Stub


@pytest.fixture
def bucket(stub: Stub) -> str:
    return stub.make_bucket()


@pytest.fixture
def s3(stub: Stub) -> Iterator[Any]:
    """A client that tries once."""
    with stub.client(retries={"total_max_attempts": 1, "mode": "standard"}) as s3:
        yield s3


def exchange(stub: Stub, *parts: bytes) -> list[bytes]:
    """Send the parts, each once the one before it is answered, and give the answers."""
    url = urlsplit(stub.endpoint_url)
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=10) as connection:
        answers: list[bytes] = []
        for part in parts:
            connection.sendall(part)
            answers.append(connection.recv(65536))
        return answers


def test_seeded_objects_have_their_number_and_their_age_and_stand_in_byte_order(
    stub: Stub, bucket: str, s3: Any
) -> None:
    stub.seed(bucket, "a/{n}.json", '{"id": {n}}', 101, age=3600)
    stub.seed(bucket, "b", "last", 1)
    entries = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [entry["Key"] for entry in entries] == sorted(f"a/{n}.json" for n in range(101)) + ["b"]
    assert s3.get_object(Bucket=bucket, Key="a/17.json")["Body"].read() == b'{"id": 17}'
    ages = [
        (entries[-1]["LastModified"] - entry["LastModified"]).total_seconds() for entry in entries
    ]
    assert 3590 < ages[0] < 3660
    assert ages[-1] == 0


def test_a_list_goes_on_where_it_was_told_to_start_and_shows_what_was_deleted_no_more(
    stub: Stub, bucket: str, s3: Any
) -> None:
    stub.seed(bucket, "k/{n}", "x", 1200)
    first = s3.list_objects_v2(Bucket=bucket, Prefix="k/", StartAfter="k/1")
    second = s3.list_objects_v2(
        Bucket=bucket, Prefix="k/", ContinuationToken=first["NextContinuationToken"]
    )
    keys = [entry["Key"] for page in (first, second) for entry in page["Contents"]]
    assert keys == sorted(f"k/{n}" for n in range(1200))[2:]
    s3.delete_object(Bucket=bucket, Key="k/10")
    s3.put_object(Bucket=bucket, Key="k/0/new", Body=b"")
    page = s3.list_objects_v2(Bucket=bucket, MaxKeys=4)
    assert [entry["Key"] for entry in page["Contents"]] == ["k/0", "k/0/new", "k/1", "k/100"]
    rolled = s3.list_objects_v2(Bucket=bucket, Prefix="k/", Delimiter="/", MaxKeys=2)
    assert [entry["Prefix"] for entry in rolled["CommonPrefixes"]] == ["k/0/"]


def test_a_range_is_a_part_of_an_object(stub: Stub, bucket: str, s3: Any) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    ranges = ["bytes=2-4", "bytes=7-", "bytes=-2"]
    parts = [s3.get_object(Bucket=bucket, Key="k", Range=part)["Body"].read() for part in ranges]
    assert parts == [b"234", b"789", b"89"]
    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-")


def test_so_many_requests_are_refused_as_it_was_told_and_counted(
    stub: Stub, bucket: str, s3: Any
) -> None:
    with stub.paced(refuse=2):
        for _ in range(2):
            with pytest.raises(ClientError, match="SlowDown"):
                s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        counted = stub.counted()
    assert counted.operations == {"SlowDown": 2, "PutObject": 1, "100-continue": 3}
    assert counted.requests == 3


def test_what_is_above_the_rate_is_refused(stub: Stub, bucket: str, s3: Any) -> None:
    with stub.paced(write_tps=0.001), pytest.raises(ClientError, match="SlowDown"):
        # The tokens of one second are less than one.
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with stub.paced(read_tps=0.001):
        s3.put_object(Bucket=bucket, Key="k", Body=b"")


def test_answers_that_are_held_back_are_in_flight_together(
    stub: Stub, bucket: str, s3: Any
) -> None:
    stub.seed(bucket, "k", "x", 1)
    with ThreadPoolExecutor(8) as pool, stub.paced(latency_ms=200):
        list(pool.map(lambda _: s3.head_object(Bucket=bucket, Key="k"), range(8)))
        counted = stub.counted()
    assert counted.operations == {"HeadObject": 8}
    assert counted.most_in_flight == 8


def test_a_body_is_asked_for_only_where_it_is_not_there_yet(stub: Stub, bucket: str) -> None:
    head = b"PUT /%s/k HTTP/1.1\r\nContent-Length: 4\r\n%s\r\n"
    expecting = head % (bucket.encode(), b"Expect: 100-continue\r\n")
    stub.reset()
    asked, done = exchange(stub, expecting, b"body")
    assert (asked[:12], done[:12]) == (b"HTTP/1.1 100", b"HTTP/1.1 200")
    (done,) = exchange(stub, expecting + b"body")
    assert done[:12] == b"HTTP/1.1 200"
    assert stub.counted().operations == {"100-continue": 1, "PutObject": 2}


def test_chunks_are_put_together(stub: Stub, bucket: str, s3: Any) -> None:
    head = b"PUT /%s/k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" % bucket.encode()
    (done,) = exchange(stub, head + b"3\r\nabc\r\n2;name=value\r\nde\r\n0\r\ntrailer: x\r\n\r\n")
    assert done[:12] == b"HTTP/1.1 200"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"abcde"


def test_what_the_stub_has_not_is_said_to_be_missing(stub: Stub, bucket: str, s3: Any) -> None:
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.list_object_versions(Bucket=bucket)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.list_objects_v2(Bucket="nowhere")
