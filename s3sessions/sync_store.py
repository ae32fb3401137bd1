"""The blocking store that a configuration names."""

from __future__ import annotations

from typing import Any

from s3sessions.opening import Configuration
from s3sessions.ports import SyncStore
from s3sessions.transport import Transport, place_of

__all__ = ["open_store"]


def open_store(configuration: Configuration, transport: Transport, client: Any) -> SyncStore:
    """Make the store that the URL names. Imported here, so that each use pays for its own."""
    location = configuration.location
    if location is None or location.scheme == "memory":
        from s3sessions.stores.memory import MemoryStore

        return MemoryStore()
    if location.scheme == "file":
        from s3sessions.stores.local import LocalStore

        return LocalStore(location.place, width=configuration.width)
    if transport.name == "object_store":
        from s3sessions.stores.object_store import ObjectStore

        return ObjectStore(place_of(configuration), width=configuration.width)
    from s3sessions.stores.s3 import S3Store

    return S3Store(location.place, client=client, **configuration.s3_options)
