"""The S3 operations: which one a request is, and what it answers."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from tests.servers.stub.answers import NAMESPACE, answer, error, xml
from tests.servers.stub.listing import list_objects
from tests.servers.stub.objects import Bucket
from tests.servers.stub.pace import Pace
from tests.servers.stub.reading import read
from tests.servers.stub.request import Request
from tests.servers.stub.writing import copy, delete, delete_many, put

NOT_HERE: Final = frozenset(
    {
        *("acl", "cors", "encryption", "legal-hold", "lifecycle", "object-lock", "policy"),
        *("retention", "tagging", "uploadId", "uploads", "versionId", "versioning", "versions"),
    }
)
"""What a query asks for that the stub has not."""


class Service:
    """All buckets.

    Attributes:
        buckets: by name.
        pace: when to refuse.
    """

    def __init__(self, pace: Pace) -> None:
        self.buckets: dict[str, Bucket] = {}
        self.pace = pace

    def handle(self, request: Request) -> tuple[str, bytes]:
        """Give the name of the operation, and its answer."""
        if self.pace.is_refused(request.method):
            return "SlowDown", error(503, "SlowDown", "Please reduce your request rate.")
        if request.query and not NOT_HERE.isdisjoint(request.query):
            return "NotImplemented", error(501, "NotImplemented", "the stub has no such thing")
        if not request.bucket:
            return "ListBuckets", self._list_buckets()
        bucket = self.buckets.get(request.bucket)
        if bucket is None:
            return self._without_bucket(request)
        return (self._on_object if request.key else self._on_bucket)(request, bucket)

    def _list_buckets(self) -> bytes:
        rows = "".join(
            f"<Bucket><Name>{escape(name)}</Name>"
            "<CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket>"
            for name in sorted(self.buckets)
        )
        return xml(
            b"<ListAllMyBucketsResult %s><Owner><ID>stub</ID></Owner><Buckets>%s</Buckets>"
            b"</ListAllMyBucketsResult>" % (NAMESPACE, rows.encode())
        )

    def _without_bucket(self, request: Request) -> tuple[str, bytes]:
        if request.method == "PUT" and not request.key:
            self.buckets[request.bucket] = Bucket()
            return "CreateBucket", answer(200)
        if request.method == "HEAD":
            return "NoSuchBucket", answer(404)
        text = "The specified bucket does not exist"
        return "NoSuchBucket", error(404, "NoSuchBucket", text)

    def _on_bucket(self, request: Request, bucket: Bucket) -> tuple[str, bytes]:
        match request.method:
            case "GET" if request.query.get("list-type") == "2":
                return "ListObjectsV2", list_objects(request.bucket, bucket, request.query)
            case "POST" if "delete" in request.query:
                return "DeleteObjects", delete_many(request, bucket)
            case "GET" if "location" in request.query:
                return "GetBucketLocation", xml(b"<LocationConstraint %s/>" % NAMESPACE)
            case "HEAD":
                return "HeadBucket", answer(200)
            case "PUT":
                return "CreateBucket", answer(200)
            case "DELETE" if bucket.objects:
                return "DeleteBucket", error(409, "BucketNotEmpty")
            case "DELETE":
                del self.buckets[request.bucket]
                return "DeleteBucket", answer(204)
        return "NotImplemented", error(501, "NotImplemented", "the stub has no such thing")

    def _on_object(self, request: Request, bucket: Bucket) -> tuple[str, bytes]:
        match request.method:
            case "GET":
                return "GetObject", read(request, bucket.objects.get(request.key))
            case "PUT" if b"x-amz-copy-source" in request.headers:
                return "CopyObject", copy(request, bucket, self.buckets)
            case "PUT":
                return "PutObject", put(request, bucket)
            case "HEAD":
                return "HeadObject", read(request, bucket.objects.get(request.key))
            case "DELETE":
                return "DeleteObject", delete(request, bucket)
        return "MethodNotAllowed", error(405, "MethodNotAllowed", request.method)
