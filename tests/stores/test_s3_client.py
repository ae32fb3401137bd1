"""How clients are set up: the arguments that a put takes, the parser of times, the options."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.utils import parse_timestamp as parse_any

from s3sessions.stores.s3_client import ClientOptions, parse_timestamp
from s3sessions.stores.s3_protocol import PUT_ARGS

OURS = {"Bucket", "Key", "Body", "IfMatch", "IfNoneMatch"}
OF_ONE_OBJECT = {"ContentLength", "ContentMD5", "WriteOffsetBytes"}
# Newer than the oldest SDK that is supported.
NEWER = {
    "ObjectLockEventHold",
    "ObjectLockEventHoldDurationDays",
    "ObjectLockEventHoldDurationYears",
}


def put_members() -> set[str]:
    model = botocore.session.Session().get_service_model("s3")
    members = set(model.operation_model("PutObject").input_shape.members)
    checksums = {name for name in members if name.startswith("Checksum")} - {"ChecksumAlgorithm"}
    return members - OURS - OF_ONE_OBJECT - checksums


def test_every_argument_of_put_object_that_fits_all_objects_is_known() -> None:
    assert put_members() <= PUT_ARGS


def test_no_argument_is_known_that_put_object_does_not_take() -> None:
    assert PUT_ARGS - put_members() <= NEWER


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T09:00:00.000Z",
        "2026-11-20T09:00:00.123456Z",
        "2026-11-20T09:00:00Z",
        "2026-11-20T09:00:00+02:00",
        "20261120T090000Z",
        "Fri, 20 Nov 2026 09:00:00 GMT",
        "Tue, 01 Dec 2026 23:59:59 GMT",
        "1795165200",
        "1795165200.5",
    ],
)
def test_a_time_is_read_as_the_sdk_reads_it(text: str) -> None:
    moment = parse_timestamp(text)
    assert moment == parse_any(text)
    assert moment.utcoffset() is not None


def test_a_time_in_seconds_is_read_as_the_sdk_reads_it() -> None:
    assert parse_timestamp(1795165200) == parse_any(1795165200)


def test_what_is_no_time_is_refused_like_the_sdk_does() -> None:
    with pytest.raises(ValueError, match="no time"):
        parse_timestamp("no time Z GMT")


@pytest.mark.parametrize(
    ("url", "elsewhere"),
    [
        (None, False),
        ("https://s3.eu-central-1.amazonaws.com", False),
        ("https://bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com", False),
        ("https://s3.cn-north-1.amazonaws.com.cn:443/", False),
        ("https://s3.dualstack.us-west-2.api.aws", False),
        ("http://127.0.0.1:8333", True),
        ("https://amazonaws.com.example.org", True),
        ("https://notamazonaws.com", True),
    ],
)
def test_other_servers_than_aws_get_paths_and_no_checksums_of_the_sdks_own(
    url: str | None, elsewhere: bool
) -> None:
    arguments = ClientOptions(url, None, None, 7, 1.5, 2.5).config_arguments()
    assert (arguments.get("s3") == {"addressing_style": "path"}) is elsewhere
    assert (arguments.get("request_checksum_calculation") == "when_required") is elsewhere
    assert (arguments.get("response_checksum_validation") == "when_required") is elsewhere
    # Named for AWS, it would switch off the sessions of directory buckets.
    assert arguments.get("signature_version") == ("s3v4" if elsewhere else None)
    assert arguments["max_pool_connections"] == 7
    assert (arguments["connect_timeout"], arguments["read_timeout"]) == (1.5, 2.5)
    assert arguments["tcp_keepalive"] is True
    assert arguments["retries"] == {"mode": "standard", "total_max_attempts": 5}
