"""GET and HEAD of one object, whole or a range of it."""

from __future__ import annotations

import re
from typing import Final

from tests.servers.stub.answers import answer, error, http_date, tag
from tests.servers.stub.objects import StoredObject
from tests.servers.stub.request import Request, failed

RANGE: Final = re.compile(rb"bytes=(\d*)-(\d*)")


def read(request: Request, found: StoredObject | None) -> bytes:
    """Answer a GET, or a HEAD with no body."""
    is_head = request.method == "HEAD"
    if found is None:
        text = "The specified key does not exist."
        return answer(404) if is_head else error(404, "NoSuchKey", text, request.key)
    if request.etag(b"if-none-match") in ("*", found.etag):
        return answer(304, headers=tag(found.etag))
    if request.etag(b"if-match") not in (None, "*", found.etag):
        return answer(412) if is_head else failed(request.key)
    headers = found.head
    if headers is None:
        dated = b"Last-Modified: %s\r\nAccept-Ranges: bytes\r\n" % http_date(found.modified)
        headers = found.head = tag(found.etag) + dated + found.headers
    if b"range" in request.headers:
        return _ranged(request, found.body, headers)
    return answer(200, b"" if is_head else found.body, headers, len(found.body))


def _ranged(request: Request, body: bytes, headers: bytes) -> bytes:
    asked = RANGE.fullmatch(request.headers[b"range"])
    if asked is None or not (asked[1] or asked[2]):
        return answer(200, body, headers)
    last = len(body) - 1
    if asked[1]:
        start, end = int(asked[1]), min(int(asked[2] or last), last)
    else:
        start, end = max(0, len(body) - int(asked[2])), last
    if start > end:
        return error(416, "InvalidRange", "The requested range is not satisfiable", request.key)
    headers += b"Content-Range: bytes %d-%d/%d\r\n" % (start, end, len(body))
    part = body[start : end + 1]
    return answer(206, b"" if request.method == "HEAD" else part, headers, len(part))
