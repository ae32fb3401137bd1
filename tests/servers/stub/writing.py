"""PUT, copy and DELETE, of one object or of a thousand in one request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote
from xml.sax.saxutils import escape, unescape

from tests.servers.stub.answers import NAMESPACE, answer, error, iso_date, tag, xml
from tests.servers.stub.objects import Bucket, StoredObject
from tests.servers.stub.request import Request

DELETE_LIMIT: Final = 1000
KEY_BYTES: Final = 1024
KEPT: Final = (b"content-type", b"content-encoding", b"cache-control")

TARGET: Final = re.compile(r"<Object>(.*?)</Object>", re.DOTALL)
KEY: Final = re.compile(r"<Key>(.*?)</Key>", re.DOTALL)
ETAG: Final = re.compile(r"<ETag>(.*?)</ETag>", re.DOTALL)
QUOTES: Final = {"&quot;": '"', "&apos;": "'", "&#34;": '"', "&#39;": "'", "&#13;": "\r"}


def put(request: Request, bucket: Bucket) -> bytes:
    """Create or replace an object."""
    refusal = _too_long(request) or request.refusal(bucket.objects.get(request.key))
    if refusal is not None:
        return refusal
    stored = StoredObject(request.body, _kept(request.headers))
    bucket.put(request.key, stored)
    return answer(200, headers=tag(stored.etag))


def copy(request: Request, bucket: Bucket, buckets: Mapping[str, Bucket]) -> bytes:
    """Create or replace an object by what another holds."""
    source = unquote(request.headers[b"x-amz-copy-source"].decode()).lstrip("/")
    name, _, key = source.partition("?")[0].partition("/")
    found = buckets[name].objects.get(key) if name in buckets else None
    if found is None:
        return error(404, "NoSuchKey", "The specified key does not exist.", key)
    refusal = _too_long(request) or request.refusal(bucket.objects.get(request.key))
    if refusal is not None:
        return refusal
    stored = StoredObject(found.body, found.headers)
    bucket.put(request.key, stored)
    return xml(
        b"<CopyObjectResult %s><LastModified>%s</LastModified><ETag>&quot;%s&quot;</ETag>"
        b"</CopyObjectResult>"
        % (NAMESPACE, iso_date(stored.modified).encode(), stored.etag.encode())
    )


def delete(request: Request, bucket: Bucket) -> bytes:
    """Delete an object; by its etag, if one is named."""
    refusal = request.refusal(bucket.objects.get(request.key))
    if refusal is not None:
        return refusal
    bucket.remove(request.key)
    return answer(204)


def delete_many(request: Request, bucket: Bucket) -> bytes:
    """Delete up to a thousand, each by its etag where one is named."""
    targets = TARGET.findall(request.body.decode())
    if not 0 < len(targets) <= DELETE_LIMIT:
        return error(400, "MalformedXML", f"{len(targets)} objects")
    is_quiet = b"<Quiet>true</Quiet>" in request.body
    rows = [_delete_one(target, bucket, is_quiet) for target in targets]
    return xml(b"<DeleteResult %s>%s</DeleteResult>" % (NAMESPACE, "".join(rows).encode()))


def _delete_one(target: str, bucket: Bucket, is_quiet: bool) -> str:
    """Give what the answer says of it."""
    named = KEY.search(target)
    key = unescape(named[1], QUOTES) if named else ""
    wanted = ETAG.search(target)
    if wanted is not None:
        found = bucket.objects.get(key)
        if found is None:
            return _failure(key, "NoSuchKey")
        if unescape(wanted[1], QUOTES).strip('"') not in ("*", found.etag):
            return _failure(key, "PreconditionFailed")
    bucket.remove(key)
    return "" if is_quiet else f"<Deleted><Key>{escape(key)}</Key></Deleted>"


def _failure(key: str, code: str) -> str:
    return f"<Error><Key>{escape(key)}</Key><Code>{code}</Code><Message>{code}</Message></Error>"


def _too_long(request: Request) -> bytes | None:
    if len(request.key.encode()) <= KEY_BYTES:
        return None
    return error(400, "KeyTooLongError", "Your key is too long", request.key)


def _kept(headers: Mapping[bytes, bytes]) -> bytes:
    return b"".join(
        b"%s: %s\r\n" % (name, value)
        for name, value in headers.items()
        if name in KEPT or name.startswith(b"x-amz-meta-")
    )
