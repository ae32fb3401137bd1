"""Where sessions are kept: in what was given, or in a fallback."""

from __future__ import annotations

import logging
import threading

from s3sessions.errors import S3SessionsError
from s3sessions.log import emit
from s3sessions.sync import Sessions


class Place:
    """Two places of which one is used: that is decided once, when it is first asked."""

    def __init__(self, first: Sessions, fallback: Sessions | None) -> None:
        self._first = first
        self._fallback = fallback or first
        self._chosen = first if fallback is None else None
        self._lock = threading.Lock()

    def sessions(self) -> Sessions:
        """Give the one that is used. Requests: none; the first time 1 LIST, with a fallback."""
        with self._lock:
            if self._chosen is None:
                self._chosen = self._choose()
            return self._chosen

    def _choose(self) -> Sessions:
        try:
            next(self._first.list(), None)
        except S3SessionsError as error:
            emit(logging.WARNING, "session_store_fell_back", error=error.kind, key=error.key)
            return self._fallback
        return self._first

    def close(self) -> None:
        """Close both."""
        self._first.close()
        self._fallback.close()
