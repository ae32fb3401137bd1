"""`Sessions` that all managers of a process share: one client for each way to reach S3."""

from __future__ import annotations

import functools
import threading
from collections.abc import Hashable
from dataclasses import asdict, dataclass, field
from typing import Any

from s3sessions.location import Location
from s3sessions.settings import DEFAULT_WIDTH, Settings
from s3sessions.sync import Sessions

_lock = threading.Lock()


@dataclass(frozen=True)
class Place:
    """Where a manager keeps its session, and the way there; equal ones share what they use.

    A configuration counts by what it says, a session by which one it is.
    """

    settings: Settings = field(compare=False)
    boto_session: Any = None
    boto_client_config: Any = field(default=None, compare=False)
    key: Hashable = field(init=False)

    @classmethod
    def of(
        cls,
        bucket: str,
        prefix: str,
        *,
        region: str | None,
        endpoint_url: str | None,
        boto_session: Any,
        boto_client_config: Any,
        options: dict[str, Any],
    ) -> Place:
        """Put together what was given. Raises InvalidSettings for what cannot work; no client."""
        path = prefix.strip("/")
        given = {"region": region, "endpoint_url": endpoint_url, **options}
        settings = Settings.load(
            url=f"s3://{bucket}/{path}" if path else f"s3://{bucket}",
            **{name: value for name, value in given.items() if value is not None},
        )
        Location.parse(settings.url)
        return cls(settings, boto_session, boto_client_config)

    def __post_init__(self) -> None:
        config = self.boto_client_config
        said = "" if config is None else repr(sorted(vars(config).items()))
        object.__setattr__(self, "key", (_freeze(asdict(self.settings)), said))

    def sessions(self) -> Sessions:
        """Give the sessions there. Makes a client where nobody asked before; no request."""
        with _lock:
            return _sessions(self)

    def client(self) -> Any:
        """Give the boto3 client of these sessions."""
        with _lock:
            return _client(self._way)

    @property
    def _way(self) -> Place:
        """What a client is made of: all but the bucket, the prefix and what each PUT says."""
        bare = {**asdict(self.settings), "url": "s3://any", "put_args": {}}
        return Place(Settings(**bare), self.boto_session, self.boto_client_config)


@functools.lru_cache(maxsize=128)
def _sessions(place: Place) -> Sessions:
    if place.boto_session is None and place.boto_client_config is None:
        sessions = Sessions(settings=place.settings)
        if sessions.transport.startswith("object_store"):
            return sessions
    return Sessions(settings=place.settings, client=_client(place._way))


@functools.lru_cache(maxsize=32)
def _client(way: Place) -> Any:
    # Here, as obstore needs none of it.
    from s3sessions.stores.s3_boto3 import make_client
    from s3sessions.stores.s3_client import ClientOptions

    settings = way.settings
    options = ClientOptions(
        settings.endpoint_url,
        settings.region,
        settings.profile,
        settings.width or DEFAULT_WIDTH,
        settings.connect_timeout,
        settings.read_timeout,
    )
    return make_client(
        options,
        boto_session=way.boto_session,
        boto_client_config=way.boto_client_config,
        user_agent="strands-agents",
    )


def _freeze(value: Any) -> Hashable:
    """Make a value fit for a key; dicts and lists are told apart."""
    if isinstance(value, dict):
        return ("dict", *sorted((name, _freeze(item)) for name, item in value.items()))
    if isinstance(value, list):
        return ("list", *map(_freeze, value))
    return repr(value)
