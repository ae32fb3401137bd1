"""The boto3 client of a store: one, as its methods may be called from any thread."""

from __future__ import annotations

import threading
from typing import Any

from s3sessions.stores.s3_client import (
    ClientOptions,
    prepare_client,
    prepare_session,
    settings_errors,
)

__all__ = ["SharedClient"]


class SharedClient:
    """The one client of a store and of what was derived from it; made when first asked for."""

    def __init__(self, options: ClientOptions, given: Any) -> None:
        self._options = options
        self._given = given
        self._made: Any = None
        self._lock = threading.Lock()
        if given is not None:
            prepare_client(given)

    def get(self) -> Any:
        if self._given is not None:
            return self._given
        with self._lock:
            if self._made is None:
                with settings_errors():
                    self._made = _make(self._options)
            return self._made

    def close(self) -> None:
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.close()


def _make(options: ClientOptions) -> Any:
    import boto3.session
    import botocore.session
    from botocore.config import Config

    core = botocore.session.Session(profile=options.profile)
    config = Config(**options.config_arguments())
    session = boto3.session.Session(botocore_session=core)
    # After the line above, which adds a search path to the session's loader each time.
    prepare_session(core)
    client = session.client("s3", **options.client_arguments(), config=config)
    elsewhere = options.relocated(client)
    if elsewhere is not None:
        client.close()
        return _make(elsewhere)
    prepare_client(client)
    return client
