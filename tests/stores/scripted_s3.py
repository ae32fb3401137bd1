"""An HTTP server on loopback that answers what a test has written down, and keeps what came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, TypeAlias
from xml.sax.saxutils import escape

from s3sessions.ports import SyncStore

Make: TypeAlias = Callable[..., SyncStore]
"""Gives a store of the bucket `bucket` on the scripted server; takes the store's options."""

MODIFIED = "Fri, 20 Nov 2026 09:00:00 GMT"


@dataclass(frozen=True)
class Reply:
    """An answer; of its body only the first `whole` bytes are sent, then the connection ends."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    whole: int | None = None


@dataclass(frozen=True)
class Received:
    """A request as it came; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


DONE = Reply(headers={"ETag": '"new-etag"'})
EMPTY_LIST = Reply(body=b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
COPIED = Reply(body=b'<CopyObjectResult><ETag>"new-etag"</ETag></CopyObjectResult>')
ALL_DELETED = Reply(body=b"<DeleteResult></DeleteResult>")
NO_ANSWER = Reply(whole=-1)


def found(body: bytes, whole: int | None = None) -> Reply:
    return Reply(body=body, headers={"ETag": '"an-etag"', "Last-Modified": MODIFIED}, whole=whole)


def listed(*keys: str, size: int = 3, more: str = "") -> Reply:
    """A page of a list; a key that ends in a slash has no byte, as S3's console makes them."""
    contents = "".join(
        f"<Contents><Key>{escape(key)}</Key><Size>{0 if key.endswith('/') else size}</Size>"
        "<ETag>&quot;e&quot;</ETag><LastModified>2026-11-20T11:00:00.123Z</LastModified></Contents>"
        for key in keys
    )
    ends = f"<NextContinuationToken>{more}</NextContinuationToken>" if more else ""
    truncated = "true" if more else "false"
    return Reply(
        body=f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{ends}{contents}"
        "</ListBucketResult>".encode()
    )


def refusal(status: int, code: str, message: str = "", **more: str) -> Reply:
    """S3's error answer."""
    told = {"Code": code, "Message": message, **more}
    fields = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in told.items())
    return Reply(status, f"<Error>{fields}</Error>".encode())


def not_deleted(*refused: tuple[str, str]) -> Reply:
    """The answer of a DeleteObjects that names keys and the codes of their errors."""
    errors = "".join(
        f"<Error><Key>{escape(key)}</Key><Code>{code}</Code><Message>no</Message></Error>"
        for key, code in refused
    )
    return Reply(body=f"<DeleteResult>{errors}</DeleteResult>".encode())


class ScriptedS3:
    """Answers with the replies in order; once they are used up, with an empty 200."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._replies: deque[Reply] = deque()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, *replies: Reply) -> None:
        self._replies.extend(replies)

    def asked(self) -> list[tuple[str, str]]:
        """Method and path of each request."""
        return [(request.method, request.target) for request in self.received]

    def take(self, request: Received) -> Reply:
        self.received.append(request)
        return self._replies.popleft() if self._replies else DONE

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler_of(script: ScriptedS3) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body leave in two writes; the second would wait 40 ms for a client's answer.
        disable_nagle_algorithm = True

        def answer(self) -> None:
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            reply = script.take(Received(self.command, self.path, headers, body))
            self.close_connection = reply.whole is not None
            if reply != NO_ANSWER:
                self.send(reply)

        def send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: reply.whole])

        do_GET = do_PUT = do_POST = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
