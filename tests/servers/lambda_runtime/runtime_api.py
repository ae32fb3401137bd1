"""The Runtime API, from which a runtime takes its events and to which it gives its answers."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from http.server import ThreadingHTTPServer
from typing import Any

from tests.servers.lambda_runtime.api_request import ApiRequest
from tests.servers.lambda_runtime.invocation import LARGEST, Invocation


class RuntimeApi:
    """The Runtime API of one environment, on a port of its own until it is closed.

    Attributes:
        init_error: what the runtime said where it could not load the handler.
    """

    def __init__(self, arn: str) -> None:
        self.init_error: Mapping[str, Any] | None = None
        self._arn = arn
        self._changed = threading.Condition()
        self._events: deque[Invocation] = deque()
        self._invocations: dict[str, Invocation] = {}
        self._polling = 0
        self._is_at_checkpoint = self._may_restore = self._is_closed = False
        self._server = _Server(("127.0.0.1", 0), ApiRequest)
        self._server.api = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.daemon = True
        self._thread.start()

    @property
    def address(self) -> str:
        """Host and port, as AWS_LAMBDA_RUNTIME_API has them."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def offer(self, invocation: Invocation) -> None:
        """Give an event to the next runtime that asks."""
        with self._changed:
            self._events.append(invocation)
            self._invocations[invocation.request_id] = invocation
            self._changed.notify_all()

    def next_event(self) -> tuple[Invocation, Mapping[str, str]] | None:
        """Wait for an event; None once the API is closed."""
        with self._changed:
            self._polling += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._events or self._is_closed)
            self._polling -= 1
            if self._is_closed:
                return None
            invocation = self._events.popleft()
            return invocation, invocation.hand_over(self._arn)

    def take_answer(self, request_id: str, kind: str, body: bytes) -> int:
        """Note an answer (`response`) or an `error`; gives the status for the runtime."""
        invocation = self._invocations.pop(request_id, None)
        if invocation is None or invocation.is_over:
            return 400
        if len(body) > LARGEST:
            said = f"Response payload size exceeded maximum allowed payload size ({LARGEST} bytes)"
            invocation.fail("Function.ResponseSizeTooLarge", said)
            return 413
        told = json.loads(body) if body else None
        if kind == "error":
            invocation.fail_with(told or {})
        else:
            invocation.succeed(told)
        return 202

    def note_init_error(self, body: bytes) -> None:
        """Take down why the handler could not be loaded."""
        with self._changed:
            self.init_error = json.loads(body)
            self._changed.notify_all()

    def await_restore(self) -> None:
        """Hold a runtime that has run its hooks before the snapshot until `restore`."""
        with self._changed:
            self._is_at_checkpoint = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._may_restore or self._is_closed)

    def restore(self) -> None:
        """Let the runtime go on as one that was restored from its snapshot."""
        with self._changed:
            self._may_restore = True
            self._changed.notify_all()

    def wait_for_checkpoint(self, seconds: float) -> bool:
        """Wait until the runtime is ready for its snapshot; False where it is not."""
        return self._wait_for(lambda: self._is_at_checkpoint, seconds)

    def wait_for_pollers(self, count: int, seconds: float) -> bool:
        """Wait until so many runtimes ask for an event; False where they do not."""
        return self._wait_for(lambda: self._polling >= count, seconds)

    def _wait_for(self, holds: Callable[[], bool], seconds: float) -> bool:
        with self._changed:
            self._changed.wait_for(
                lambda: holds() or self._is_closed or self.init_error is not None, max(0.0, seconds)
            )
            return holds()

    def end(self, error_type: str, message: str) -> None:
        """Note that the runtime is gone: whatever it had not answered has failed."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for invocation in list(self._invocations.values()):
            invocation.fail(error_type, message)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    api: RuntimeApi

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a runtime that was killed hangs up in the middle of a request."""
