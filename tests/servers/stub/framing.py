"""Bodies in chunks: HTTP's own, and those that the SDKs wrap around bodies with a checksum."""

from __future__ import annotations


def unframed(data: bytes | bytearray, start: int) -> tuple[bytes | None, int]:
    """Give the body that begins there, and where it ends; None where some is still to come."""
    chunks: list[bytes] = []
    while True:
        line_end = data.find(b"\r\n", start)
        if line_end < 0:
            return None, start
        size = int(data[start:line_end].partition(b";")[0], 16)
        start = line_end + 2
        if size == 0:
            break
        if len(data) < start + size + 2:
            return None, start
        chunks.append(bytes(data[start : start + size]))
        start += size + 2
    # Trailers, each on a line, end with an empty one.
    while (line_end := data.find(b"\r\n", start)) > start:
        start = line_end + 2
    return (None, start) if line_end < 0 else (b"".join(chunks), line_end + 2)
