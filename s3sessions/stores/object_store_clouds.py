"""A bucket of Google's storage, or a container of Azure's, as obstore is to ask it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from s3sessions.errors import AccessDenied, InvalidSettings, S3SessionsError
from s3sessions.ports import ABSENT, Condition, Observer, SyncStore
from s3sessions.stores.object_store_client import SharedClient, make_client, shared_arguments

if TYPE_CHECKING:
    from s3sessions.stores.object_store_errors import Refusal

__all__ = ["CloudBucket"]


class CloudBucket:
    """A bucket or a container as a `Place`. Making one makes no request.

    The account and the credentials are those that obstore finds in the environment. A put with a
    condition is one request on Azure; on Google's storage, whose conditions know no etags, a
    replacement is 1 HEAD and 1 PUT, atomic all the same. A delete with a condition is 1 GET and 1
    DELETE, and not atomic: what another writer puts in between is deleted. Nothing that sessions
    promise of appends rests on it; a turn's lease, a deletion and a compaction that race with a
    writer do, and `sessions.check()` tells.

    Args:
        scheme: `gs` or `az`.
        name: of the bucket or the container.
        connect_timeout: seconds.
        read_timeout: seconds; also the most that one upload may take.

    Raises:
        InvalidSettings: no name.
    """

    url: str | None = None
    lists_names = True

    def __init__(
        self,
        scheme: Literal["gs", "az"],
        name: str,
        *,
        connect_timeout: float = 10,
        read_timeout: float = 60,
    ) -> None:
        if not name:
            raise InvalidSettings(f"the bucket's name is empty: give {scheme}://bucket/prefix")
        self.lists_in_parts = scheme == "gs"
        self._scheme = scheme
        self.name = name
        self.client = SharedClient(self._make_client)
        self._timeouts = {"connect_timeout": connect_timeout, "read_timeout": read_timeout}

    def _make_client(self) -> Any:
        arguments = shared_arguments(
            **self._timeouts, content_type="application/json", allow_http=False
        )
        kind = "GCSStore" if self._scheme == "gs" else "AzureStore"
        return make_client(kind, self.name, arguments)

    def put_arguments(self, data: bytes, only_if: Condition) -> Mapping[str, Any] | None:
        if only_if is ABSENT:
            return {"use_multipart": False, "mode": "create"}
        if only_if is None:
            return {"use_multipart": False, "mode": "overwrite"}
        if self._scheme == "gs":
            return None
        return {"use_multipart": False, "mode": {"e_tag": f'"{only_if}"'}}

    def beside(self, observers: Sequence[Observer]) -> SyncStore:
        from s3sessions.stores.object_store_emulation import EmulatingStore

        return EmulatingStore(self, observers)

    def explained(
        self, verb: str, key: str, only_if: Condition, refusal: Refusal
    ) -> S3SessionsError:
        from s3sessions.stores.s3_protocol import Call

        error = refusal.told(Call(verb, self.name, key, {}, only_if))
        if isinstance(error, AccessDenied):
            text = f"{self._scheme}://{self.name} refuses this caller: allow it to read and write"
            return AccessDenied(text, key=error.key, cause=error.cause)
        return error

    def close(self) -> None:
        self.client.close()
