"""HTTP/1.1: one connection, kept alive, with one request at a time."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final, cast
from urllib.parse import parse_qsl, unquote

from tests.servers.stub.control import PATH, Control
from tests.servers.stub.counts import Counts
from tests.servers.stub.framing import unframed
from tests.servers.stub.request import Request
from tests.servers.stub.service import Service

LINGER_FOR_NO_TIME: Final = struct.pack("ii", 1, 0)
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    """Reads requests, has them answered, and sends each answer when it is due."""

    def __init__(self, service: Service, control: Control, counts: Counts) -> None:
        self._service = service
        self._control = control
        self._counts = counts
        self._later = asyncio.get_running_loop().call_later
        self._transport: asyncio.Transport | None = None
        self._unread = bytearray()
        self._is_waiting = False
        self._has_continued = False
        self._is_stale = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own class is none of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._counts.connections += 1
        self._control.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._control.connections.discard(self)

    def forget(self) -> None:
        """Answer whatever comes from now on with a reset, as a server does that has closed it."""
        self._is_stale = True

    def hang_up(self) -> None:
        """Close it in good order."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._is_stale and self._transport is not None:
            tcp = self._transport.get_extra_info("socket")
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_FOR_NO_TIME)
            self._transport.abort()
            return
        self._unread += data
        if not self._is_waiting:
            self._advance()

    def _advance(self) -> None:
        """Have the next request answered, if it is there as a whole."""
        end = self._unread.find(b"\r\n\r\n")
        if end < 0:
            return
        first, *lines = bytes(self._unread[:end]).split(b"\r\n")
        headers: dict[bytes, bytes] = {}
        for line in lines:
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        body = self._body(end + 4, headers)
        if body is not None:
            method, target, _ = first.decode("latin-1").split(" ", 2)
            self._answer(method, target, headers, body)

    def _body(self, start: int, headers: dict[bytes, bytes]) -> bytes | None:
        """Take the request off what is unread; None where some of it is still to come."""
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            body, end = unframed(self._unread, start)
        else:
            end = start + int(headers.get(b"content-length", 0))
            body = bytes(self._unread[start:end]) if len(self._unread) >= end else None
        if body is None:
            if b"expect" in headers and not self._has_continued:
                self._ask_for_more()
            return None
        del self._unread[:end]
        self._has_continued = False
        if headers.get(b"x-amz-content-sha256", b"").startswith(b"STREAMING-"):
            body, _ = unframed(body, 0)
        return body

    def _ask_for_more(self) -> None:
        self._has_continued = True
        self._counts.operations["100-continue"] += 1
        self._later(self._service.pace.rtt_ms / 1000, self._send, CONTINUE)

    def _answer(self, method: str, target: str, headers: dict[bytes, bytes], body: bytes) -> None:
        path, _, query = target.partition("?")
        if path.startswith(PATH):
            self._finish(self._control.handle(path.removeprefix(PATH), body, self))
            return
        bucket, _, key = path[1:].partition("/")
        asked = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        request = Request(method, unquote(bucket), unquote(key), asked, headers, body)
        operation, answer = self._service.handle(request)
        self._counts.operations[operation] += 1
        self._counts.received += len(body)
        self._counts.sent += len(answer)
        delay = self._service.pace.delay(operation)
        if not delay:
            self._finish(answer)
            return
        self._is_waiting = True
        self._counts.begin()
        self._later(delay, self._finish_late, answer)

    def _finish_late(self, answer: bytes) -> None:
        self._is_waiting = False
        self._counts.end()
        self._finish(answer)

    def _finish(self, answer: bytes) -> None:
        self._send(answer)
        if self._unread and self._transport is not None:
            self._advance()

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
