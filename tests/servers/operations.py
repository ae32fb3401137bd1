"""Which S3 operation a request is, by the name that AWS gives it; buckets stand in the path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote

from tests.servers.http_messages import Head


class Operation(NamedTuple):
    """An S3 operation and the key or, for a list, the prefix that it is about."""

    name: str
    key: str


OF_OBJECTS: Final = {
    "DELETE": "DeleteObject",
    "GET": "GetObject",
    "HEAD": "HeadObject",
    "PUT": "PutObject",
}

OF_BUCKETS: Final = {
    "DELETE": "DeleteBucket",
    "GET": "ListObjects",
    "HEAD": "HeadBucket",
    "PUT": "CreateBucket",
}

OF_UPLOADS: Final = {
    "DELETE": "AbortMultipartUpload",
    "GET": "ListParts",
    "POST": "CompleteMultipartUpload",
    "PUT": "UploadPart",
}

BY_QUERY: Final[Mapping[str, Mapping[str, str]]] = {
    "delete": {"POST": "DeleteObjects"},
    "legal-hold": {"GET": "GetObjectLegalHold", "PUT": "PutObjectLegalHold"},
    "location": {"GET": "GetBucketLocation"},
    "retention": {"GET": "GetObjectRetention", "PUT": "PutObjectRetention"},
    "uploadId": OF_UPLOADS,
    "uploads": {"GET": "ListMultipartUploads", "POST": "CreateMultipartUpload"},
    "versioning": {"GET": "GetBucketVersioning", "PUT": "PutBucketVersioning"},
    "versions": {"GET": "ListObjectVersions"},
}


def operation_of(request: Head) -> Operation:
    """Name the operation; one that is not known here goes by its method."""
    method, target, _ = request.start
    path, _, query_text = target.partition("?")
    query = dict(parse_qsl(query_text, keep_blank_values=True))
    bucket, _, key = path.lstrip("/").partition("/")
    for name, operations in BY_QUERY.items():
        if name in query and method in operations:
            return Operation(operations[method], unquote(key) or query.get("prefix", ""))
    if key:
        return Operation(_of_object(method, request), unquote(key))
    if not bucket:
        return Operation("ListBuckets", "")
    version = "V2" if query.get("list-type") == "2" else ""
    return Operation(OF_BUCKETS.get(method, method) + version, query.get("prefix", ""))


def _of_object(method: str, request: Head) -> str:
    if method == "PUT" and "x-amz-copy-source" in request.headers:
        return "CopyObject"
    return OF_OBJECTS.get(method, method)
