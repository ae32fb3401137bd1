"""What S3's answers mean: values for the caller of a store, a `Request` for its observers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from s3sessions.errors import S3SessionsError, StoreUnavailable
from s3sessions.ports import Blob, Entry, Observer, Page, Request
from s3sessions.stores.s3_errors import answer_of, map_refusal
from s3sessions.stores.s3_protocol import Call

__all__ = [
    "Answer",
    "BrokenBody",
    "Exchange",
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

_BODY_TRIES: Final = 3


class BrokenBody(Exception):
    """The body of an answer ended too early or came altered; its cause says how."""

    def __init__(self, answer: Answer, cause: Exception) -> None:
        super().__init__(answer, cause)
        self.answer = answer
        self.cause = cause

    def unavailable(self, call: Call) -> StoreUnavailable:
        return StoreUnavailable(
            f"the object did not arrive whole in {_BODY_TRIES} tries: try again later",
            key=call.key,
            cause=type(self.cause).__name__,
        )


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


class Exchange:
    """One call on its way: how often it goes out, how long it takes, who is told."""

    def __init__(self, call: Call, observers: Sequence[Observer]) -> None:
        self._call = call
        self._observers = observers
        self._began = time.perf_counter()
        self._attempts = 0
        self._tries = 0

    def answered(self, answer: Answer) -> None:
        self._count(answer)
        self._tell(answer)

    def broke(self, broken: BrokenBody) -> bool:
        """Note that a body did not arrive whole; tell whether to ask again."""
        self._count(broken.answer)
        self._tries += 1
        if self._tries < _BODY_TRIES:
            return True
        self._tell({})
        return False

    def failed(self, error: Exception, mapped: S3SessionsError | None) -> None:
        answer = answer_of(error)
        # Any other error comes before a request: no credentials, an argument that cannot be.
        if answer or isinstance(mapped, StoreUnavailable):
            self._count(answer)
            self._tell(answer)

    def _count(self, answer: Answer) -> None:
        self._attempts += 1 + answer.get("ResponseMetadata", {}).get("RetryAttempts", 0)

    def _tell(self, answer: Answer) -> None:
        metadata = answer.get("ResponseMetadata", {})
        length = metadata.get("HTTPHeaders", {}).get("content-length", 0)
        body = answer.get("Body")
        request = Request(
            verb=self._call.verb,
            key=self._call.arguments.get("Key", self._call.key),
            status=metadata.get("HTTPStatusCode", 0),
            sent=self._call.sent,
            received=int(length) if body is None else len(body),
            milliseconds=(time.perf_counter() - self._began) * 1000,
            attempts=self._attempts,
        )
        for observer in self._observers:
            observer(request)
