"""One event on its way through a function, and what came of it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

LARGEST: Final = 6 << 20
"""Bytes of an event and of an answer that Lambda passes on."""

TRACE_ID: Final = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the caller of a function is told.

    Attributes:
        payload: what the handler returned.
        error: `errorType` and `errorMessage`, as Lambda tells them; None where there was none.
        seconds: from the moment that the runtime was given the event to its answer.
    """

    request_id: str
    payload: Any
    error: Mapping[str, Any] | None
    seconds: float

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def error_type(self) -> str:
        """Name of the error; empty where there was none."""
        return "" if self.error is None else str(self.error.get("errorType"))


class Invocation:
    """An event that is waiting for a runtime, is being handled, or has its outcome.

    Args:
        timeout: seconds that a handler has for it.
    """

    def __init__(
        self, event: Any, request_id: str | None, tenant_id: str | None, timeout: float
    ) -> None:
        self.request_id = request_id or str(uuid.uuid4())
        self.body = json.dumps(event).encode()
        if len(self.body) > LARGEST:
            raise ValueError(f"an event of {len(self.body)} bytes: Lambda takes {LARGEST}")
        self.timeout = timeout
        self._tenant_id = tenant_id
        self._handed_over_at = 0.0
        self._outcome: Future[Outcome] = Future()

    def hand_over(self, arn: str) -> dict[str, str]:
        """Start its clock; gives the headers that a runtime gets with it."""
        self._handed_over_at = time.monotonic()
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + self.timeout) * 1000)),
            "Lambda-Runtime-Invocation-Id": str(uuid.uuid4()),
            "Lambda-Runtime-Invoked-Function-Arn": arn,
            "Lambda-Runtime-Trace-Id": TRACE_ID,
        }
        if self._tenant_id is not None:
            headers["Lambda-Runtime-Aws-Tenant-Id"] = self._tenant_id
        return headers

    def succeed(self, payload: Any) -> None:
        """Note what the handler returned; only the first outcome counts."""
        self._settle(payload, None)

    def fail(self, error_type: str, message: str) -> None:
        """Note an error of Lambda's own."""
        self.fail_with({"errorType": error_type, "errorMessage": message})

    def fail_with(self, error: Mapping[str, Any]) -> None:
        """Note the error that the runtime has told."""
        self._settle(None, error)

    @property
    def is_over(self) -> bool:
        return self._outcome.done()

    def wait(self, seconds: float) -> Outcome | None:
        """Wait for the outcome; None where there is none after so long."""
        try:
            return self._outcome.result(max(0.0, seconds))
        except TimeoutError:
            return None

    def _settle(self, payload: Any, error: Mapping[str, Any] | None) -> None:
        seconds = time.monotonic() - self._handed_over_at
        with suppress(InvalidStateError):
            self._outcome.set_result(Outcome(self.request_id, payload, error, seconds))
