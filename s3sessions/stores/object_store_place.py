"""What a store over obstore has to know of the place that it speaks to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from s3sessions.errors import S3SessionsError
from s3sessions.ports import Condition, Observer, SyncStore
from s3sessions.stores.object_store_client import SharedClient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from s3sessions.stores.object_store_errors import Refusal

__all__ = ["Place"]


class Place(Protocol):
    """A bucket, or what another maker calls one.

    Attributes:
        name: of the bucket.
        client: one of obstore's stores, made when first asked for.
        url: what the URL of every request begins with; None where it is not known.
        lists_in_parts: whether lists are in byte order and begin behind a key at no cost.
        lists_names: whether obstore lists what begins with a part of a name. It lists the whole
            folder then, which S3 refuses to those who may list no more than they ask for.
    """

    name: str
    client: SharedClient
    url: str | None
    lists_in_parts: bool
    lists_names: bool

    def put_arguments(self, data: bytes, only_if: Condition) -> Mapping[str, Any] | None:
        """Give the arguments of a put; None where it is one for the store beside."""

    def beside(self, observers: Sequence[Observer]) -> SyncStore:
        """Give the store for what obstore cannot do, told on by these observers."""

    def explained(
        self, verb: str, key: str, only_if: Condition, refusal: Refusal
    ) -> S3SessionsError:
        """Give our error for a request that failed."""

    def close(self) -> None:
        """Let go of the client, and of what the store beside has made."""
