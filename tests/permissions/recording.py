"""What S3 asks IAM for each request that went over a wire, and which public verbs were used."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from s3sessions import AgentSession, MultiAgentSession, Sessions
from tests.servers.wire import Sent, WireProxy

FACES: Final = (Sessions, AgentSession, MultiAgentSession)

_BY_KEY: Final = {
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "DeleteObject": "s3:DeleteObject",
    "GetObject": "s3:GetObject",
    "GetObjectLegalHold": "s3:GetObjectLegalHold",
    "GetObjectRetention": "s3:GetObjectRetention",
    "HeadObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
}
_BY_PREFIX: Final = {
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjectsV2": "s3:ListBucket",
}


class Asked(NamedTuple):
    """An action, and the key that it is about or the prefix that is listed."""

    action: str
    key: str

    @property
    def is_on_bucket(self) -> bool:
        return self.action in _BY_PREFIX.values()


@dataclass(frozen=True)
class Recorded:
    """What went over the wire in one scene.

    Attributes:
        bucket: where it played.
        prefix: of the sessions.
        destination: prefix of exports.
        asked: of IAM.
        verbs: of the faces that were used.
        sent: the requests.
    """

    bucket: str
    prefix: str
    destination: str
    asked: frozenset[Asked]
    verbs: frozenset[str]
    sent: Sequence[Sent]


def asked_of(wire: WireProxy) -> frozenset[Asked]:
    """Give what S3 asks IAM for all that has gone over the wire."""
    asked = {each for sent in wire.sent for each in _asked_for(sent)}
    # That an object is missing S3 says only to those who may list its key; others are refused.
    missing = {one.key for one in wire.log if (one.operation, one.status) == ("GetObject", 404)}
    return frozenset(asked | {Asked("s3:ListBucket", key) for key in missing})


def _asked_for(sent: Sent) -> Iterator[Asked]:
    if sent.operation == "DeleteObjects":
        yield from _asked_for_deletions(sent.body)
    elif sent.operation == "CopyObject":
        _, _, source = unquote(sent.headers["x-amz-copy-source"]).lstrip("/").partition("/")
        yield Asked("s3:GetObject", source)
        yield Asked("s3:PutObject", sent.key)
    elif sent.operation in _BY_PREFIX:
        yield Asked(_BY_PREFIX[sent.operation], sent.key)
    else:
        yield Asked(_BY_KEY[sent.operation], sent.key)
        if "if-match" in sent.headers:
            yield Asked("s3:GetObject", sent.key)


def _asked_for_deletions(body: bytes) -> Iterator[Asked]:
    for named in ET.fromstring(body).findall("{*}Object"):
        key = named.findtext("{*}Key") or ""
        if named.find("{*}VersionId") is not None:
            yield Asked("s3:DeleteObjectVersion", key)
            continue
        yield Asked("s3:DeleteObject", key)
        if named.find("{*}ETag") is not None:
            yield Asked("s3:GetObject", key)


class Noted:
    """An object of a face that notes which of its public verbs are used."""

    def __init__(self, inner: Any, verbs: set[str]) -> None:
        self.inner = inner
        self._verbs = verbs

    def __getattr__(self, name: str) -> Any:
        self._verbs.add(f"{type(self.inner).__name__}.{name}")
        value = getattr(self.inner, name)
        return self._noting(value) if callable(value) else value

    def _noting(self, verb: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            result = verb(*arguments, **options)
            return Noted(result, self._verbs) if isinstance(result, FACES) else result

        return call


def verbs_of_faces() -> set[str]:
    """Name every public verb of the blocking faces; the other colour has the same."""
    return {f"{face.__name__}.{name}" for face in FACES for name in dir(face) if name[0] != "_"}
