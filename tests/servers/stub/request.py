"""A request, and the conditions that it states."""

from __future__ import annotations

from typing import NamedTuple

from tests.servers.stub.answers import error
from tests.servers.stub.objects import StoredObject


class Request(NamedTuple):
    """One request as it was received.

    Attributes:
        method: GET, PUT, …
        bucket: empty at the root.
        key: decoded; empty for the bucket itself.
        query: decoded.
        headers: by lower-case name.
        body: whole, and free of any framing.
    """

    method: str
    bucket: str
    key: str
    query: dict[str, str]
    headers: dict[bytes, bytes]
    body: bytes

    def etag(self, header: bytes) -> str | None:
        """Give the etag of a conditional header, without quotes; it may be `*`."""
        value = self.headers.get(header)
        return None if value is None else value.strip(b'"').decode()

    def refusal(self, found: StoredObject | None) -> bytes | None:
        """Give the answer where a write's conditions do not hold."""
        if b"if-none-match" in self.headers and found is not None:
            return failed(self.key)
        wanted = self.etag(b"if-match")
        if wanted is None:
            return None
        if found is None:
            return error(404, "NoSuchKey", "The specified key does not exist.", self.key)
        return None if wanted in ("*", found.etag) else failed(self.key)


def failed(key: str) -> bytes:
    """Answer 412."""
    text = "At least one of the pre-conditions you specified did not hold"
    return error(412, "PreconditionFailed", text, key)
