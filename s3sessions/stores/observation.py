"""How a store without HTTP tells its observers of a request: with the status S3 would give."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from s3sessions.errors import (
    AccessDenied,
    InvalidId,
    InvalidSettings,
    NotFound,
    PreconditionFailed,
    S3SessionsError,
    StoreUnavailable,
)
from s3sessions.ports import Observer, Request

__all__ = ["DISK_FULL", "Exchange", "reported"]

DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Error numbers of a disk, a quota or a limit that has no room for more bytes."""

_STATUS: Final = {
    NotFound: 404,
    PreconditionFailed: 412,
    AccessDenied: 403,
    StoreUnavailable: 503,
    InvalidId: 400,
    InvalidSettings: 400,
}


class Exchange:
    """The bytes of the objects that a request carries."""

    __slots__ = ("received", "sent")

    def __init__(self, sent: int) -> None:
        self.sent = sent
        self.received = 0


@contextmanager
def reported(
    observers: Sequence[Observer], verb: str, key: str, *, sent: int = 0
) -> Iterator[Exchange]:
    """Tell the observers of what runs inside once it has ended, by success or by an error."""
    exchange = Exchange(sent)
    status = 0
    begin = time.perf_counter()
    try:
        yield exchange
        status = 204 if verb == "delete" else 200
    except S3SessionsError as error:
        status = _status_of(error)
        raise
    finally:
        milliseconds = (time.perf_counter() - begin) * 1000
        request = Request(verb, key, status, exchange.sent, exchange.received, milliseconds)
        for observer in observers:
            observer(request)


def _status_of(error: S3SessionsError) -> int:
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.errno in DISK_FULL:
        return 507
    return _STATUS.get(type(error), 0)
