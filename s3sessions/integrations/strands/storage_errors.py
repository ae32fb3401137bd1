"""The errors of a storage: each is one of this package's, and a `StorageError` of Strands too.

Strands asks for `StorageError`, and passes over what cannot be read where it meets with one; those
who want to know more catch the class that they know, such as `s3sessions.Conflict`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from s3sessions import errors
from s3sessions.integrations.strands.storage_protocol import StorageError

__all__ = ["storage_errors"]


class S3SessionsError(errors.S3SessionsError, StorageError):
    """Of a kind that has no class below."""


class AccessDenied(errors.AccessDenied, StorageError):
    """See `s3sessions.AccessDenied`."""


class Conflict(errors.Conflict, StorageError):
    """See `s3sessions.Conflict`."""


class InvalidId(errors.InvalidId, StorageError):
    """See `s3sessions.InvalidId`."""


class InvalidMessage(errors.InvalidMessage, StorageError):
    """See `s3sessions.InvalidMessage`."""


class InvalidSettings(errors.InvalidSettings, StorageError):
    """See `s3sessions.InvalidSettings`."""


class StoreUnavailable(errors.StoreUnavailable, StorageError):
    """See `s3sessions.StoreUnavailable`."""


class WriteRace(errors.WriteRace, Conflict):
    """See `s3sessions.WriteRace`."""


# The first that fits, so a class stands before those that it is derived from.
_TWINS: tuple[type[errors.S3SessionsError], ...] = (
    AccessDenied,
    InvalidId,
    InvalidMessage,
    InvalidSettings,
    StoreUnavailable,
    WriteRace,
    Conflict,
    S3SessionsError,
)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Raise each error of this package as its twin, with the same text, attributes and cause."""
    try:
        yield
    except errors.S3SessionsError as error:
        if isinstance(error, StorageError):
            raise
        raise _twin_of(error).with_traceback(error.__traceback__) from error.__cause__


def _twin_of(error: errors.S3SessionsError) -> errors.S3SessionsError:
    kind = next(twin for twin in _TWINS if isinstance(error, twin.__bases__[0]))
    twin = kind(error.message)
    twin.__dict__.update(error.__dict__)
    return twin
