"""What each failure of S3 and of the SDK becomes: its class, its key, and the way out."""

from __future__ import annotations

import ssl

import botocore.exceptions
import botocore.parsers
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from s3sessions.errors import (
    AccessDenied,
    InvalidId,
    InvalidMessage,
    InvalidSettings,
    NotFound,
    PreconditionFailed,
    S3SessionsError,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.ports import ABSENT, Target
from s3sessions.stores.s3_errors import map_error
from s3sessions.stores.s3_protocol import Call, S3Protocol

PROTOCOL = S3Protocol("bucket", {})
GET = PROTOCOL.get("key")
CREATE = PROTOCOL.put("key", b"data", ABSENT)
REPLACE = PROTOCOL.put("key", b"data", "etag")
DELETE = PROTOCOL.delete("key", "etag")
DELETE_MANY = PROTOCOL.delete_many([Target("key")])
LIST = PROTOCOL.list("prefix/", None, None, None, 1000)
COPY = PROTOCOL.copy("key", "target")


def answered(status: int, code: str, message: str = "", **more: str) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message, **more},
            "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0},
        },
        "Operation",
    )


def mapped(error: Exception, call: Call) -> S3SessionsError:
    found = map_error(error, call)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("call", "status", "code", "kind", "text"),
    [
        (GET, 404, "NoSuchKey", NotFound, "no such object in bucket 'bucket' | key=key"),
        (GET, 404, "404", NotFound, "key=key"),
        (COPY, 404, "NoSuchKey", NotFound, "key=key"),
        (GET, 404, "NoSuchBucket", InvalidSettings, "create it or correct the url"),
        (CREATE, 404, "NoSuchBucket", InvalidSettings, "bucket 'bucket' does not exist"),
        (LIST, 404, "404", InvalidSettings, "bucket 'bucket' does not exist"),
        (DELETE_MANY, 404, "404", InvalidSettings, "bucket 'bucket' does not exist"),
        (REPLACE, 404, "NoSuchKey", PreconditionFailed, "read it again | key=key"),
        (REPLACE, 412, "PreconditionFailed", PreconditionFailed, "not the version that was read"),
        (CREATE, 412, "PreconditionFailed", PreconditionFailed, "exists already"),
        (CREATE, 412, "412", PreconditionFailed, "key=key"),
        (COPY, 412, "PreconditionFailed", PreconditionFailed, "exists already: read it before"),
        (COPY, 412, "PreconditionFailed", PreconditionFailed, "key=target"),
        (CREATE, 409, "ConditionalRequestConflict", WriteRace, "nothing was written: try again"),
        (REPLACE, 409, "OperationAborted", WriteRace, "key=key"),
        (CREATE, 409, "Conflict", WriteRace, "key=key"),
        (GET, 403, "AccessDenied", AccessDenied, "refuses s3:GetObject"),
        (GET, 403, "AccessDenied", AccessDenied, "where s3:ListBucket is not allowed"),
        (CREATE, 403, "AccessDenied", AccessDenied, "refuses s3:PutObject: allow it"),
        (REPLACE, 403, "AccessDenied", AccessDenied, "needs s3:GetObject too"),
        (DELETE, 403, "403", AccessDenied, "refuses s3:DeleteObject"),
        (LIST, 403, "AccessDenied", AccessDenied, "refuses s3:ListBucket"),
        (GET, 400, "ExpiredToken", AccessDenied, "credentials have expired: renew them"),
        (GET, 400, "ExpiredTokenException", AccessDenied, "renew them"),
        (GET, 403, "RequestExpired", AccessDenied, "renew them"),
        (GET, 403, "InvalidAccessKeyId", AccessDenied, "does not know these credentials"),
        (GET, 403, "SignatureDoesNotMatch", AccessDenied, "correct them"),
        (GET, 403, "RequestTimeTooSkewed", AccessDenied, "clock is wrong: set it"),
        (GET, 301, "PermanentRedirect", InvalidSettings, "in another region: set its region"),
        (GET, 400, "AuthorizationHeaderMalformed", InvalidSettings, "set its region"),
        (GET, 400, "IllegalLocationConstraintException", InvalidSettings, "set its region"),
        (GET, 301, "301", InvalidSettings, "set its region"),
        (GET, 400, "InvalidBucketName", InvalidSettings, "'bucket' is not valid"),
        (CREATE, 400, "KeyTooLongError", InvalidId, "shorten or change it | key=key"),
        (PROTOCOL.get("a/../b"), 400, "InvalidRequest", InvalidId, "key=a/../b"),
        (CREATE, 400, "InvalidRequest", InvalidSettings, "correct put_args"),
        (CREATE, 400, "InvalidStorageClass", InvalidSettings, "correct put_args"),
        (CREATE, 400, "KMS.DisabledException", InvalidSettings, "SSEKMSKeyId"),
        (CREATE, 501, "NotImplemented", InvalidSettings, "use another one"),
        (CREATE, 400, "EntityTooLarge", InvalidMessage, "send less | key=key"),
        (CREATE, 413, "413", InvalidMessage, "send less"),
        (GET, 403, "InvalidObjectState", StoreUnavailable, "archived: restore it"),
        (GET, 503, "SlowDown", StoreUnavailable, "try again later | key=key"),
        (GET, 429, "TooManyRequests", StoreUnavailable, "try again later"),
        (CREATE, 400, "RequestTimeout", StoreUnavailable, "try again later"),
        (CREATE, 500, "Unheard-Of", StoreUnavailable, "Unheard-Of"),
        (CREATE, 502, "502", StoreUnavailable, "502"),
        (CREATE, 418, "Unheard-Of", S3SessionsError, "see the cause | key=key | cause: Unheard-Of"),
    ],
)
def test_an_answer_of_s3_becomes_an_error_that_says_what_to_do(
    call: Call, status: int, code: str, kind: type[S3SessionsError], text: str
) -> None:
    error = mapped(answered(status, code), call)
    assert type(error) is kind
    assert text in str(error)


def test_a_bucket_elsewhere_is_named_with_its_region() -> None:
    error = mapped(answered(301, "PermanentRedirect", Region="eu-west-1"), GET)
    assert "in region 'eu-west-1': set region" in str(error)
    told = answered(301, "301")
    told.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] = "ap-south-1"
    assert "in region 'ap-south-1'" in str(mapped(told, LIST))


def test_a_refusal_names_the_action_that_s3_names() -> None:
    message = "User: me is not authorized to perform: kms:GenerateDataKey on resource: key"
    error = mapped(answered(403, "AccessDenied", message), CREATE)
    assert isinstance(error, AccessDenied)
    assert error.action == "kms:GenerateDataKey"
    assert "refuses kms:GenerateDataKey" in str(error)


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (botocore.exceptions.NoCredentialsError(), AccessDenied, "set AWS_ACCESS_KEY_ID"),
        (
            botocore.exceptions.PartialCredentialsError(provider="env", cred_var="AWS_SECRET"),
            AccessDenied,
            "missing: AWS_SECRET",
        ),
        (
            botocore.exceptions.UnauthorizedSSOTokenError(),
            AccessDenied,
            "sign in again",
        ),
        (botocore.exceptions.ProfileNotFound(profile="p"), InvalidSettings, "profile (p)"),
        (botocore.exceptions.NoRegionError(), InvalidSettings, "specify a region"),
        (
            botocore.exceptions.ParamValidationError(report='Invalid bucket name "x": no'),
            InvalidSettings,
            "bucket name 'bucket' is not valid",
        ),
        (
            botocore.exceptions.EndpointConnectionError(endpoint_url="http://u:hunter2@h/b"),
            StoreUnavailable,
            "http://h/b",
        ),
        (
            botocore.exceptions.ReadTimeoutError(endpoint_url="http://h/"),
            StoreUnavailable,
            "try again later",
        ),
        (
            botocore.exceptions.SSLError(endpoint_url="h", error="CERTIFICATE_VERIFY_FAILED"),
            InvalidSettings,
            "set AWS_CA_BUNDLE",
        ),
        (
            botocore.exceptions.SSLError(endpoint_url="h", error=ssl.SSLEOFError("EOF")),
            StoreUnavailable,
            "EOF",
        ),
        (botocore.parsers.ResponseParserError("not XML"), StoreUnavailable, "not XML"),
        (ConnectionResetError("reset"), StoreUnavailable, "reset"),
        (BotoCoreError(), S3SessionsError, "see the cause"),
    ],
)
def test_an_error_of_the_sdk_becomes_one_that_says_what_to_do(
    error: Exception, kind: type[S3SessionsError], text: str
) -> None:
    found = mapped(error, CREATE)
    assert type(found) is kind
    assert text in str(found)
    assert "hunter2" not in str(found)


def test_what_a_credential_process_prints_is_not_repeated() -> None:
    error = botocore.exceptions.CredentialRetrievalError(
        provider="custom-process", error_msg="secret=hunter2"
    )
    text = str(mapped(error, GET))
    assert "custom-process" in text
    assert "hunter2" not in text


@pytest.mark.parametrize("value", ["hunter2", "hunter2, type: <class 'str'>, or so", "two\nlines"])
def test_a_value_given_for_an_argument_is_not_repeated(value: str) -> None:
    report = f"Invalid type for parameter Tagging, value: {value}, type: <class 'x'>, valid types:"
    text = str(mapped(botocore.exceptions.ParamValidationError(report=report), CREATE))
    assert "parameter Tagging" in text
    assert value.split(",")[0] not in text


def test_an_error_that_is_not_of_the_sdk_is_left_alone() -> None:
    assert map_error(ZeroDivisionError("theirs"), GET) is None


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in vars(botocore.exceptions).values()
        if isinstance(kind, type) and issubclass(kind, BotoCoreError)
    ],
)
def test_no_error_class_of_the_sdk_is_unknown(kind: type[BotoCoreError]) -> None:
    # Each class wants arguments of its own; its name is all that counts here.
    error = type(kind.__name__, (kind,), {"__init__": Exception.__init__})("text")
    assert isinstance(map_error(error, GET), S3SessionsError)
