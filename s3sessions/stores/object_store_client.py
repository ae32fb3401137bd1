"""The obstore client of stores, and what is the same for all kinds; making one makes no request."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Final

from s3sessions import __version__
from s3sessions.errors import InvalidSettings, MissingExtra
from s3sessions.stores.idleness import LONGEST_REST

__all__ = ["SharedClient", "import_obstore", "shared_arguments"]

# Of a whole exchange: obstore's own 30 s would end a long body while it arrives.
_NO_LIMIT: Final = "24h"

_first_process: int | None = None


class SharedClient:
    """The one client of a store and of what was derived from it; made when first asked for."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None
        self._lock = threading.Lock()

    def get(self) -> Any:
        """Give the client; None in a process that was forked off one that has used obstore.

        There its threads are missing, and a request would wait for them forever.

        Raises:
            MissingExtra: obstore is not installed, or too old.
            AccessDenied, InvalidSettings: no client can be made of the settings.
        """
        if not _is_first_process():
            return None
        if self._made is None:
            with self._lock:
                if self._made is None:
                    self._made = self._make()
        return self._made

    def close(self) -> None:
        """Let go of the client, which closes its connections once no request is under way."""
        with self._lock:
            self._made = None


def import_obstore() -> Any:
    """Give obstore's module. Raises MissingExtra where it is not installed."""
    try:
        import obstore
    except ImportError as error:
        raise MissingExtra(
            "transport='object_store' needs obstore: pip install 's3sessions[fast]'",
            cause=error,
            extra="fast",
        ) from error
    return obstore


def shared_arguments(
    *, connect_timeout: float, read_timeout: float, content_type: str, allow_http: bool
) -> dict[str, Any]:
    """Give the keyword arguments that all of obstore's stores take."""
    return {
        "client_options": {
            "connect_timeout": _duration(connect_timeout),
            "read_timeout": _duration(read_timeout),
            "timeout": _NO_LIMIT,
            "pool_idle_timeout": _duration(LONGEST_REST),
            "default_content_type": content_type,
            "allow_http": allow_http,
            "user_agent": f"obstore/{import_obstore().__version__} s3sessions/{__version__}",
        },
        # Its own retries know nothing of a caller's deadline.
        "retry_config": {"max_retries": 0},
    }


def make_client(kind: str, place: str, arguments: dict[str, Any]) -> Any:
    """Make one of obstore's stores.

    Raises:
        MissingExtra: obstore is not installed, or too old for what is asked of it.
        InvalidSettings: it finds a value unfit.
    """
    import_obstore()
    import obstore.store

    try:
        return getattr(obstore.store, kind)(place, **arguments)
    except obstore.exceptions.UnknownConfigurationKeyError as error:
        raise MissingExtra(
            "obstore is too old: pip install --upgrade 's3sessions[fast]'",
            cause=type(error).__name__,
            extra="fast",
        ) from error
    except (ValueError, TypeError, obstore.exceptions.BaseError) as error:
        raise InvalidSettings(
            "no client can be made of the settings: correct them", cause=type(error).__name__
        ) from error


def _duration(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


def _is_first_process() -> bool:
    global _first_process
    if _first_process is None:
        _first_process = os.getpid()
    return _first_process == os.getpid()
