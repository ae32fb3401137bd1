"""What obstore's answers mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from s3sessions.ports import Blob

__all__ = ["is_unreadable", "missing_body", "read_blob", "read_etag"]

# What obstore says of an answer without a time.
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_blob(meta: Mapping[str, Any], data: bytes) -> Blob:
    """Read the answer to a get."""
    if meta["last_modified"] == _NO_TIME:
        raise _lacking("LastModified")
    return Blob(data, read_etag(meta), meta["last_modified"])


def read_etag(answer: Mapping[str, Any]) -> str:
    """Read an etag, without its quotes."""
    etag: str | None = answer["e_tag"]
    if etag is None:
        raise _lacking("ETag")
    return etag.strip('"')


def is_unreadable(error: Exception) -> bool:
    """Tell whether a list shows a key that obstore cannot spell."""
    return type(error).__name__ == "InvalidPathError"


def missing_body(error: BaseException) -> str | None:
    """Give the answer's body where an error says that there is no such object; else None."""
    if not isinstance(error, FileNotFoundError):
        return None
    body = str(error).rpartition("\n\nDebug source:\n")[0].partition(" 404 Not Found: ")[2]
    return body if "<Code>NoSuchKey</Code>" in body else None


def _lacking(name: str) -> Exception:
    from s3sessions.stores.object_store_errors import NoS3

    return NoS3(f"an answer lacks {name}")
