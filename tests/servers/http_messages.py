"""Just enough of HTTP/1 to tell where a message ends; what it says is kept byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

END = b"\r\n"


@dataclass(frozen=True, slots=True)
class Head:
    """The start line and the headers of a request or an answer.

    Attributes:
        raw: as it came, up to and with the empty line.
        start: the three parts of the first line.
        headers: by name in lower case.
    """

    raw: bytes
    start: tuple[str, str, str]
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, raw: bytes) -> Head:
        first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
        one, two, three = (*first.split(" ", 2), "", "")[:3]
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        return cls(raw, (one, two, three), headers)

    @property
    def is_last(self) -> bool:
        """Whether the connection ends with this message."""
        connection = self.headers.get("connection", "").lower()
        if "HTTP/1.0" in self.start:
            return "keep-alive" not in connection
        return "close" in connection

    @property
    def is_chunked(self) -> bool:
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    def without(self, header: str) -> bytes:
        """Give the raw bytes with no such header."""
        name = header.encode() + b":"
        lines = self.raw.split(END)
        return END.join(line for line in lines if not line.lower().startswith(name))


async def read_head(reader: asyncio.StreamReader) -> Head:
    """Read up to the empty line; raises IncompleteReadError where the other side is gone."""
    return Head.parse(await reader.readuntil(END + END))


async def read_body(reader: asyncio.StreamReader, head: Head) -> bytes:
    """Read a body as it is on the wire, sizes of its chunks included; empty if none is told."""
    if head.is_chunked:
        return await _read_chunks(reader)
    return await reader.readexactly(int(head.headers.get("content-length", "0")))


async def read_answer_body(reader: asyncio.StreamReader, head: Head, method: str) -> bytes:
    """Read the body of an answer, which may go on until the connection ends."""
    status = int(head.start[1])
    if method == "HEAD" or status in (204, 304):
        return b""
    if head.is_chunked or "content-length" in head.headers:
        return await read_body(reader, head)
    return await reader.read()


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    pieces = []
    while True:
        size = await reader.readuntil(END)
        pieces.append(size)
        length = int(size.split(b";")[0], 16)
        if length == 0:
            break
        pieces.append(await reader.readexactly(length + len(END)))
    while pieces[-1] != END:
        pieces.append(await reader.readuntil(END))
    return b"".join(pieces)
