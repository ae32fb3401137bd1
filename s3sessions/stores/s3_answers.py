"""What S3's answers mean: values for the caller of a store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from s3sessions.errors import S3SessionsError, StoreUnavailable
from s3sessions.ports import Blob, Entry, Page
from s3sessions.stores.s3_errors import map_refusal
from s3sessions.stores.s3_protocol import Call

__all__ = [
    "PAGE",
    "Answer",
    "read_blob",
    "read_copy_etag",
    "read_etag",
    "read_failures",
    "read_field",
    "read_page",
    "read_time",
]

Answer: TypeAlias = Mapping[str, Any]
"""What a method of the client returns; in place of a stream, `Body` holds the bytes read."""

PAGE: Final = "s3sessions-page"
"""Where the answer to a list holds the page, if it was read before the SDK could parse it."""


def read_blob(answer: Answer) -> Blob:
    """Read the answer to a get."""
    return Blob(read_field(answer, "Body"), read_etag(answer), read_time(answer))


def read_etag(answer: Answer) -> str:
    """Read the etag, without its quotes, of the answer to a put, or of an object listed."""
    etag: str = read_field(answer, "ETag")
    return etag.strip('"')


def read_copy_etag(answer: Answer) -> str:
    """Read the etag of the answer to a copy."""
    return read_etag(read_field(answer, "CopyObjectResult"))


def read_page(answer: Answer) -> Page:
    """Read the answer to a list."""
    if PAGE in answer:
        page: Page = answer[PAGE]
        return page
    # Asked for first, as it is never missing: a page of HTML must not pass for an empty list.
    more = read_field(answer, "IsTruncated")
    return Page(
        entries=[_entry(listed) for listed in answer.get("Contents", ())],
        prefixes=[common["Prefix"] for common in answer.get("CommonPrefixes", ())],
        token=read_field(answer, "NextContinuationToken") if more else None,
    )


def read_failures(answer: Answer, call: Call) -> Mapping[str, S3SessionsError]:
    """Give, for each key that a DeleteObjects could not delete, why."""
    return {
        refused.get("Key", ""): map_refusal(call, refused)
        for refused in answer.get("Errors", ())
        if refused.get("Code") != "NoSuchKey"
    }


def _entry(listed: Mapping[str, Any]) -> Entry:
    size: int = read_field(listed, "Size")
    return Entry(read_field(listed, "Key"), size, read_etag(listed), read_time(listed))


def read_time(answer: Mapping[str, Any], name: str = "LastModified") -> datetime:
    """Read a time, in UTC."""
    moment: datetime = read_field(answer, name)
    return moment.astimezone(UTC)


def read_field(answer: Mapping[str, Any], name: str) -> Any:
    """Read a field that no S3 server leaves out."""
    if name not in answer:
        raise StoreUnavailable(f"an answer lacks {name}: check that the endpoint is an S3 server")
    return answer[name]
