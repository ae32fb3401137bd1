from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.servers.ceph import Ceph
from tests.servers.daemon import ServerFailed
from tests.servers.faults import HOLD_SECONDS
from tests.servers.moto_server import MotoServer
from tests.servers.s3_server import S3Server
from tests.servers.weed import Weed
from tests.servers.wire import (
    Answer,
    CutRequest,
    Delay,
    Exchange,
    Hold,
    ResetAfter,
    ResetBefore,
    Rule,
    Truncate,
    WireProxy,
)

AWKWARD_KEY = "a b/%2F+é&😀.json"
NO_RETRY = {"retries": {"total_max_attempts": 1, "mode": "standard"}}
THREE_TRIES = {"retries": {"total_max_attempts": 3, "mode": "standard"}}


@pytest.fixture(params=["moto", "weed"])
def server(request: pytest.FixtureRequest) -> S3Server:
    found: S3Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def bucket(server: S3Server) -> str:
    return server.make_bucket()


@pytest.fixture
def wire(server: S3Server, bucket: str) -> Iterator[WireProxy]:
    with WireProxy(server.endpoint_url) as wire:
        yield wire


@pytest.fixture
def s3(server: S3Server, wire: WireProxy) -> Iterator[Any]:
    """A client at the wire that tries once."""
    with server.client(wire.url, **NO_RETRY) as client:
        yield client


@pytest.fixture
def patient_s3(server: S3Server, wire: WireProxy) -> Iterator[Any]:
    """A client at the wire that tries three times."""
    with server.client(wire.url, **THREE_TRIES) as client:
        yield client


def told(wire: WireProxy, method: str) -> bytes:
    """Send a request by hand, and give every byte of what comes back."""
    address = urlsplit(wire.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as raw:
        raw.sendall(f"{method} /bucket HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: raw.recv(65536), b""))


def hangs_up(url: str) -> bool:
    """Tell whether nobody listens there, or whoever did is just ending; else raise TimeoutError."""
    address = urlsplit(url)
    try:
        with socket.create_connection((address.hostname, address.port), timeout=5) as raw:
            return raw.recv(1) == b""
    except ConnectionError:
        return True


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    answer = error.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def test_a_server_keeps_what_it_was_given(server: S3Server, bucket: str) -> None:
    with server.client() as s3:
        s3.put_object(Bucket=bucket, Key="key", Body=b"data")
        assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"data"


def test_a_bucket_is_new_and_empty(server: S3Server, bucket: str) -> None:
    assert server.make_bucket() != bucket
    with server.client() as s3:
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_weed_refuses_a_wrong_secret(weed: Weed, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = weed.make_bucket()
    monkeypatch.setattr(weed, "secret_key", "wrong")
    with weed.client() as s3, pytest.raises(ClientError) as error:
        s3.list_objects_v2(Bucket=bucket)
    assert refusal(error) == (403, "SignatureDoesNotMatch")


def test_weed_makes_no_bucket_that_nobody_asked_for(weed: Weed) -> None:
    with weed.client() as s3, pytest.raises(ClientError) as error:
        s3.put_object(Bucket="nobody-made-this", Key="key", Body=b"")
    assert refusal(error) == (404, "NoSuchBucket")


def test_weed_keeps_its_word_when_it_is_killed() -> None:
    with Weed() as weed:
        bucket, url = weed.make_bucket(), weed.endpoint_url
        with weed.client() as s3:
            s3.put_object(Bucket=bucket, Key="key", Body=b"data")
        process = weed.pid
        weed.kill()
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
        weed.start()
        assert weed.endpoint_url == url
        with weed.client() as s3:
            assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"data"
            weed.stop()
            with pytest.raises(BotoCoreError):
                s3.get_object(Bucket=bucket, Key="key")


def test_weed_does_not_outlive_a_process_that_was_killed() -> None:
    program = """if True:
        import os, signal
        from tests.servers.weed import Weed
        weed = Weed()
        weed.start()
        print(weed.endpoint_url, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    # Returns when nobody holds the output any more: when the watcher of the server has ended.
    killed = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert killed.returncode == -signal.SIGKILL
    assert hangs_up(killed.stdout.strip())


def test_where_ceph_is_missing_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ServerFailed, match="no ceph, .*radosgw.*: .*apt-get install .*radosgw"):
        Ceph().__enter__()


def test_weed_says_why_it_does_not_start(weed: Weed, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = [int(weed.endpoint_url.rpartition(":")[2])] * 8
    monkeypatch.setattr("tests.servers.weed.free_ports", lambda _: taken)
    with pytest.raises(ServerFailed, match="ended before"), Weed():
        pass


@pytest.mark.parametrize("key", ["key", AWKWARD_KEY])
def test_a_wire_changes_no_byte_in_either_direction(
    s3: Any, wire: WireProxy, bucket: str, key: str
) -> None:
    data = os.urandom(3_000_000)
    s3.put_object(Bucket=bucket, Key=key, Body=data)
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == data
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [entry["Key"] for entry in listed] == [key]
    assert wire.log == [
        Exchange("PutObject", key, 200),
        Exchange("GetObject", key, 200),
        Exchange("ListObjectsV2", "", 200),
    ]


def test_a_wire_knows_operations_by_their_names(
    s3: Any, wire: WireProxy, bucket: str, server: S3Server
) -> None:
    source = {"Bucket": bucket, "Key": "a/1"}
    with pytest.raises(ClientError):
        s3.head_object(Bucket=bucket, Key="a/1")
    s3.put_object(**source, Body=b"x")
    s3.copy_object(Bucket=bucket, Key="a/2", CopySource=source)
    s3.list_objects_v2(Bucket=bucket, Prefix="a/", Delimiter="/")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a/1"}]})
    s3.delete_object(Bucket=bucket, Key="a/2")
    s3.list_object_versions(Bucket=bucket, Prefix="a/")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="big", UploadId=upload)
    s3.head_bucket(Bucket=bucket)
    assert wire.log == [
        ("HeadObject", "a/1", 404),
        ("PutObject", "a/1", 200),
        ("CopyObject", "a/2", 200),
        ("ListObjectsV2", "a/", 200),
        ("DeleteObjects", "", 200),
        ("DeleteObject", "a/2", 204),
        ("ListObjectVersions", "a/", 200),
        ("CreateMultipartUpload", "big", 200),
        ("UploadPart", "big", 200),
        ("AbortMultipartUpload", "big", 204),
        ("HeadBucket", "", 200),
    ]


def test_a_wire_counts_from_its_last_reset(s3: Any, wire: WireProxy, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"")
    wire.reset()
    assert (wire.counts(), wire.log, wire.peak) == ({}, [], 0)
    for _ in range(2):
        s3.get_object(Bucket=bucket, Key="key")["Body"].read()
    assert wire.counts() == {"GetObject": 2}


def test_a_wire_shows_the_headers_that_were_sent(s3: Any, wire: WireProxy, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"", IfNoneMatch="*")
    s3.get_object(Bucket=bucket, Key="key")["Body"].read()
    (headers,) = wire.headers("PutObject")
    assert headers["if-none-match"] == "*"


def test_a_wire_knows_how_many_requests_were_under_way(
    s3: Any, wire: WireProxy, bucket: str
) -> None:
    wire.rules([Rule(Delay(0.3))])
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda n: s3.head_bucket(Bucket=bucket), range(6)))
    assert wire.peak == 6
    wire.reset()
    for _ in range(2):
        s3.head_bucket(Bucket=bucket)
    assert wire.peak == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "AccessDenied"),
        (409, "ConditionalRequestConflict"),
        (412, "PreconditionFailed"),
        (500, "InternalError"),
        (503, "SlowDown"),
    ],
)
def test_a_refusal_comes_from_the_wire_alone(
    s3: Any, wire: WireProxy, bucket: str, status: int, code: str
) -> None:
    wire.rules([Rule(Answer(status, code), operation="Put*")])
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="key", Body=b"x")
    assert refusal(error) == (status, code)
    assert wire.log == [("PutObject", "key", status)]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_refusal_of_a_head_has_no_body(wire: WireProxy) -> None:
    wire.rules([Rule(Answer(503, "SlowDown"))])
    assert told(wire, "GET").endswith(b"</Error>")
    assert told(wire, "HEAD").endswith(b"\r\n\r\n")


def test_a_reset_is_no_orderly_end(wire: WireProxy) -> None:
    wire.rules([Rule(ResetBefore())])
    with pytest.raises(ConnectionResetError):
        told(wire, "GET")


def test_a_reset_before_the_server_leaves_nothing_done(
    s3: Any, wire: WireProxy, bucket: str
) -> None:
    wire.rules([Rule(ResetBefore(), operation="PutObject", count=1)])
    with pytest.raises(BotoCoreError):
        s3.put_object(Bucket=bucket, Key="key", Body=b"x")
    assert wire.log == [("PutObject", "key", 0)]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_reset_after_the_server_leaves_it_done(s3: Any, wire: WireProxy, bucket: str) -> None:
    wire.rules([Rule(ResetAfter(), operation="PutObject", count=1)])
    with pytest.raises(BotoCoreError):
        s3.put_object(Bucket=bucket, Key="key", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"x"


def test_a_lost_answer_to_a_create_turns_into_412_when_it_is_tried_again(
    patient_s3: Any, wire: WireProxy, bucket: str
) -> None:
    wire.rules([Rule(ResetAfter(), operation="PutObject", count=1)])
    with pytest.raises(ClientError) as error:
        patient_s3.put_object(Bucket=bucket, Key="key", Body=b"x", IfNoneMatch="*")
    assert refusal(error) == (412, "PreconditionFailed")
    assert wire.log == [("PutObject", "key", 0), ("PutObject", "key", 412)]


def test_a_truncated_body_is_shorter_than_its_head_says(
    s3: Any, wire: WireProxy, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"0123456789")
    wire.rules([Rule(Truncate(after=4), operation="GetObject", count=1)])
    answer = s3.get_object(Bucket=bucket, Key="key")
    assert answer["ContentLength"] == 10
    with pytest.raises(BotoCoreError):
        answer["Body"].read()
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"0123456789"


def test_a_request_that_is_cut_in_its_body_leaves_the_old_object(
    s3: Any, wire: WireProxy, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"old")
    wire.rules([Rule(CutRequest(after=500), operation="PutObject")])
    for key in ("key", "new"):
        with pytest.raises(BotoCoreError):
            s3.put_object(Bucket=bucket, Key=key, Body=b"x" * 1000)
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"old"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


@pytest.mark.parametrize("before_server", [True, False])
def test_a_held_request_goes_its_way_when_its_sender_is_gone(
    server: S3Server, wire: WireProxy, s3: Any, bucket: str, before_server: bool
) -> None:
    hold = Hold(before_server)
    wire.rules([Rule(hold, operation="PutObject", count=1)])
    with (
        server.client(wire.url, **NO_RETRY, read_timeout=0.2) as hasty,
        pytest.raises(BotoCoreError),
    ):
        hasty.put_object(Bucket=bucket, Key="key", Body=b"x")
    assert hold.reached.wait(HOLD_SECONDS)
    assert hold.passed.is_set() is not before_server
    hold.released.set()
    wire.settle()
    assert hold.passed.is_set()
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_what_strikes_by_chance_is_the_same_for_the_same_seed(
    s3: Any, wire: WireProxy, bucket: str
) -> None:
    def statuses(seed: int) -> list[int]:
        wire.reset()
        wire.rules([Rule(Answer(503, "SlowDown"), chance=0.5)], seed=seed)
        for _ in range(12):
            with contextlib.suppress(ClientError):
                s3.list_objects_v2(Bucket=bucket)
        struck = wire.struck
        assert struck == {"503 SlowDown": [e.status for e in wire.log].count(503)}
        return [exchange.status for exchange in wire.log]

    first = statuses(1)
    assert statuses(1) == first
    assert set(first) == {200, 503}
    assert statuses(2) != first


def test_a_rule_is_for_its_operation_and_its_key(s3: Any, wire: WireProxy, bucket: str) -> None:
    wire.rules([Rule(Answer(403, "AccessDenied"), operation="PutObject", key="*/message_1.json")])
    for number in (0, 10):
        s3.put_object(Bucket=bucket, Key=f"a/message_{number}.json", Body=b"")
    with pytest.raises(ClientError):
        s3.put_object(Bucket=bucket, Key="a/message_1.json", Body=b"")
    s3.delete_object(Bucket=bucket, Key="a/message_1.json")


def test_a_rule_skips_some_and_then_counts(patient_s3: Any, wire: WireProxy, bucket: str) -> None:
    wire.rules([Rule(Answer(500, "InternalError"), skip=1, count=2)])
    patient_s3.head_bucket(Bucket=bucket)
    patient_s3.head_bucket(Bucket=bucket)
    assert [status for _, _, status in wire.log] == [200, 500, 500, 200]


def test_new_rules_begin_to_count_anew(s3: Any, wire: WireProxy, bucket: str) -> None:
    rule = Rule(Answer(403, "AccessDenied"), count=1)
    for _ in range(2):
        wire.rules([rule])
        with pytest.raises(ClientError):
            s3.head_bucket(Bucket=bucket)
        s3.head_bucket(Bucket=bucket)


def test_the_first_rule_that_is_due_decides(s3: Any, wire: WireProxy, bucket: str) -> None:
    wire.rules([Rule(Answer(403, "AccessDenied"), count=1), Rule(Answer(409, "Conflict"), count=2)])
    for _ in range(3):
        with pytest.raises(ClientError):
            s3.head_bucket(Bucket=bucket)
    s3.head_bucket(Bucket=bucket)
    assert [status for _, _, status in wire.log] == [403, 409, 409, 200]


def test_a_wire_hangs_up_on_a_client_that_has_nothing_to_ask(wire: WireProxy) -> None:
    url = urlsplit(wire.url)
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=5) as client:
        client.sendall(b"HEAD /nothing/there HTTP/1.1\r\nHost: wire\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 ")
        wire.hang_up()
        assert client.recv(1) == b""


def test_a_wire_to_a_server_that_is_down_hangs_up() -> None:
    with MotoServer() as moto:
        gone = moto.endpoint_url
    with WireProxy(gone) as wire, moto.client(wire.url, **NO_RETRY) as s3:
        with pytest.raises(BotoCoreError):
            s3.list_buckets()
        assert wire.log == [("ListBuckets", "", 0)]


def test_a_wire_must_know_where_to() -> None:
    with pytest.raises(ValueError, match="must be http"):
        WireProxy("https://somewhere")
