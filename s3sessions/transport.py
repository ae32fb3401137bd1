"""Which store speaks to the place that a URL names, and why that one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from s3sessions.errors import InvalidSettings, MissingExtra
from s3sessions.opening import Configuration
from s3sessions.record import Record, replace
from s3sessions.settings import Settings

if TYPE_CHECKING:
    from s3sessions.stores.object_store_place import Place

__all__ = ["Transport", "choose", "place_of"]

_OBJECT_STORE_WIDTH: Final = 128
_INSTALL: Final = "pip install 's3sessions[fast]'"


class Transport(Record):
    """What requests go out through, and why.

    Attributes:
        name: `object_store` (obstore), `boto3`, `aioboto3`, `local`, `memory`, or `store` for one
            that was given.
        reason: why this one; empty where there is no other.
    """

    name: str
    reason: str = ""

    def __str__(self) -> str:
        reason = self.reason or self._version
        return f"{self.name}: {reason}" if reason else self.name

    @property
    def _version(self) -> str:
        if self.name != "object_store":
            return ""
        from importlib.metadata import version

        return f"obstore {version('obstore')}"


def choose(
    configuration: Configuration, *, sdk: str, client: object = None, store: object = None
) -> tuple[Configuration, Transport]:
    """Choose the transport; give it with the configuration as it suits it. Requests: none.

    Args:
        configuration: what was given.
        sdk: the SDK of this colour, `boto3` or `aioboto3`.
        client: one of that SDK, which was given.
        store: one of the caller's, which was given.

    Raises:
        InvalidSettings: `transport` names one that cannot follow the other settings.
        MissingExtra: it names one that is not installed, or the URL needs one.
    """
    transport = _choose(configuration, sdk, client, store)
    if transport.name == "object_store" and configuration.settings.width is None:
        settings = replace(configuration.settings, width=_OBJECT_STORE_WIDTH)
        configuration = replace(configuration, settings=settings)
    return configuration, transport


def place_of(configuration: Configuration) -> Place:
    """Give the place of a configuration for which `choose` gave `object_store`."""
    settings, location = configuration.settings, configuration.location
    timeouts = {
        "connect_timeout": settings.connect_timeout,
        "read_timeout": settings.read_timeout,
    }
    assert location is not None  # noqa: S101
    if location.scheme == "gs" or location.scheme == "az":
        from s3sessions.stores.object_store_clouds import CloudBucket

        return CloudBucket(location.scheme, location.place, **timeouts)
    from s3sessions.stores.object_store_s3 import S3Bucket

    return S3Bucket(
        location.place,
        endpoint_url=settings.endpoint_url,
        region=settings.region,
        profile=settings.profile,
        put_args=settings.put_args,
        **timeouts,
    )


def _choose(configuration: Configuration, sdk: str, client: object, store: object) -> Transport:
    location = configuration.location
    if store is not None:
        return Transport("store", type(store).__name__)
    if location is None or location.scheme == "memory":
        return Transport("memory")
    if location.scheme == "file":
        return Transport("local")
    if location.scheme != "s3":
        return _only(location.scheme, configuration.settings)
    asked = configuration.settings.transport
    if asked == "boto3":
        return Transport(sdk, "asked for")
    obstacle = "a client is given" if client is not None else _obstacle(configuration)
    if asked == "object_store":
        return _asked(obstacle)
    if obstacle is None and not _is_installed():
        obstacle = f"obstore is not installed: {_INSTALL}"
    return Transport("object_store") if obstacle is None else Transport(sdk, obstacle)


def _only(scheme: str, settings: Settings) -> Transport:
    """Choose for a place that only obstore can ask."""
    if settings.transport == "boto3":
        raise InvalidSettings(f"transport='boto3' cannot ask {scheme}://: leave it out")
    for name in ("endpoint_url", "region", "profile", "put_args"):
        if getattr(settings, name):
            raise InvalidSettings(f"{name} is given, which {scheme}:// does not take: leave it out")
    if not _is_installed():
        raise MissingExtra(f"{scheme}:// needs obstore: {_INSTALL}", extra="fast")
    return Transport("object_store")


def _asked(obstacle: str | None) -> Transport:
    if obstacle is not None:
        raise InvalidSettings(f"transport='object_store' cannot be had, as {obstacle}")
    if not _is_installed():
        raise MissingExtra(f"transport='object_store' needs obstore: {_INSTALL}", extra="fast")
    return Transport("object_store")


def _is_installed() -> bool:
    from s3sessions.stores.object_store_support import is_installed

    return is_installed()


def _obstacle(configuration: Configuration) -> str | None:
    from s3sessions.stores.object_store_support import obstacle_to

    settings, location = configuration.settings, configuration.location
    assert location is not None  # noqa: S101
    return obstacle_to(
        location.place,
        endpoint_url=settings.endpoint_url,
        region=settings.region,
        profile=settings.profile,
        put_args=settings.put_args,
    )
