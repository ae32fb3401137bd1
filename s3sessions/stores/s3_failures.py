"""What is told about each way in which S3 can fail: the class of the error and its text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

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
from s3sessions.ports import ABSENT
from s3sessions.record import Record
from s3sessions.stores.s3_protocol import Call

__all__ = [
    "Failure",
    "Maker",
    "archived",
    "bad_argument",
    "bad_bucket",
    "bad_credentials",
    "bad_key",
    "bad_request",
    "condition",
    "configuration",
    "denied",
    "expired",
    "kms",
    "lacking",
    "missing",
    "no_bucket",
    "no_credentials",
    "other_region",
    "parameters",
    "race",
    "signed_off",
    "tls",
    "too_large",
    "unavailable",
    "unknown",
    "without_secrets",
    "wrong_clock",
]


class Failure(Record):
    """A call that failed: by S3's code and HTTP status, or by the SDK's class with neither."""

    call: Call
    cause: str
    code: str = ""
    status: int = 0
    region: str | None = None


Maker: TypeAlias = Callable[[Failure], S3SessionsError]


_BATCHES = frozenset({"delete_many", "delete_versions"})

# Verbs to which a 404 can say of nothing else that it is missing.
_OF_THE_BUCKET = frozenset({"put", "list", "list_versions", "list_uploads"}) | _BATCHES

_USER_INFO = re.compile(r"(?<=//)[^/@]*@|[^\s/@]+:[^\s/@]+@")
_GIVEN_VALUE = re.compile(r"value: .*?, (?=type: |valid )", re.DOTALL)


def without_secrets(text: str) -> str:
    """Take the user of a URL and the value of an argument out of an SDK's text."""
    return " ".join(_GIVEN_VALUE.sub("", _USER_INFO.sub("", text)).split())


def _says(
    kind: type[S3SessionsError], text: str, *, key: Callable[[Call], str | None] = lambda _: None
) -> Maker:
    """Make a row of the table that needs nothing but a text; `{bucket}` may stand in it."""
    return lambda failure: kind(
        text.format(bucket=failure.call.bucket), key=key(failure.call), cause=failure.cause
    )


def _about(call: Call) -> str | None:
    return None if call.verb in _BATCHES else call.key or None


def _written(call: Call) -> str:
    key: str = call.arguments.get("Key", call.key)
    return key


def missing(failure: Failure) -> S3SessionsError:
    """Tell of a 404: it depends on the verb whether object, version or bucket is missing."""
    call = failure.call
    if call.verb == "put" and isinstance(call.only_if, str):
        return condition(failure)
    if call.verb in _OF_THE_BUCKET:
        return no_bucket(failure)
    return NotFound(f"no such object in bucket {call.bucket!r}", key=call.key)


def condition(failure: Failure) -> S3SessionsError:
    """Tell of a condition that does not hold."""
    if failure.call.only_if is ABSENT:
        text = "an object with this key exists already: read it before writing again"
    else:
        text = "the object is not the version that was read: read it again"
    return PreconditionFailed(text, key=_written(failure.call), cause=failure.cause)


_NAMED_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")


def denied(failure: Failure) -> S3SessionsError:
    """Tell of a 403, with the action to allow."""
    call = failure.call
    named = _NAMED_ACTION.search(failure.cause)
    action = named[1] if named else call.action
    text = f"bucket {call.bucket!r} refuses {action}: allow it to this caller"
    if call.verb in ("get", "copy"):
        text += " (an object that does not exist is refused too where s3:ListBucket is not allowed)"
    elif isinstance(call.only_if, str):
        text += " (the condition on the etag needs s3:GetObject too)"
    return AccessDenied(text, key=_about(call), cause=failure.cause, action=action)


def other_region(failure: Failure) -> S3SessionsError:
    """Tell of a bucket elsewhere, with its region where the answer names it."""
    where = f"in region {failure.region!r}: set" if failure.region else "in another region: set its"
    return InvalidSettings(f"bucket {failure.call.bucket!r} is {where} region", cause=failure.cause)


def parameters(failure: Failure) -> S3SessionsError:
    """Tell of arguments that the SDK's own validation refuses."""
    name = "Invalid bucket name" in failure.cause
    return (bad_bucket if name else bad_argument)(failure)


def bad_request(failure: Failure) -> S3SessionsError:
    """Tell of a request that is wrong in a way that the store does not name."""
    # All that SeaweedFS says of a key that is no path for it.
    segments = failure.call.key.split("/")
    return (bad_key if {"", ".", ".."} & set(segments) else bad_argument)(failure)


def tls(failure: Failure) -> S3SessionsError:
    """Tell of a connection that failed in TLS."""
    # Any other failure may come in the middle of a request, so that its fate is open.
    refused = "CERTIFICATE_VERIFY_FAILED" in failure.cause
    return (_untrusted if refused else unavailable)(failure)


no_bucket = _says(InvalidSettings, "bucket {bucket!r} does not exist: create it or correct the url")
bad_bucket = _says(InvalidSettings, "bucket name {bucket!r} is not valid: correct the url")
bad_argument = _says(
    InvalidSettings,
    "an argument for bucket {bucket!r} is refused: correct put_args",
    key=_about,
)
kms = _says(
    InvalidSettings, "the KMS key cannot be used: correct SSEKMSKeyId in put_args or enable the key"
)
lacking = _says(
    InvalidSettings, "the store of bucket {bucket!r} lacks what is asked of it: use another one"
)
_untrusted = _says(
    InvalidSettings, "the certificate of {bucket!r}'s store is not trusted: set AWS_CA_BUNDLE"
)
configuration = _says(
    InvalidSettings, "the AWS configuration cannot work: correct it or the settings"
)
no_credentials = _says(
    AccessDenied,
    "no usable credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role",
)
bad_credentials = _says(AccessDenied, "the store does not know these credentials: correct them")
expired = _says(AccessDenied, "the credentials have expired: renew them")
signed_off = _says(AccessDenied, "the sign-on has ended: sign in again (aws sso login)")
wrong_clock = _says(AccessDenied, "this machine's clock is wrong: set it")
race = _says(
    WriteRace,
    "another write of this key was under way and nothing was written: try again",
    key=_written,
)
bad_key = _says(InvalidId, "the store cannot hold this key: shorten or change it", key=_written)
too_large = _says(
    InvalidMessage, "the object is larger than the store takes: send less", key=_written
)
unavailable = _says(
    StoreUnavailable,
    "bucket {bucket!r} did not answer, or cannot now: try again later",
    key=_about,
)
archived = _says(
    StoreUnavailable,
    "the object is archived: restore it to a readable storage class, then try again",
    key=_about,
)
unknown = _says(S3SessionsError, "bucket {bucket!r} refused: see the cause", key=_about)
