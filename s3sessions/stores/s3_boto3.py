"""The boto3 client of stores: one is enough, as its methods may be called from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from s3sessions.errors import InvalidSettings
from s3sessions.stores.idleness import Idleness
from s3sessions.stores.s3_client import (
    ClientOptions,
    prepare_session,
    settings_errors,
    user_agent_of,
)
from s3sessions.stores.s3_hooks import prepare_client
from s3sessions.stores.s3_models import shared_models, store_models
from s3sessions.stores.s3_timeouts import follow_deadlines

__all__ = ["SharedClient", "make_client"]

_OLDEST: Final = (1, 40, 61)
"""The first boto3 that sends every conditional request: the last of them was the copy."""


class SharedClient:
    """The one client of a store and of what was derived from it; made when first asked for."""

    def __init__(self, options: ClientOptions, given: Any) -> None:
        self._options = options
        self._given = given
        self._made: Any = None
        self._idleness = Idleness()
        self._lock = threading.Lock()
        if given is not None:
            prepare_client(given)

    def get(self) -> Any:
        if self._given is not None:
            return self._given
        with self._lock:
            rested = self._idleness.ends()
            if self._made is None:
                self._made = _make_client_of_a_store(self._options)
            elif rested:
                # Closes what rests in its pool; the client makes new connections.
                self._made.close()
            return self._made

    def close(self) -> None:
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.close()


def make_client(
    options: ClientOptions,
    *,
    boto_session: Any = None,
    boto_client_config: Any = None,
    user_agent: str | None = None,
) -> Any:
    """Make a client. Requests: none.

    Args:
        options: what it is made of.
        boto_session: a `boto3.Session` of the caller's, used as it is; None for one of ours.
        boto_client_config: a botocore `Config` of the caller's, which wins over the options.
        user_agent: stands in the user agent of each request, behind what the caller's names.

    Raises:
        InvalidSettings: the SDK finds a value unfit, or is too old.
    """
    _check_version()
    with settings_errors():
        session = boto_session or _session(options.profile, shared_models)
        config = _config(options, boto_client_config, user_agent)
        client = session.client("s3", **options.client_arguments(), config=config)
        elsewhere = options.relocated(client)
        if elsewhere is not None:
            client.close()
            config = _config(elsewhere, boto_client_config, user_agent)
            client = session.client("s3", **elsewhere.client_arguments(), config=config)
    prepare_client(client)
    follow_deadlines(client)
    return client


def _make_client_of_a_store(options: ClientOptions) -> Any:
    with settings_errors():
        session = _session(options.profile, store_models)
    return make_client(options, boto_session=session)


def _check_version() -> None:
    # pip sees to it; the managed runtimes of Lambda bring a boto3 of their own, which it never saw.
    import boto3

    version: str = boto3.__version__
    if tuple(int(part) for part in version.split(".")[:3] if part.isdecimal()) < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        raise InvalidSettings(
            f"boto3 {version} is too old: s3sessions needs {oldest} or newer; install it, or put it"
            " into the function's zip where the runtime brings the old one"
        )


def _session(profile: str | None, models: Callable[[str | None], Any]) -> Any:
    import boto3.session
    import botocore.session
    from botocore.config import Config

    core = botocore.session.Session(profile=profile)
    session = boto3.session.Session(botocore_session=core)
    # After the line above, which adds a search path to the session's loader each time.
    prepare_session(core, models)
    core.set_default_client_config(Config(user_agent=user_agent_of(core)))
    return session


def _config(options: ClientOptions, given: Any, user_agent: str | None) -> Any:
    from botocore.config import Config

    ours = options.config_arguments()
    agents = [getattr(given, "user_agent_extra", None), user_agent, ours["user_agent_extra"]]
    config = Config(**ours)
    if given is not None:
        config = config.merge(given)
    return config.merge(Config(user_agent_extra=" ".join(filter(None, agents))))
