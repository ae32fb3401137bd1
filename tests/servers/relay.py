"""One connection of a client to the wire, and the connection to the server that goes with it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from tests.servers.faults import (
    HOLD_SECONDS,
    Answer,
    CutRequest,
    Delay,
    Fault,
    Hold,
    ResetAfter,
    ResetBefore,
    Truncate,
)
from tests.servers.http_messages import Head, read_answer_body, read_body, read_head
from tests.servers.ledger import NO_ANSWER, Passage

LONGEST_HEAD: Final = 1 << 20
HUNG_UP: Final = (ConnectionError, asyncio.IncompleteReadError)

Gate: TypeAlias = Callable[[Head, bytes], tuple[Passage, Fault | None]]
"""Told of each request before it is sent on; says what is to happen to it."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer."""

    head: Head
    body: bytes


class Relay:
    """Passes requests and answers on, one after the other, until either side hangs up."""

    def __init__(
        self,
        gate: Gate,
        address: tuple[str, int],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._gate = gate
        self._reader = reader
        self._writer = writer
        self._server = ServerConnection(address)
        self._is_over = False

    async def run(self) -> None:
        """Serve the connection to its end."""
        try:
            while not self._is_over:
                await self._exchange(await self._read_request())
        except HUNG_UP:
            pass
        finally:
            self._writer.close()
            self._server.close()

    async def _read_request(self) -> Message:
        head = await read_head(self._reader)
        if "100-continue" in head.headers.get("expect", "").lower():
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Message(head, await read_body(self._reader, head))

    async def _exchange(self, request: Message) -> None:
        passage, fault = self._gate(request.head, request.body)
        self._is_over = request.head.is_last
        try:
            match fault:
                case Answer():
                    passage.ended(fault.status)
                    self._writer.write(fault.as_bytes(request.head.start[0]))
                case ResetBefore():
                    self._reset(passage)
                case CutRequest():
                    await self._server.begin(request, fault.after)
                    self._reset(passage)
                case _:
                    await self._exchange_with_server(request, passage, fault)
            await self._writer.drain()
        finally:
            passage.ended(NO_ANSWER)

    async def _exchange_with_server(
        self, request: Message, passage: Passage, fault: Fault | None
    ) -> None:
        match fault:
            case Delay():
                await asyncio.sleep(fault.seconds)
            case Hold(before_server=True):
                await _held(fault)
        answer = await self._server.ask(request)
        match fault:
            case ResetAfter():
                self._reset(passage)
            case Truncate():
                self._cut(answer, passage, fault.after)
            case Hold():
                fault.passed.set()
                if not fault.before_server:
                    await _held(fault)
                self._pass_on(answer, passage)
            case _:
                self._pass_on(answer, passage)

    def _pass_on(self, answer: Message, passage: Passage) -> None:
        self._is_over = self._is_over or answer.head.is_last
        passage.ended(int(answer.head.start[1]))
        self._writer.write(answer.head.raw + answer.body)

    def _cut(self, answer: Message, passage: Passage, after: int) -> None:
        self._is_over = True
        passage.ended(int(answer.head.start[1]))
        self._writer.write(answer.head.raw + answer.body[:after])

    def _reset(self, passage: Passage) -> None:
        """End the connection with a TCP reset in place of an orderly end."""
        self._is_over = True
        passage.ended(NO_ANSWER)
        linger_for_no_time = struct.pack("ii", 1, 0)
        tcp = self._writer.get_extra_info("socket")
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_no_time)
        self._writer.transport.abort()


async def _held(hold: Hold) -> None:
    hold.reached.set()
    await asyncio.to_thread(hold.released.wait, HOLD_SECONDS)


class ServerConnection:
    """The connection to the server, made when it is needed and again when it was lost."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Message) -> Message:
        """Send a request as it came and read the answer.

        The Host header stays the wire's own: the client has signed it, and a server that checks
        the signature takes the host from the header.
        """
        reader, writer = await self._connected()
        # The client has had its "100 Continue" from us; the server's would be an answer too many.
        writer.write(request.head.without("expect") + request.body)
        await writer.drain()
        head = await read_head(reader)
        body = await read_answer_body(reader, head, request.head.start[0])
        if head.is_last:
            self.close()
        return Message(head, body)

    async def begin(self, request: Message, after: int) -> None:
        """Send a request with only the first bytes of its body, and hang up."""
        _, writer = await self._connected()
        writer.write(request.head.without("expect") + request.body[:after])
        await writer.drain()
        self.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()
        if self._streams is None:
            host, port = self._address
            self._streams = await asyncio.open_connection(host, port, limit=LONGEST_HEAD)
        return self._streams

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
