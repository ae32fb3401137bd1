"""Answers as bytes, ready to be sent."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import Final
from xml.sax.saxutils import escape

XML: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE: Final = b'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
BODILESS: Final = frozenset({204, 304})

REASONS: Final = {
    200: b"OK",
    204: b"No Content",
    206: b"Partial Content",
    304: b"Not Modified",
    400: b"Bad Request",
    404: b"Not Found",
    405: b"Method Not Allowed",
    409: b"Conflict",
    412: b"Precondition Failed",
    416: b"Requested Range Not Satisfiable",
    501: b"Not Implemented",
    503: b"Slow Down",
}


class _Standing:
    """The headers of every answer, rendered anew each second."""

    def __init__(self) -> None:
        self._second = 0
        self._lines = b""

    def lines(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            date = formatdate(second, usegmt=True).encode()
            self._lines = b"x-amz-request-id: STUB\r\nServer: stub\r\nDate: " + date + b"\r\n"
            self._second = second
        return self._lines


_standing = _Standing()


def answer(
    status: int, body: bytes = b"", headers: bytes = b"", length: int | None = None
) -> bytes:
    """Render an answer; `length` is that of a body which is told of but not sent."""
    size = len(body) if length is None else length
    sized = b"" if status in BODILESS else b"Content-Length: %d\r\n" % size
    head = b"HTTP/1.1 %d %s\r\n" % (status, REASONS[status])
    return b"".join((head, _standing.lines(), headers, sized, b"\r\n", body))


def xml(body: bytes) -> bytes:
    """Answer with a document."""
    return answer(200, XML + body, b"Content-Type: application/xml\r\n")


def error(status: int, code: str, message: str = "", key: str = "") -> bytes:
    """Refuse as S3 does."""
    text = (
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
        f"<Key>{escape(key)}</Key><RequestId>STUB</RequestId></Error>"
    )
    return answer(status, XML + text.encode(), b"Content-Type: application/xml\r\n")


def as_json(value: object) -> bytes:
    """Answer whoever steers the stub."""
    return answer(200, json.dumps(value).encode(), b"Content-Type: application/json\r\n")


def tag(etag: str) -> bytes:
    """Give the header that carries an etag."""
    return b'ETag: "%s"\r\n' % etag.encode()


def http_date(moment: float) -> bytes:
    """Give a moment as HTTP does, in whole seconds."""
    return formatdate(moment, usegmt=True).encode()


def iso_date(moment: float) -> str:
    """Give a moment as S3's documents do, in whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment))
