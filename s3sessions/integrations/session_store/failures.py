"""What becomes of an error of a write: counted, told, and logged or raised."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Literal, TypeAlias

from s3sessions.errors import InvalidSettings, S3SessionsError
from s3sessions.log import emit

TellError: TypeAlias = Callable[[str, S3SessionsError], None]
"""Told of a write that failed: the session's key, and why."""


class Failures:
    """Counts errors, tells of them, and raises them only if that is asked for.

    Attributes:
        count: writes that failed so far.
    """

    def __init__(self, on_error: Literal["log", "raise"], tell: TellError | None) -> None:
        if on_error not in ("log", "raise"):
            raise InvalidSettings(f"on_error={on_error!r}: must be 'log' or 'raise'")
        self._is_raised = on_error == "raise"
        self._tell = tell
        self._lock = threading.Lock()
        self.count = 0

    def meet(self, session_key: str, error: S3SessionsError) -> None:
        """Count the error, tell of it, then log or raise it."""
        with self._lock:
            self.count += 1
        if self._tell is not None:
            self._tell(session_key, error)
        if self._is_raised:
            raise error
        fields = {"session": session_key, "error": error.kind, "key": error.key}
        emit(logging.ERROR, "session_store_not_saved", **fields, count=self.count)
