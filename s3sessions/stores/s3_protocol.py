"""What is asked of S3: for each verb of the port, the operation of the client and its arguments.

No I/O and no SDK in here, so that both S3 stores ask the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from s3sessions.errors import InvalidId, InvalidSettings
from s3sessions.ports import ABSENT, DELETE_LIMIT, PAGE_LIMIT, Condition, Target
from s3sessions.record import Record
from s3sessions.stores.s3_deletion import deletion_body

__all__ = ["PUT_ARGS", "Call", "S3Protocol", "checked_key", "fits_xml", "refuse_too_many"]

PUT_ARGS: Final = frozenset(
    {
        "ACL",
        "BucketKeyEnabled",
        "CacheControl",
        "ChecksumAlgorithm",
        "ContentDisposition",
        "ContentEncoding",
        "ContentLanguage",
        "ContentType",
        "ExpectedBucketOwner",
        "Expires",
        "GrantFullControl",
        "GrantRead",
        "GrantReadACP",
        "GrantWriteACP",
        "Metadata",
        "ObjectLockEventHold",
        "ObjectLockEventHoldDurationDays",
        "ObjectLockEventHoldDurationYears",
        "ObjectLockLegalHoldStatus",
        "ObjectLockMode",
        "ObjectLockRetainUntilDate",
        "RequestPayer",
        "SSECustomerAlgorithm",
        "SSECustomerKey",
        "SSECustomerKeyMD5",
        "SSEKMSEncryptionContext",
        "SSEKMSKeyId",
        "ServerSideEncryption",
        "StorageClass",
        "Tagging",
        "WebsiteRedirectLocation",
    }
)
"""Arguments of PutObject that `put_args` may hold: those that can be the same for all objects."""

_EVERYWHERE = ("ExpectedBucketOwner", "RequestPayer")
_CUSTOMER_KEY = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")
# A copy takes these from its source.
_FROM_SOURCE = frozenset(
    {
        "CacheControl",
        "ContentDisposition",
        "ContentEncoding",
        "ContentLanguage",
        "ContentType",
        "Expires",
        "Metadata",
    }
)
_MAX_KEY_BYTES = 1024
# Ends of their names, and of those of their access points.
_DIRECTORY_BUCKETS = ("--x-s3", "--xa-s3")
# XML 1.0 cannot hold some of these, and parsers normalise the others.
_NOT_IN_XML = re.compile("[\x00-\x1f\x7f-\x9f\u2028\ufffe\uffff]")


_OPERATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "get": ("get_object", "s3:GetObject"),
    "put": ("put_object", "s3:PutObject"),
    "delete": ("delete_object", "s3:DeleteObject"),
    "delete_many": ("delete_objects", "s3:DeleteObject"),
    "list": ("list_objects_v2", "s3:ListBucket"),
    "copy": ("copy_object", "s3:GetObject and s3:PutObject"),
    "list_versions": ("list_object_versions", "s3:ListBucketVersions"),
    "delete_versions": ("delete_objects", "s3:DeleteObjectVersion"),
    "delete_version": ("delete_object", "s3:DeleteObjectVersion"),
    "list_uploads": ("list_multipart_uploads", "s3:ListBucketMultipartUploads"),
    "abort_upload": ("abort_multipart_upload", "s3:AbortMultipartUpload"),
    "get_retention": ("get_object_retention", "s3:GetObjectRetention"),
    "get_legal_hold": ("get_object_legal_hold", "s3:GetObjectLegalHold"),
}


class Call(Record):
    """One call of the SDK.

    Attributes:
        verb: the port's verb, or what a store asks beside those.
        bucket: where it goes.
        key: the key or the prefix asked for; of a delete_many or a delete_versions, the first
            key; of a copy, the source.
        arguments: of the client's method.
        only_if: the condition that it carries.
        sent: body bytes.
        body: what goes out in place of the body that the SDK makes.
    """

    verb: str
    bucket: str
    key: str
    arguments: Mapping[str, Any]
    only_if: Condition = None
    sent: int = 0
    body: bytes | None = None

    @property
    def operation(self) -> str:
        """The client's method."""
        return _OPERATIONS[self.verb][0]

    @property
    def action(self) -> str:
        """The IAM action that the call needs."""
        return _OPERATIONS[self.verb][1]


class S3Protocol:
    """Makes the calls on one bucket.

    Attributes:
        bucket: its name, or the ARN of an access point.
        common: the arguments that every call has.

    Raises:
        InvalidSettings: no bucket, or an argument in `put_args` that no PutObject takes.
    """

    def __init__(self, bucket: str, put_args: Mapping[str, Any]) -> None:
        if not bucket:
            raise InvalidSettings("the bucket's name is empty: give s3://bucket/prefix")
        _check_put_args(put_args)
        self.bucket = bucket
        self.common = {"Bucket": bucket, **_pick(put_args, _EVERYWHERE)}
        self._get = {**self.common, **_pick(put_args, _CUSTOMER_KEY)}
        self._put = {"ContentType": "application/json", **put_args, "Bucket": bucket}
        self._copy = {**_copy_args(put_args), "Bucket": bucket}

    def get(self, key: str) -> Call:
        return Call("get", self.bucket, key, {**self._get, "Key": checked_key(key)})

    def put(self, key: str, data: bytes, only_if: Condition) -> Call:
        arguments = {**self._put, "Key": checked_key(key), "Body": data}
        if only_if is ABSENT:
            arguments["IfNoneMatch"] = "*"
        elif only_if is not None:
            arguments["IfMatch"] = _bare(only_if)
        return Call("put", self.bucket, key, arguments, only_if, len(data))

    def delete(self, key: str, only_if: str | None) -> Call:
        arguments = {**self.common, "Key": checked_key(key)}
        if only_if is not None:
            arguments["IfMatch"] = _bare(only_if)
        return Call("delete", self.bucket, key, arguments, only_if)

    def delete_many(self, targets: Sequence[Target]) -> Call:
        """Make one DeleteObjects of keys that XML can hold."""
        named = [(target.key, _bare(target.etag)) for target in targets]
        return self.deletion("delete_many", deletion_body(named, "ETag"), targets[0].key)

    def deletion(self, verb: str, body: bytes, first_key: str) -> Call:
        """Make a DeleteObjects with this body."""
        # The SDK wants to make a body of its own, which nobody will see.
        arguments = {**self.common, "Delete": {"Objects": [], "Quiet": True}}
        return Call(verb, self.bucket, first_key, arguments, sent=len(body), body=body)

    @property
    def lists_in_order(self) -> bool:
        """Whether lists are in byte order and take StartAfter; not those of directory buckets."""
        return not self.bucket.endswith(_DIRECTORY_BUCKETS)

    def list(
        self,
        prefix: str,
        delimiter: str | None,
        token: str | None,
        start_after: str | None,
        limit: int,
    ) -> Call:
        arguments = {**self.common, "Prefix": prefix, "MaxKeys": min(limit, PAGE_LIMIT)}
        if delimiter is not None:
            arguments["Delimiter"] = delimiter
        if token is not None:
            arguments["ContinuationToken"] = token
        elif start_after is not None:
            arguments["StartAfter"] = start_after
        _encoded(prefix)
        return Call("list", self.bucket, prefix, arguments)

    def copy(self, source: str, target: str) -> Call:
        arguments = {
            **self._copy,
            "Key": checked_key(target),
            "CopySource": {"Bucket": self.bucket, "Key": checked_key(source)},
            "IfNoneMatch": "*",
        }
        return Call("copy", self.bucket, source, arguments, ABSENT)

    def split(self, targets: Sequence[Target]) -> tuple[Sequence[Target], Sequence[Target]]:
        """Part the targets that one DeleteObjects can name from the others.

        Raises:
            InvalidSettings: more targets than one request may name.
            InvalidId: a key that the store cannot hold.
        """
        refuse_too_many(targets)
        listed: list[Target] = []
        others: list[Target] = []
        for target in targets:
            (listed if fits_xml(checked_key(target.key)) else others).append(target)
        return listed, others


def fits_xml(key: str) -> bool:
    """Tell whether a DeleteObjects can name the key unaltered."""
    return _NOT_IN_XML.search(key) is None


def refuse_too_many(targets: Sequence[object]) -> None:
    """Raise InvalidSettings for more targets than one DeleteObjects may name."""
    if len(targets) > DELETE_LIMIT:
        raise InvalidSettings(f"{len(targets)} keys in one request: give at most {DELETE_LIMIT}")


def _bare(etag: str | None) -> str | None:
    # Ceph's gateway compares without taking the quotes off; every server takes a bare etag.
    return None if etag is None else etag.strip('"')


def checked_key(key: str) -> str:
    """Give the key back. Raises InvalidId for one that no store can hold."""
    if not key:
        raise InvalidId("a key is empty: give at least one character")
    if len(_encoded(key)) > _MAX_KEY_BYTES:
        raise InvalidId(f"a key is longer than {_MAX_KEY_BYTES} bytes: shorten it", key=key)
    return key


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidId(f"a key is not valid Unicode: {text!r}", cause=error) from error


def _check_put_args(put_args: Mapping[str, Any]) -> None:
    for name in put_args:
        if name not in PUT_ARGS:
            import difflib

            near = difflib.get_close_matches(str(name), PUT_ARGS, n=3) or sorted(PUT_ARGS)
            raise InvalidSettings(
                f"put_args holds {name!r}, which no put can take: known are {', '.join(near)}"
            )
    # The SDKs touch these two before they check any type.
    metadata = put_args.get("Metadata", {})
    if not isinstance(metadata, Mapping) or not all(
        isinstance(text, str) for pair in metadata.items() for text in pair
    ):
        raise InvalidSettings("put_args: Metadata must map strings to strings")
    if not isinstance(put_args.get("SSECustomerKey", ""), (str, bytes)):
        raise InvalidSettings("put_args: SSECustomerKey must be a string or bytes")


def _pick(put_args: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: put_args[name] for name in names if name in put_args}


def _copy_args(put_args: Mapping[str, Any]) -> dict[str, Any]:
    arguments = {name: value for name, value in put_args.items() if name not in _FROM_SOURCE}
    if "Tagging" in arguments:
        arguments["TaggingDirective"] = "REPLACE"
    if "ExpectedBucketOwner" in arguments:
        arguments["ExpectedSourceBucketOwner"] = arguments["ExpectedBucketOwner"]
    for name in _CUSTOMER_KEY:
        if name in arguments:
            arguments[f"CopySource{name}"] = arguments[name]
    return arguments
