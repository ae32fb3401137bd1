"""A model at the other end of a wire: it counts its calls, and a test can hold its answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final

HOLD_SECONDS: Final = 30
"""Longest that a call is held; a test that failed may never let it go."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldCall:
    """A call that is not answered until the test says so.

    Attributes:
        reached: set once the call has come in.
        released: set it to let the answer go.
    """

    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class ModelEndpoint:
    """Answers a conversation with one message, at `url` while it is entered.

    Attributes:
        calls: the conversation of each call, in the order in which they came in.
    """

    def __init__(self) -> None:
        self.calls: list[Sequence[Mapping[str, Any]]] = []
        self._holds: list[HeldCall] = []
        self._pending: list[HeldCall] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Call)
        self._server.endpoint = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.daemon = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def forget(self) -> None:
        """Count from nought, and let go of what is held."""
        self._let_go()
        self.calls = []

    def hold_next(self) -> HeldCall:
        """Hold the next call that comes in."""
        hold = HeldCall()
        self._holds.append(hold)
        self._pending.append(hold)
        return hold

    def answer(self, messages: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Count the call and give its answer once it may go."""
        with self._lock:
            self.calls.append(messages)
            hold = self._pending.pop(0) if self._pending else None
        if hold is not None:
            hold.reached.set()
            hold.released.wait(HOLD_SECONDS)
        return answer_to(messages[-1]["content"])

    def __enter__(self) -> ModelEndpoint:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._let_go()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _let_go(self) -> None:
        for hold in self._holds:
            hold.released.set()
        self._holds, self._pending = [], []


def answer_to(text: str) -> dict[str, str]:
    """What it answers to a message."""
    return {"role": "assistant", "content": f"an answer to {text}"}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    endpoint: ModelEndpoint

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a caller that was killed is not there for its answer."""


class _Call(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        messages = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        endpoint: ModelEndpoint = self.server.endpoint  # type: ignore[attr-defined]
        body = json.dumps(endpoint.answer(messages)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
